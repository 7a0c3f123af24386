import type { RunnableConfig } from "../../core/config.ts";

/** The kinds of findings. */
export type FindingId =
  | "cpu-on-loop"
  | "blocking-io"
  | "serial-awaits"
  | "concurrency-low"
  | "concurrency-high"
  | "rate-limited"
  | "retry-storm"
  | "unbatched-calls"
  | "repeated-inputs"
  | "cold-resource"
  | "slow-import"
  | "tiny-step-on-lane"
  | "cloning-cost"
  | "chunk-size"
  | "captured-keeps-on-loop"
  | "memory-growth"
  | "gc-pressure"
  | "starved-machine";

/** The metrics that are measured with and without a fix; lower is better in each. */
export type Metric =
  | "batch ms"
  | "p50 of single calls, ms"
  | "time to the first output, ms"
  | "loop delay p99, ms"
  | "failed attempts per input"
  | "p99 of inputs in the batch, ms";

/** The result of running the sample with a fix and without it, in turns. */
export interface Proof {
  /** The metric that was measured. */
  readonly metric: Metric;
  /**
   * `proved` when the fix is better by more than a tenth, with 97.5 % confidence; `none` when no gain was measured, or nothing could be;
   * `refused` when the outputs differ; `harmful` when it is worse.
   */
  readonly verdict: "proved" | "none" | "refused" | "harmful";
  /** The factor by which the fix makes it better: the median, whose 95 % interval follows; null when nothing was measured. */
  readonly ratio: number | null;
  /** The lower end of the interval; null when nothing was measured. */
  readonly low: number | null;
  /** The upper end of the interval; null when nothing was measured. */
  readonly high: number | null;
  /** The reason why nothing was measured, or the difference of outputs. */
  readonly reason?: string | undefined;
}

/** A finding: one change that would make the pipeline better. */
export interface Finding {
  /** The kind of the finding. */
  readonly id: FindingId;
  /** The name of the step in tables; that of the pipeline when the finding is about all of it. */
  readonly step: string;
  /** The place of the step's function, `file:line`, when that is known. */
  readonly place: string | null;
  /** The figures behind the finding, by name. */
  readonly evidence: Readonly<Record<string, number | string>>;
  /** The change, as the code to write. */
  readonly fix: string;
  /** The proof of the fix; see {@link Proof}. */
  readonly proof: Proof;
}

/** The result of {@link diagnose}. */
export interface Diagnosis {
  /** The findings, at most five: those that gain the most first, those that are not proved last. */
  readonly findings: readonly Finding[];
  /** Everything that was looked for, with the result. */
  readonly tried: readonly string[];
  /** Remarks about the sample: inputs that failed, too few inputs, outputs that differ from run to run. */
  readonly notes: readonly string[];
}

/** Compares the outputs without and with a fix. */
export type Compare = "all" | "keys" | "none" | ((before: unknown, after: unknown) => boolean);

/** The options of {@link diagnose}. */
export interface DiagnoseOptions {
  /** The config that the pipeline is run with. */
  readonly config?: Partial<RunnableConfig> | undefined;
  /** The time that all of it may take, in milliseconds. @default 45000 */
  readonly budgetMs?: number | undefined;
  /** Whether the sample is run only once, for pipelines with side effects. Then nothing is proved. @default false */
  readonly once?: boolean | undefined;
  /**
   * How outputs are compared: all of them (`all`), only the keys of objects (`keys`), not at all (`none`), or by a function.
   * @default "all"
   */
  readonly compare?: Compare | undefined;
  /** The time that the module of the pipeline took to load, in milliseconds, when that is known. */
  readonly importMs?: number | undefined;
  /**
   * Measures the first call of the pipeline in a fresh process, in milliseconds, with `warm()` before it or without: what `cold-resource` is
   * proved by. The command gives it; without it, cold resources are found and not proved.
   */
  readonly firstCall?: ((warm: boolean) => Promise<number>) | undefined;
}
