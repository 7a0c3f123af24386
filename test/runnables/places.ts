import { type ObservedRun, type Observer, withObserver } from "../../src/core/observer.ts";
import type { RunnableConfig } from "../../src/index.ts";

/** Writes down what observers are told of the place and the name of each run, by the class of the step. */
export class Places implements Observer {
  private readonly seen: { className: string; tag: string | undefined; runName: string | undefined }[] = [];

  /** The tags of the runs of steps of one class, in order. */
  of(className: string): (string | undefined)[] {
    return this.seen.filter((run) => run.className === className).map(({ tag }) => tag);
  }

  /** The names that the config gave to the runs of steps of one class, in order. */
  names(className: string): (string | undefined)[] {
    return this.seen.filter((run) => run.className === className).map(({ runName }) => runName);
  }

  config(): Partial<RunnableConfig> {
    return withObserver({}, this);
  }

  start(...[step, , { runName }, tag]: Parameters<Observer["start"]>): ObservedRun {
    this.seen.push({ className: step.constructor.name, tag, runName });
    return { observer: this, end: () => undefined, fail: () => undefined };
  }

  forInput(): Observer {
    return this;
  }

  withoutCallbacks(): Observer {
    return this;
  }
}
