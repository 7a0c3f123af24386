/** Interleaved timing of several ways to do one thing, and the rows made from it. */
export interface Row {
  name: string;
  value: number;
  unit: string;
  peer: string | null;
  peerValue: number | null;
  /** `peerValue / value` where the budget says ">= k" (times less), else `value / peerValue`; null without a peer. */
  ratio: number | null;
  budget: string | null;
  ok: boolean;
}

export interface SuiteOptions {
  quick: boolean;
}

export type Suite = (options: SuiteOptions) => Promise<Row[]>;

/** Does its work `n` times. Each has a loop of its own, so that no call site is shared. */
export type Contender = (n: number) => Promise<unknown> | unknown;

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Of what {@link measure} gives. */
export const ms = (ns: number): number => ns / 1e6;

/** 0, 1, 2 and so on. */
export const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

export async function milliseconds(run: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await run();
  return performance.now() - start;
}

/** For what takes long: each round is one repetition. */
export const large = (rounds: number) => ({ rounds, targetMs: 1, warmUpMs: 1 });

async function time(run: Contender, n: number): Promise<number> {
  const start = performance.now();
  await run(n);
  return performance.now() - start;
}

/** Repetitions that take about `targetMs`, found while warming up. */
async function calibrate(run: Contender, targetMs: number, warmUpMs: number): Promise<number> {
  let n = 1;
  let spent = 0;
  for (;;) {
    const elapsed = await time(run, n);
    spent += elapsed;
    if (elapsed < targetMs / 2) n *= 2;
    else if (spent >= warmUpMs) return Math.max(1, Math.round((n * targetMs) / elapsed));
  }
}

/** Median nanoseconds of one repetition per contender; every round runs all of them, each time starting with another. */
export async function measure<K extends string>(
  contenders: Record<K, Contender>,
  { rounds, targetMs = 15, warmUpMs = 120 }: { rounds: number; targetMs?: number; warmUpMs?: number },
): Promise<Record<K, number>> {
  const names = Object.keys(contenders) as K[];
  const counts = new Map<K, number>();
  const samples = new Map<K, number[]>(names.map((name) => [name, []]));
  for (const name of names) counts.set(name, await calibrate(contenders[name], targetMs, warmUpMs));
  for (let round = 0; round < rounds; round++) {
    for (let k = 0; k < names.length; k++) {
      const name = names[(round + k) % names.length]!;
      const n = counts.get(name)!;
      globalThis.gc?.({ type: "minor", execution: "sync" });
      samples.get(name)!.push(((await time(contenders[name], n)) * 1e6) / n);
    }
  }
  return Object.fromEntries(names.map((name) => [name, median(samples.get(name)!)])) as Record<K, number>;
}

/** What a row may cost: at most `max` times the peer, at least `timesLess` times less than it, or an absolute limit. */
export type Budget = { max: number } | { timesLess: number } | { limit: number } | null;

export function row(
  name: string,
  [value, unit]: [number, string],
  peer: [string, number] | null,
  budget: Budget = null,
): Row {
  const base = { name, value, unit, peer: peer?.[0] ?? null, peerValue: peer?.[1] ?? null };
  const ratio = peer ? value / peer[1] : null;
  if (budget === null) return { ...base, ratio, budget: null, ok: true };
  if ("limit" in budget) return { ...base, ratio, budget: `<= ${budget.limit} ${unit}`, ok: value <= budget.limit };
  if (!peer || ratio === null) throw new Error(`${name}: a budget on the ratio needs a peer`);
  if ("max" in budget) return { ...base, ratio, budget: `<= ${budget.max}`, ok: ratio <= budget.max };
  const less = peer[1] / value;
  return { ...base, ratio: less, budget: `>= ${budget.timesLess}`, ok: less >= budget.timesLess };
}
