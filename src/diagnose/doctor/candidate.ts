import type { RunnableConfig } from "../../core/config.ts";
import type { Step } from "../../core/step.ts";
import type { RunnableNode } from "../../runnables/registry.ts";
import type { Runnable } from "../../runnables/runnable.ts";
import { locationsIn } from "../../shipping/functions/source-location.ts";
import type { FindingId, Metric } from "./types.ts";

/** A pipeline as it would be run with a fix. */
export interface Variant {
  readonly runnable: Runnable;
  readonly config?: Partial<RunnableConfig>;
}

/** Something that may be better done otherwise, before it is proved. */
export interface Candidate {
  readonly id: FindingId;
  /** The step that it is about; undefined when it is about the whole pipeline. */
  readonly step: Step | undefined;
  readonly evidence: Readonly<Record<string, number | string>>;
  readonly fix: string;
  readonly metric: Metric;
  /** Makes the pipeline with the fix, anew for each run; undefined where that cannot be done for the user, with the reason. */
  readonly variant: (() => Variant) | undefined;
  readonly reason?: string | undefined;
  /** About how much time it may gain, in milliseconds: what is tried first. */
  readonly atStakeMs: number;
}

/** The node of a step, when it has one. */
export function nodeOf(step: Step): RunnableNode | undefined {
  return (step as { node?: RunnableNode }).node;
}

/** The function of a lambda. */
export function functionOf(step: Step): ((...args: unknown[]) => unknown) | undefined {
  const node = nodeOf(step);
  const func = node?.kind === "lambda" ? node.func : undefined;
  return typeof func === "function" ? (func as (...args: unknown[]) => unknown) : undefined;
}

/** Where the function of a step is written: `file:line`. */
export function placeOfStep(step: Step | undefined): string | null {
  const func = step === undefined ? undefined : firstFunction(step);
  const file = func === undefined ? undefined : locationsIn(func, [undefined])[0]?.file;
  return file === undefined ? null : file.replace(/^file:\/\//, "");
}

/** The function of a step, or the first one inside it. */
function firstFunction(step: Step): ((...args: unknown[]) => unknown) | undefined {
  const own = functionOf(step);
  if (own !== undefined) return own;
  const bound = nodeOf(step)?.bound;
  if (typeof bound === "object" && bound !== null) return firstFunction(bound as Step);
  for (const inner of step.path ?? []) {
    const found = firstFunction(inner);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A number for people: few digits. */
export function rounded(value: number): number {
  return Number(value.toPrecision(3));
}
