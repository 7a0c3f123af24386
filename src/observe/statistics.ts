import type { Observer, StageObserver, StepTimes } from "../core/observer.ts";
import type { Step } from "../core/step.ts";
import { TimeHistogram } from "./histogram.ts";
import { type StepCounter, StepObserver } from "./step-observer.ts";

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
  /** How many inputs took how long: from, to (milliseconds), count. */
  readonly histogram: readonly (readonly [fromMs: number, toMs: number, count: number])[];
}

/** What is counted of one step. */
class Measures implements StepCounter {
  inputs = 0;
  failed = 0;
  private readonly times = new TimeHistogram();

  constructor(
    readonly name: string,
    readonly lane: string,
  ) {}

  began(): void {
    this.inputs++;
  }

  ended(ms: number, failed: boolean): void {
    this.times.add(ms);
    if (failed) this.failed++;
  }

  add({ ms, failed }: StepTimes): void {
    this.inputs += ms.length;
    this.failed += failed;
    for (const one of ms) this.times.add(one);
  }

  get row(): StepRow {
    const { name, lane, inputs, failed, times } = this;
    const [p50Ms, p99Ms] = [times.percentile(0.5), times.percentile(0.99)];
    return { name, lane, inputs, failed, p50Ms, p99Ms, totalMs: times.totalMs, histogram: [...times.entries()] };
  }
}

/** Counts and times of the steps of a call, and which step failed for which input. */
export class StepStatistics extends StepObserver {
  private readonly measures = new Map<Step, Measures[]>();
  private readonly failures = new Map<number, string>();
  private readonly index: number | undefined;
  /** The step that the last error of a stage came from. */
  private blamed: { readonly error: unknown; readonly name: string } | undefined;

  constructor(parent?: StepStatistics, index?: number) {
    super();
    this.index = index;
    if (parent === undefined) return;
    this.measures = parent.measures;
    this.failures = parent.failures;
  }

  override forInput(index: number): Observer {
    return new StepStatistics(this, index);
  }

  /** The steps of a stage that runs elsewhere have rows as soon as it tells of them. */
  stage(step: Step): StageObserver {
    const { openFeed, stages, laneName = "loop" } = step;
    if (openFeed === undefined || stages === undefined) {
      if (!this.expand(step)) this.counterOf(step);
      return UNHEARD;
    }
    const rows = this.measures.get(step) ?? [];
    this.measures.set(step, rows);
    return {
      measured(steps) {
        for (const [at, times] of steps.entries()) {
          rows[at] ??= new Measures(times.name, laneName);
          rows[at].add(times);
        }
      },
      blames: (error, at) => {
        this.blamed = { error, name: rows[at]?.name ?? step.label };
      },
      failed: (index, error) => {
        const { blamed } = this;
        this.failures.set(index, blamed !== undefined && blamed.error === error ? blamed.name : step.label);
      },
    };
  }

  /** One row per step, in the order of the steps. */
  rows(): StepRow[] {
    return [...this.measures.values()].flat().map(({ row }) => row);
  }

  /** The rows of one step: several, when it is a stage that told of its steps. */
  rowsOf(step: Step): StepRow[] {
    return this.measures.get(step)?.map(({ row }) => row) ?? [];
  }

  /** The name of the step that failed for an input; it is forgotten then. */
  takeFailedStep(index: number): string | undefined {
    const name = this.failures.get(index);
    this.failures.delete(index);
    return name;
  }

  protected override counterOf(step: Step): Measures {
    let rows = this.measures.get(step);
    if (rows === undefined) {
      rows = [new Measures(step.label, step.laneName ?? "loop")];
      this.measures.set(step, rows);
    }
    return rows[0]!;
  }

  protected override failedIn({ label }: Step): void {
    if (this.index !== undefined && !this.failures.has(this.index)) this.failures.set(this.index, label);
  }
}

/** A stage on this event loop tells of its steps as they run. */
const UNHEARD: StageObserver = { measured() {}, blames() {}, failed() {} };
