import { AsyncLocalStorage } from "node:async_hooks";
import type { RunnableConfig } from "../core/config.ts";
import type { ObservedRun, Observer, StageObserver } from "../core/observer.ts";
import type { Step } from "../core/step.ts";
import { Holders } from "../observe/holders.ts";
import { type Current, WatchedRun, type Watching } from "./watched-run.ts";

const MAX_LABELS = 10_000;
const MAX_MARK = 0x7fff_ffff;

/** An observer of stages that takes nothing: their reports are no matter of this event loop. */
const SILENT_STAGE: StageObserver = { measured: () => {}, blames: () => {}, failed: () => {} };

const nothing = (): undefined => undefined;

/** The part that the observers of a call and of its inputs have in common. */
abstract class OneOfSteps implements Observer {
  abstract readonly root: WatchObserver;
  /** The run of all that is made of steps: a composite counts as those. */
  private readonly composite: ObservedRun = { observer: this, end: nothing, fail: nothing };

  forInput(index: number): Observer {
    return new InputObserver(this.root, index);
  }

  withoutCallbacks(): Observer {
    return this;
  }

  stage(): StageObserver {
    return SILENT_STAGE;
  }

  start(step: Step, _input: unknown, config: RunnableConfig): ObservedRun {
    return step.path === undefined ? this.startLeaf(step, runIdOf(config)) : this.composite;
  }

  protected abstract startLeaf(step: Step, runId: string | undefined): ObservedRun;
}

/** A step that has run while somebody watched. */
interface KnownStep {
  readonly mark: number;
  /** The run of a call that has no input of a batch and no id: it is the same for all of them. */
  readonly plain: WatchedRun;
}

/**
 * Keeps, while somebody watches, which step the code that runs belongs to: in an AsyncLocalStorage, so that it is known after an `await`
 * too, and in the marks, where another thread sees it while this one is held.
 */
export class WatchObserver extends OneOfSteps implements Watching {
  readonly root = this;
  readonly storage = new AsyncLocalStorage<Current>();
  readonly holders = new Holders();
  private readonly known = new WeakMap<Step, KnownStep>();
  /** The labels of the steps that have run, by mark. */
  private readonly labels = new Map<number, string>();
  /** The mark that was given last. */
  private last = 0;
  private watchers = 0;

  /** @param onMark Called with the mark and the label of each step, before its first run. */
  constructor(private readonly onMark: (mark: number, label: string) => void) {
    super();
  }

  get isOn(): boolean {
    return this.watchers > 0;
  }

  /** Counts those who watch, one more or one fewer. */
  watch(by: 1 | -1): void {
    this.watchers += by;
    // As long as it is enabled, every await of the process is dearer.
    if (this.watchers === 0) this.storage.disable();
  }

  protected override startLeaf(step: Step, runId: string | undefined): ObservedRun {
    const { plain } = this.knownOf(step);
    // A call that a function makes without its config belongs to the input of the function.
    const input = this.isOn ? this.storage.getStore()?.input : undefined;
    return input === undefined && runId === undefined ? plain : this.runOf(step, this, input, runId);
  }

  /** A run that is not like all others of its step. */
  runOf(step: Step, observer: Observer, input: number | undefined, runId: string | undefined): WatchedRun {
    return new WatchedRun(observer, this, step, this.knownOf(step).mark, input, runId);
  }

  private knownOf(step: Step): KnownStep {
    let known = this.known.get(step);
    if (known === undefined) {
      this.last = (this.last % MAX_MARK) + 1;
      const mark = this.last;
      known = { mark, plain: new WatchedRun(this, this, step, mark, undefined, undefined) };
      this.known.set(step, known);
      this.labels.set(mark, step.label);
      // Steps that are made for one input each would fill the memory.
      if (this.labels.size > MAX_LABELS) this.labels.delete(this.labels.keys().next().value!);
      this.onMark(mark, step.label);
    }
    return known;
  }

  /** Tells the labels of all marks again, to a thread that has just been started. */
  tellAll(): void {
    for (const [mark, label] of this.labels) this.onMark(mark, label);
  }
}

/** The observer of one input of a batch. */
class InputObserver extends OneOfSteps {
  constructor(
    readonly root: WatchObserver,
    private readonly index: number,
  ) {
    super();
  }

  protected override startLeaf(step: Step, runId: string | undefined): ObservedRun {
    return this.root.runOf(step, this, this.index, runId);
  }
}

function runIdOf({ runId, callbacks }: RunnableConfig): string | undefined {
  return runId ?? (callbacks as { getParentRunId?(): string | undefined } | undefined)?.getParentRunId?.();
}
