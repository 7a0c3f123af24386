import type { ObservedRun, Observer } from "../core/observer.ts";
import type { Step } from "../core/step.ts";

/** What one step did in a call. Times are wall-clock, from the step's start to its output. */
export interface StepRow {
  readonly name: string;
  /** Where the step ran. */
  readonly lane: string;
  /** Inputs that the step started. */
  readonly inputs: number;
  /** Inputs that failed in the step. */
  readonly failed: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly totalMs: number;
}

/** Each bucket is 1/16 of a power of two wide, so a percentile is off by 6 % at most. */
const BUCKETS_PER_OCTAVE = 16;

/** Times in logarithmic buckets: constant memory, however many inputs there are. */
class TimeHistogram {
  totalMs = 0;
  private count = 0;
  private readonly buckets = new Map<number, number>();

  add(ms: number): void {
    this.totalMs += ms;
    this.count++;
    const bucket = Math.floor(Math.log2(Math.max(ms, 1e-6)) * BUCKETS_PER_OCTAVE);
    this.buckets.set(bucket, (this.buckets.get(bucket) ?? 0) + 1);
  }

  percentile(fraction: number): number {
    let rest = this.count * fraction;
    for (const [bucket, count] of [...this.buckets].sort(([a], [b]) => a - b)) {
      rest -= count;
      if (rest <= 0) return 2 ** ((bucket + 0.5) / BUCKETS_PER_OCTAVE);
    }
    return 0;
  }
}

interface Measures {
  readonly step: Step;
  inputs: number;
  failed: number;
  readonly times: TimeHistogram;
}

/** Counts and times of the steps of a call, and which step failed for which input. */
export class StepStatistics implements Observer {
  private readonly measures = new Map<Step, Measures>();
  private readonly failures = new Map<number, string>();
  private readonly index: number | undefined;

  constructor(parent?: StepStatistics, index?: number) {
    this.index = index;
    if (parent === undefined) return;
    this.measures = parent.measures;
    this.failures = parent.failures;
  }

  forInput(index: number): Observer {
    return new StepStatistics(this, index);
  }

  withoutCallbacks(): Observer {
    return this;
  }

  start(step: Step): ObservedRun {
    const started = performance.now();
    const isComposite = this.expand(step);
    const measures = isComposite ? undefined : this.measuresOf(step);
    if (measures !== undefined) measures.inputs++;
    return {
      // A composite is shown by its steps; any other step is shown as one, whatever runs inside it.
      observer: isComposite ? this : SILENT,
      end: () => {
        measures?.times.add(performance.now() - started);
        return undefined;
      },
      fail: () => {
        if (measures !== undefined) {
          measures.times.add(performance.now() - started);
          measures.failed++;
        }
        // The innermost step fails first, and its name is the one to report.
        if (this.index !== undefined && !this.failures.has(this.index)) this.failures.set(this.index, step.label);
        return undefined;
      },
    };
  }

  /** One row per step, in the order of the steps. */
  rows(): StepRow[] {
    return [...this.measures.values()].map(({ step, inputs, failed, times }) => ({
      name: step.label,
      lane: step.laneName ?? "loop",
      inputs,
      failed,
      p50Ms: times.percentile(0.5),
      p99Ms: times.percentile(0.99),
      totalMs: times.totalMs,
    }));
  }

  /** The name of the step that failed for an input; it is forgotten then. */
  takeFailedStep(index: number): string | undefined {
    const name = this.failures.get(index);
    this.failures.delete(index);
    return name;
  }

  private measuresOf(step: Step): Measures {
    let measures = this.measures.get(step);
    if (measures === undefined) {
      measures = { step, inputs: 0, failed: 0, times: new TimeHistogram() };
      this.measures.set(step, measures);
    }
    return measures;
  }

  /** Whether a step is made of steps; if so, makes sure that its steps have their rows in order. */
  private expand(step: Step): boolean {
    const { path } = step;
    if (path === undefined) return false;
    for (const inner of path) if (!this.expand(inner)) this.measuresOf(inner);
    return true;
  }
}

/** Observes nothing. */
const SILENT: Observer = {
  start: () => SILENT_RUN,
  forInput: () => SILENT,
  withoutCallbacks: () => null,
};

const SILENT_RUN: ObservedRun = { observer: SILENT, end: () => undefined, fail: () => undefined };
