import type { Observer, StageObserver, StepTimes } from "../core/observer.ts";
import type { Step } from "../core/step.ts";
import { TimeHistogram } from "./histogram.ts";
import { type Holder, Holders } from "./holders.ts";
import { type StepCounter, StepObserver } from "./step-observer.ts";

/** The figures of one step in a call. Times are wall-clock, from the step's start to its output. */
export interface StepRow {
  /** The name of the step. */
  readonly name: string;
  /** The name of the lane that the step ran on. */
  readonly lane: string;
  /** The number of inputs that the step started. */
  readonly inputs: number;
  /** The number of inputs that failed in the step. */
  readonly failed: number;
  /** The median time of an input, in milliseconds. */
  readonly p50Ms: number;
  /** The 99th percentile of the time of an input, in milliseconds. */
  readonly p99Ms: number;
  /** The sum of the times of all inputs, in milliseconds. */
  readonly totalMs: number;
  /** The mean number of inputs of a call, in all calls so far; only of steps that gather inputs (`RunnableLambda.batched`). */
  readonly meanCallSize?: number;
  /** The number of inputs by their times: from, to (milliseconds), count. */
  readonly histogram: readonly (readonly [fromMs: number, toMs: number, count: number])[];
}

/** The counters of one step. */
class Measures implements StepCounter {
  inputs = 0;
  failed = 0;
  private readonly times = new TimeHistogram();

  /** The lane of inputs that others have reported. */
  private toldLane: string | undefined;

  constructor(
    readonly name: string,
    private readonly step: Step,
    private readonly holders: Holders,
  ) {}

  held(ms: number): void {
    this.holders.add(this.step, ms);
  }

  began(): void {
    this.inputs++;
  }

  ended(ms: number, failed: boolean): void {
    this.times.add(ms);
    if (failed) this.failed++;
  }

  /** Adds times that were measured on a lane. */
  add({ ms, failed }: StepTimes, lane: string): void {
    this.toldLane = lane;
    this.inputs += ms.length;
    this.failed += failed;
    for (const one of ms) this.times.add(one);
  }

  /** Adds inputs that count as taking as long as one that was timed. */
  counted(ms: number, times: number, failed: number): void {
    this.inputs += times;
    this.failed += failed;
    this.times.add(ms, times);
  }

  get row(): StepRow {
    const { name, inputs, failed, times } = this;
    // A step without a lane of its own may have moved meanwhile.
    const lane = this.toldLane ?? this.step.laneName ?? "loop";
    const [p50Ms, p99Ms] = [times.percentile(0.5), times.percentile(0.99)];
    const { meanCallSize } = this.step;
    const { totalMs } = times;
    const histogram = [...times.entries()];
    const row = { name, lane, inputs, failed, p50Ms, p99Ms, totalMs, histogram };
    return meanCallSize === undefined ? row : { ...row, meanCallSize };
  }
}

/** The step that the last error of a stage came from. */
interface Blamed {
  readonly error: unknown;
  readonly name: string;
}

/** The counters that all inputs of a call, or of several calls, share. */
class Books {
  readonly measures = new Map<Step, Measures[]>();
  readonly failures = new Map<number, string>();
  readonly holders = new Holders();
  blamed: Blamed | undefined;
}

/** Counts and times of the steps of a call, and which step failed for which input. */
export class StepStatistics extends StepObserver {
  private readonly index: number | undefined;
  private readonly books: Books;

  /** @param options `failures`: whether the failed step of each input is kept. @default true */
  constructor(
    private readonly options: { readonly failures?: boolean } = {},
    parent?: StepStatistics,
    index?: number,
  ) {
    super();
    this.index = index;
    this.books = parent?.books ?? new Books();
  }

  private get keepsFailures(): boolean {
    return this.options.failures !== false;
  }

  override forInput(index: number): Observer {
    return this.keepsFailures ? new StepStatistics(this.options, this, index) : this;
  }

  /** Observes a stage that runs elsewhere: its steps get rows with its first report. */
  stage(step: Step): StageObserver {
    const { books } = this;
    const { openFeed, stages, path } = step;
    const isTold = openFeed !== undefined && stages !== undefined;
    if (!isTold && !this.expand(step)) this.counterOf(step);
    // A composite that has moved reports its steps all the same.
    const rows = isTold || path === undefined ? (books.measures.get(step) ?? []) : this.countersIn(step);
    if (isTold) books.measures.set(step, rows);
    return {
      measured(steps) {
        for (const [at, times] of steps.entries()) {
          rows[at] ??= new Measures(times.name, step, books.holders);
          rows[at].add(times, step.laneName ?? "loop");
        }
      },
      blames(error, at) {
        books.blamed = { error, name: rows[at]?.name ?? step.label };
      },
      failed: (index, error) => this.blame(index, step, error),
    };
  }

  /** Counts inputs that ran without this observer: `times` of them, of about `ms` milliseconds each. */
  count(step: Step, ms: number, times: number, failed = 0): void {
    this.counterOf(step).counted(ms, times, failed);
  }

  /** One row per step, in the order of the steps. */
  rows(): StepRow[] {
    return [...this.books.measures.values()].flat().map(({ row }) => row);
  }

  /** The rows of one step: several, when it is a stage that reported its steps. */
  rowsOf(step: Step): StepRow[] {
    return this.books.measures.get(step)?.map(({ row }) => row) ?? [];
  }

  /** The steps that held the event loop for 10 ms or longer at a time, the worst first. */
  holders(): [Step, Holder][] {
    return this.books.holders.entries();
  }

  /** The name of the step that failed for an input; it is forgotten then. */
  takeFailedStep(index: number): string | undefined {
    const { failures } = this.books;
    const name = failures.get(index);
    failures.delete(index);
    return name;
  }

  protected override counterOf(step: Step): Measures {
    const { measures } = this.books;
    let rows = measures.get(step);
    if (rows === undefined) {
      rows = [new Measures(step.label, step, this.books.holders)];
      measures.set(step, rows);
    }
    return rows[0]!;
  }

  protected override failedIn(step: Step, error: unknown): void {
    if (this.index !== undefined) this.blame(this.index, step, error);
  }

  /** Notes the step that failed for an input. The innermost one says so first, and counts. */
  private blame(index: number, step: Step, error: unknown): void {
    const { failures, blamed } = this.books;
    if (!this.keepsFailures || failures.has(index)) return;
    failures.set(index, blamed !== undefined && blamed.error === error ? blamed.name : step.label);
  }

  /** The counters of the steps inside a step, in order. */
  private countersIn({ path = [] }: Step): Measures[] {
    return path.flatMap((inner) => (inner.path === undefined ? [this.counterOf(inner)] : this.countersIn(inner)));
  }
}
