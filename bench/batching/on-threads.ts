/** CPU work on two threads: steps that are fused, a stage behind one that waits, and inputs of which a few are dear. */
import { fileURLToPath } from "node:url";
import { Piscina } from "piscina";
import { type Lane, RunnableLambda, RunnableSequence } from "runlane";
import { roundsPerMs, spin, spinAlone } from "../cpu.ts";
import { type Contender, large, measure, median, ms, numbers, type Row, row } from "../measure.ts";
import { first, second, third } from "./functions.mjs";

export const THREADS = 2;
const CHUNKS = [2, 8, 32, 128];

const repeat =
  (run: () => Promise<unknown>): Contender =>
  async (n) => {
    for (let k = 0; k < n; k++) await run();
  };

/** The least of some times, with the name of who took it. */
function best(times: Record<string, number>): [string, number] {
  return Object.entries(times).sort(([, a], [, b]) => a - b)[0]!;
}

/** The settings of its threads are the best ones that it has, see lanes/rivals.ts. */
const pool = () =>
  new Piscina({
    filename: fileURLToPath(new URL("./functions.mjs", import.meta.url)),
    minThreads: THREADS,
    maxThreads: THREADS,
    idleTimeout: Number.POSITIVE_INFINITY,
    atomics: "sync",
    recordTiming: false,
  });

export async function fused(lane: Lane, quick: boolean): Promise<Row[]> {
  const rounds = Math.round(0.2 * (await roundsPerMs(RunnableLambda.from(spinAlone).withLane(lane))));
  const inputs = new Array<number>(quick ? 2000 : 20_000).fill(rounds);
  const steps = [first, second, third].map((step) => RunnableLambda.from<number, number>(step).withLane(lane));
  const chain = RunnableSequence.from<number, number>(steps as [(typeof steps)[0], (typeof steps)[0]]);
  // A pool for each size of chunks: the compiler makes something else of the task after it has seen many small chunks.
  const pools = CHUNKS.map((size) => ({ size, pool: pool() }));
  const byHand =
    ({ size, pool }: (typeof pools)[0]) =>
    async () => {
      const chunks: Promise<number[]>[] = [];
      for (let at = 0; at < inputs.length; at += size) chunks.push(pool.run(inputs.slice(at, at + size)));
      const outputs = (await Promise.all(chunks)).flat();
      if (outputs.length !== inputs.length) throw new Error("a chunk lost outputs");
    };
  const hands = Object.fromEntries(pools.map((one) => [`piscina, chunks of ${one.size}`, repeat(byHand(one))]));
  const runlane = repeat(() => chain.batch(inputs));
  try {
    const { runlane: ours, ...others } = await measure<string>({ runlane, ...hands }, large(quick ? 5 : 3));
    const [peer, theirs] = best(others);
    const name = `${inputs.length.toLocaleString("en-US")} x 3 CPU steps of 0.2 ms, fused`;
    return [row(name, [ms(ours!), "ms"], [peer, ms(theirs)], { max: 1.05 })];
  } finally {
    await Promise.all(pools.map(({ pool }) => pool.destroy()));
  }
}

/** Given the time of the CPU step, and hands it on. */
const wait = (rounds: number) => new Promise<number>((resolve) => setTimeout(resolve, 1, rounds));

/**
 * The I/O is a timer: a server would take the cores that the CPU step needs. A timer of 1 ms takes a little longer, which is why the
 * step is measured alone as well. The first row starts as many of them as there are inputs, and then the CPU step is all that takes long.
 * In the second, two at a time are allowed, as by an API with a limit: then both stages have about the same throughput.
 */
