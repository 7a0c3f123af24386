import type { Metric, Proof } from "./types.ts";

/** Measures something once, without a fix or with it: lower is better. */
export type Trial = () => Promise<number>;

export interface ProveOptions {
  readonly metric: Metric;
  readonly before: Trial;
  readonly after: Trial;
  /** No further round starts after this time, as `performance.now()` tells it. */
  readonly deadline: number;
  /** The time until which rounds may start without which nothing could be said; none starts if they would take longer. @default deadline */
  readonly latest?: number | undefined;
  /** How many pairs are measured, if there is time. @default 9 */
  readonly rounds?: number | undefined;
  /** Numbers from 0 to 1. @default Math.random */
  readonly random?: (() => number) | undefined;
}

/** The number of pairs that are measured. Five are the least that say anything. */
const ROUNDS = 9;
const LEAST_ROUNDS = 5;
/** The least factor that counts as a gain. */
const WORTH = 1.1;
/** The factor below which a gain is measured again before it is believed. */
const CERTAIN = 1.5;
const RESAMPLES = 2000;

/** Measures both in turns, in alternating order, so that a machine that becomes slower does so for both; and says what that proves. */
export async function prove(options: ProveOptions): Promise<Proof> {
  const ratios: number[] = [];
  const { rounds = ROUNDS } = options;
  await measure(options, ratios, Math.min(rounds, LEAST_ROUNDS));
  let proof = judge(options, ratios);
  if (isClear(proof)) return proof;
  await measure(options, ratios, rounds);
  proof = judge(options, ratios);
  if (proof.verdict === "proved" && (proof.low as number) < CERTAIN) {
    await measure(options, ratios, 2 * ROUNDS);
    proof = judge(options, ratios);
  }
  return proof;
}

/** Whether more rounds would change nothing: it is far above what is worth it, or all below. */
function isClear({ low, high }: Proof): boolean {
  return low === null || low > CERTAIN || (high as number) < WORTH;
}

async function measure(
  { before, after, deadline, latest = deadline }: ProveOptions,
  ratios: number[],
  rounds: number,
): Promise<void> {
  const started = performance.now();
  const measuredBefore = ratios.length;
  while (ratios.length < rounds) {
    const now = performance.now();
    if (now >= deadline) {
      const missing = LEAST_ROUNDS - ratios.length;
      const roundMs = (now - started) / Math.max(1, ratios.length - measuredBefore);
      if (missing <= 0 || now + missing * roundMs >= latest) return;
    }
    if (ratios.length % 2 === 0) {
      const a = await before();
      ratios.push(a / (await after()));
    } else {
      const b = await after();
      ratios.push((await before()) / b);
    }
  }
}

/** The proof that pairs of measurements make. */
function judge({ metric, random = Math.random }: ProveOptions, ratios: readonly number[]): Proof {
  if (ratios.length < LEAST_ROUNDS) {
    const reason = `there was time for ${ratios.length} rounds only, and ${LEAST_ROUNDS} are needed`;
    return { metric, verdict: "none", ratio: null, low: null, high: null, reason };
  }
  const [low, high] = interval(ratios, random);
  const verdict = low > WORTH ? "proved" : high < 1 / WORTH ? "harmful" : "none";
  return { metric, verdict, ratio: median(ratios), low, high };
}

/** The interval in which the median lies with 95 % confidence: by drawing from the ratios again and again (Efron's bootstrap). */
export function interval(ratios: readonly number[], random: () => number): [low: number, high: number] {
  const drawn = new Float64Array(ratios.length);
  const medians = new Float64Array(RESAMPLES);
  for (let sample = 0; sample < RESAMPLES; sample++) {
    for (let at = 0; at < drawn.length; at++) drawn[at] = ratios[Math.floor(random() * ratios.length)]!;
    medians[sample] = drawn.sort()[Math.floor(drawn.length / 2)]!;
  }
  medians.sort();
  return [medians[Math.floor(0.025 * RESAMPLES)]!, medians[Math.ceil(0.975 * RESAMPLES) - 1]!];
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** @param share From 0 to 1. */
export function percentile(values: readonly number[], share: number): number {
  if (values.length === 0) return 0;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
}
