import type { Holder } from "../observe/holders.ts";
import type { PlanStage, PlanStep } from "./plan.ts";

/** Of a run, so much must be a step's to be worth a word. */
const WORTH_A_WORD = 0.2;
/** Steps on the event loop that take less than this, in milliseconds, do not wait for anything. */
const WAITS_MS = 1;

/** The figures of a run. */
export interface Measured {
  readonly stages: readonly PlanStage[];
  /** The steps that held the event loop, the worst first. */
  readonly holders: readonly Holder[];
  readonly wallMs: number;
}

/**
 * The finding that the doctor would look at first, by the figures of one run. It is a guess: nothing was tried.
 *
 * @returns undefined when nothing takes long
 */
export function firstGuess({ stages, holders, wallMs }: Measured): string | undefined {
  const [worst] = holders;
  if (worst !== undefined && worst.totalMs > WORTH_A_WORD * wallMs)
    return `${worst.step} computes or waits on the event loop, and could run in threads`;
  const busiest = longest(stages, ({ figures }) => figures?.runMs ?? 0);
  if (busiest !== undefined && busiest.figures!.runMs > WORTH_A_WORD * wallMs) {
    const step = longest(busiest.steps, totalOf);
    const name = step?.name ?? busiest.lane;
    return `${name} takes the most, on its lane (${busiest.lane}): fewer or larger calls could help`;
  }
  const waiting = longest(
    stages.filter(({ lane }) => lane === "loop").flatMap(({ steps }) => steps),
    totalOf,
  );
  if (waiting?.figures === undefined || waiting.figures.p50Ms < WAITS_MS) return undefined;
  const { share } = waiting.figures;
  if (share < WORTH_A_WORD) return undefined;
  return `${waiting.name} waits for the most part (${Math.round(100 * share)} %): more inputs at once, or calls that share one, could help`;
}

function totalOf({ figures }: PlanStep): number {
  return figures?.totalMs ?? 0;
}

/** The step that takes longest; undefined when nothing takes any time. */
function longest<T>(all: readonly T[], msOf: (one: T) => number): T | undefined {
  let found: T | undefined;
  for (const one of all) if (msOf(one) > (found === undefined ? 0 : msOf(found))) found = one;
  return found;
}