export async function pipelined(lane: Lane, quick: boolean): Promise<Row[]> {
  const count = quick ? 1000 : 10_000;
  const rounds = Math.round(await roundsPerMs(RunnableLambda.from(spinAlone).withLane(lane)));
  const inputs = new Array<number>(count).fill(rounds);
  const compute = RunnableLambda.from(spin).withLane(lane);
  const ways = {
    "all at once": RunnableLambda.from(wait),
    "two at a time": RunnableLambda.from(wait).withLimits({ maxConcurrency: THREADS }),
  };
  const rows: Row[] = [];
  for (const [how, io] of Object.entries(ways)) {
    const chain = io.pipe(compute);
    const { both, ...alone } = await measure(
      {
        both: repeat(() => chain.batch(inputs)),
        "I/O alone": repeat(() => io.batch(inputs)),
        "CPU alone": repeat(() => compute.batch(inputs)),
      },
      large(quick ? 5 : 3),
    );
    const larger = Math.max(...Object.values(alone));
    const peer = larger === alone["CPU alone"] ? "CPU alone" : "I/O alone";
    const name = `${count.toLocaleString("en-US")} x 1 ms I/O (${how}), 1 ms CPU`;
    rows.push(row(name, [ms(both), "ms"], [peer, ms(larger)], { max: 1.15 }));
  }
  return rows;
}

/** The same each time, and evenly spread enough: a linear congruential generator. */
function scattered(count: number, dear: number): Set<number> {
  const at = new Set<number>();
  for (let state = 1; at.size < dear; ) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    at.add(Math.floor((state / 2 ** 32) * count));
  }
  return at;
}

/** How long one input took, in milliseconds. */
const timed = (rounds: number) => {
  const start = performance.now();
  let state = 1;
  for (let round = 0; round < rounds; round++) state = (Math.imul(state, 1664525) + 1013904223) | 0;
  return state === 0 ? 0 : performance.now() - start;
};

/**
 * One input in a hundred is a hundred times dearer: 10 ms instead of 0.1. Where they stand decides what a scheduler can know of them.
 * The ideal is the work of one core, halved. What else runs on the machine makes it unreachable, so that each row is compared with the
 * time that its own inputs took, halved, as well: what is above that was lost between them.
 */
export async function skewed(lane: Lane, quick: boolean): Promise<Row[]> {
  const alone = RunnableLambda.from(spinAlone).withLane(lane);
  const cheap = Math.round(0.1 * (await roundsPerMs(alone)));
  const count = quick ? 5000 : 20_000;
  const dear = count / 100;
  const places = {
    scattered: scattered(count, dear),
    last: new Set(numbers(dear).map((k) => count - 1 - k)),
    first: new Set(numbers(dear)),
  };
  const half: [number, number] = [cheap, (count - dear + 100 * dear) / THREADS];
  const run = RunnableLambda.from(timed).withLane(lane);
  const busy = new Map<string, number[]>();
  const batches = Object.entries(places).map(([place, at]): [string, Contender] => {
    const inputs = numbers(count).map((index) => (at.has(index) ? 100 * cheap : cheap));
    const sums: number[] = [];
    busy.set(place, sums);
    const batch = async () => sums.push((await run.batch(inputs)).reduce((sum, ms) => sum + ms, 0));
    return [place, repeat(batch)];
  });
  const { one, ...ours } = await measure<string>(
    { one: repeat(() => alone.invoke(half)), ...Object.fromEntries(batches) },
    large(quick ? 5 : 7),
  );
  const name = (place: string) => `${count.toLocaleString("en-US")} inputs, 1 % 100 x dearer, ${place}`;
  return [
    row(name("scattered"), [ms(ours.scattered!), "ms"], [`${THREADS} cores, by one alone`, ms(one!)], { max: 1.1 }),
    ...Object.entries(ours).map(([place, ns]) =>
      row(name(place), [ms(ns), "ms"], [`its inputs / ${THREADS}`, median(busy.get(place)!) / THREADS]),
    ),
  ];
}

/** A function that blocks its thread for as many milliseconds as it is told, without computing. */
const block = (ms: number) => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  return ms;
};

/** @param pool Makes a pool that has not run anything: the time that it takes to grow counts. */
export async function blocking(pool: () => Lane, quick: boolean): Promise<Row[]> {
  const [count, blockMs] = quick ? [20, 300] : [100, 1000];
  const inputs = new Array<number>(count).fill(blockMs);
  await using lane = pool();
  const start = performance.now();
  await RunnableLambda.from(block).withLane(lane).batch(inputs);
  const seconds = (performance.now() - start) / 1000;
  return [
    row(`batch ${count} x ${blockMs / 1000} s blocking, new pool`, [seconds, "s"], null, quick ? null : { limit: 6 }),
  ];
}
