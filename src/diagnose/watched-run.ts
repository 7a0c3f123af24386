import type { AsyncLocalStorage } from "node:async_hooks";
import type { ObservedRun, Observer } from "../core/observer.ts";
import type { Step } from "../core/step.ts";
import type { Holders } from "../observe/holders.ts";
import { MARK, marks } from "./marks.ts";

/** The step, input and run that code belongs to. */
export interface Current {
  readonly step: string;
  readonly input: number | undefined;
  readonly runId: string | undefined;
}

/** What all runs that are watched have in common. */
export interface Watching {
  /** Whether somebody watches. A run that goes on for longer is watched no more. */
  readonly isOn: boolean;
  readonly storage: AsyncLocalStorage<Current>;
  readonly holders: Holders;
}

/**
 * A run of a step under a watch. It is itself what the storage keeps for the code of the step. A run without an input and an id of its own
 * has nothing that another one would not have: all runs of that step are one object, so that a step costs no allocation.
 */
export class WatchedRun implements ObservedRun, Current {
  readonly step: string;

  constructor(
    readonly observer: Observer,
    private readonly watching: Watching,
    private readonly of: Step,
    private readonly mark: number,
    readonly input: number | undefined,
    readonly runId: string | undefined,
  ) {
    this.step = of.label;
  }

  within<T>(call: () => T): T {
    const { isOn, storage, holders } = this.watching;
    if (!isOn) return call();
    const around = marks[MARK.step]!;
    marks[MARK.step] = this.mark;
    const insideMs = holders.enter();
    const startedAt = performance.now();
    try {
      return storage.run(this, call);
    } finally {
      holders.leave(this.of, performance.now() - startedAt, insideMs);
      marks[MARK.step] = around;
    }
  }

  end(): undefined {}

  fail(): undefined {}
}
