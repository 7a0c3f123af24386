import type { ObservedRun, Observer } from "../core/observer.ts";
import type { Step } from "../core/step.ts";
import { HOLD_MS } from "./holders.ts";

/** The counter of the runs of one step. */
export interface StepCounter {
  began(): void;
  ended(ms: number, failed: boolean): void;
  /** Counts that the step has held the event loop for so long. Not in workers, which are there to be held. */
  held?(ms: number): void;
}

/** Observes the steps of a call as people see them: a composite counts as its steps, any other step as one, whatever runs inside it. */
export abstract class StepObserver implements Observer {
  protected abstract counterOf(step: Step): StepCounter;

  /** Takes note that a step has failed. The innermost one says so first. */
  protected abstract failedIn(step: Step, error: unknown): void;

  abstract forInput(index: number): Observer;

  withoutCallbacks(): Observer {
    return this;
  }

  start(
    step: Step,
    _input?: unknown,
    _config?: unknown,
    _tag?: string,
    streaming: false | "known" | "deferred" = false,
  ): ObservedRun {
    const started = performance.now();
    // The chunks of a stream are waited for.
    let waits = streaming !== false;
    const isComposite = this.expand(step);
    const counter = isComposite ? undefined : this.counterOf(step);
    counter?.began();
    return {
      observer: isComposite ? this : SILENT,
      returned: () => {
        waits = true;
        const ms = performance.now() - started;
        if (ms >= HOLD_MS) counter?.held?.(ms);
      },
      end: () => {
        const ms = performance.now() - started;
        counter?.ended(ms, false);
        if (!waits && ms >= HOLD_MS) counter?.held?.(ms);
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

/** An observer of nothing. */
const SILENT: Observer = {
  start: () => SILENT_RUN,
  forInput: () => SILENT,
  withoutCallbacks: () => null,
};

const SILENT_RUN: ObservedRun = { observer: SILENT, end: () => undefined, fail: () => undefined };
