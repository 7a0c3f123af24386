import type { RunnableConfig } from "../../core/config.ts";
import type { Step } from "../../core/step.ts";
import type { Runnable } from "../../runnables/runnable.ts";
import type { Change } from "../fix/change.ts";
import type { Trial } from "./prove.ts";
import type { FindingId, Metric } from "./types.ts";

/** A pipeline as it would be run with a fix. */
export interface Variant {
  readonly runnable: Runnable;
  readonly config?: Partial<RunnableConfig>;
}

/** A change that may make the pipeline better, before it is proved. */
export interface Candidate {
  readonly id: FindingId;
  /** The step to change; undefined when the change is about the whole pipeline. */
  readonly step: Step | undefined;
  readonly evidence: Readonly<Record<string, number | string>>;
  readonly fix: string;
  readonly metric: Metric;
  /** What else the change is good for: it is measured where the first metric shows no gain. */
  readonly otherMetric?: Metric | undefined;
  /** Makes the pipeline with the fix, anew for each run; undefined where that cannot be done for the user, with the reason. */
  readonly variant: (() => Variant) | undefined;
  readonly reason?: string | undefined;
  /** The measurements that take the place of runs of the pipeline in this process. */
  readonly trials?: { readonly before: Trial; readonly after: Trial } | undefined;
  /** The fix as a change of the source, where it is one of a step's. */
  readonly change?: Change | undefined;
  /** The time that the change may gain, in milliseconds, about: the largest is tried first. */
  readonly atStakeMs: number;
}

/** A number for people: few digits. */
export function rounded(value: number): number {
  return Number(value.toPrecision(3));
}
