import type { ObservedRun, Observer } from "../core/observer.ts";
import type { Step } from "../core/step.ts";

/** Where the runs of one step are counted. */
export interface StepCounter {
  began(): void;
  ended(ms: number, failed: boolean): void;
}

/** Observes the steps of a call as people see them: a composite is its steps, and any other step is one, whatever runs inside it. */
export abstract class StepObserver implements Observer {
  protected abstract counterOf(step: Step): StepCounter;

  /** A step has failed. The innermost one says so first. */
  protected abstract failedIn(step: Step, error: unknown): void;

  abstract forInput(index: number): Observer;

  withoutCallbacks(): Observer {
    return this;
  }

  start(step: Step): ObservedRun {
    const started = performance.now();
    const isComposite = this.expand(step);
    const counter = isComposite ? undefined : this.counterOf(step);
    counter?.began();
    return {
      observer: isComposite ? this : SILENT,
      end: () => {
        counter?.ended(performance.now() - started, false);
        return undefined;
      },
      fail: (error) => {
        counter?.ended(performance.now() - started, true);
        this.failedIn(step, error);
        return undefined;
      },
    };
  }

  /** Whether a step is made of steps; if so, makes sure that its steps have their counters in order. */
  protected expand(step: Step): boolean {
    const { path } = step;
    if (path === undefined) return false;
    for (const inner of path) if (!this.expand(inner)) this.counterOf(inner);
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
