import type { Observer, StepTimes } from "../core/observer.ts";
import type { Step } from "../core/step.ts";
import { type StepCounter, StepObserver } from "./step-observer.ts";

/** The times of one step since they were taken last. */
class Times implements StepCounter {
  ms: number[] = [];
  failed = 0;

  constructor(readonly name: string) {}

  began(): void {}

  ended(ms: number, failed: boolean): void {
    this.ms.push(ms);
    if (failed) this.failed++;
  }
}

/** Measures the steps of a stage in the thread that it runs in, for an observer in another thread: see StageObserver. */
export class StepMeter extends StepObserver {
  /** The number of the step that failed last. */
  lastFailed = 0;
  private readonly times = new Map<Step, Times>();
  private readonly order: Times[] = [];

  /** @param stage The stage, whose steps are numbered in their order. */
  constructor(stage: Step) {
    super();
    if (!this.expand(stage)) this.counterOf(stage);
  }

  /** Takes the times that were measured since the last call. */
  take(): StepTimes[] {
    return this.order.map((times) => {
      const { name, ms, failed } = times;
      times.ms = [];
      times.failed = 0;
      return { name, ms, failed };
    });
  }

  override forInput(): Observer {
    return this;
  }

  protected override counterOf(step: Step): Times {
    let times = this.times.get(step);
    if (times === undefined) {
      times = new Times(step.label);
      this.times.set(step, times);
      this.order.push(times);
    }
    return times;
  }

  protected override failedIn(step: Step): void {
    const times = this.times.get(step);
    if (times !== undefined) this.lastFailed = this.order.indexOf(times);
  }
}
