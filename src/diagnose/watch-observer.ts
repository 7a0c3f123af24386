import { AsyncLocalStorage } from "node:async_hooks";
import type { RunnableConfig } from "../core/config.ts";

import type { ObservedRun, Observer, StageObserver } from "../core/observer.ts";
import type { Step } from "../core/step.ts";
import { Holders } from "../observe/holders.ts";
import { MARK, marks } from "./marks.ts";

/** The step, input and run that code belongs to. */
export interface Current {
  readonly step: string;
  readonly input: number | undefined;
  readonly runId: string | undefined;
}

const MAX_LABELS = 10_000;
const MAX_MARK = 0x7fff_ffff;

/** An observer of stages that takes nothing: their reports are no matter of this event loop. */
const SILENT_STAGE: StageObserver = { measured: () => {}, blames: () => {}, failed: () => {} };

/**
 * Keeps, while somebody watches, which step the code that runs belongs to: in an AsyncLocalStorage, so that it is known after an `await`
 * too, and in the marks, where another thread sees it while this one is held.
 */
export class WatchObserver implements Observer {
  private readonly marked = new WeakMap<Step, number>();
  /** The mark that was given last. */
  private last = 0;
  /** The labels of the steps that have run, by mark. */
  private readonly labels = new Map<number, string>();

  readonly storage: AsyncLocalStorage<Current>;
  readonly holders: Holders;

  /** @param onMark Called with the mark and the label of each step, before its first run. */
  constructor(
    private readonly onMark: (mark: number, label: string) => void,
    private readonly input?: number,
    readonly root?: WatchObserver,
  ) {
    this.storage = root?.storage ?? new AsyncLocalStorage();
    this.holders = root?.holders ?? new Holders();
  }

  forInput(index: number): Observer {
    return new WatchObserver(this.onMark, index, this.root ?? this);
  }

  withoutCallbacks(): Observer {
    return this;
  }

  stage(): StageObserver {
    return SILENT_STAGE;
  }

  start(step: Step, _input: unknown, config: RunnableConfig): ObservedRun {
    const { storage, holders } = this;
    const run = {
      observer: this,
      end: () => undefined,
      fail: () => undefined,
    };
    // A composite counts as its steps.
    if (step.path !== undefined) return run;
    return {
      ...run,
      within: <T>(call: () => T): T => {
        const input = this.input ?? storage.getStore()?.input;
        const around = marks[MARK.step]!;
        marks[MARK.step] = this.markFor(step);
        try {
          return holders.time(step, () => storage.run({ step: step.label, input, runId: runIdOf(config) }, call));
        } finally {
          marks[MARK.step] = around;
        }
      },
    };
  }

  private markFor(step: Step): number {
    if (this.root !== undefined) return this.root.markFor(step);
    let mark = this.marked.get(step);
    if (mark === undefined) {
      this.last = (this.last % MAX_MARK) + 1;
      mark = this.last;
      this.marked.set(step, mark);
      this.labels.set(mark, step.label);
      // Steps that are made for one input each would fill the memory.
      if (this.labels.size > MAX_LABELS) this.labels.delete(this.labels.keys().next().value!);
      this.onMark(mark, step.label);
    }
    return mark;
  }

  /** Tells the labels of all marks again, to a thread that has just been started. */
  tellAll(): void {
    for (const [mark, label] of this.labels) this.onMark(mark, label);
  }
}

function runIdOf({ runId, callbacks }: RunnableConfig): string | undefined {
  return runId ?? (callbacks as { getParentRunId?(): string | undefined } | undefined)?.getParentRunId?.();
}
