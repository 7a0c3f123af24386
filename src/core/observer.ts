import type { RunnableConfig } from "./config.ts";
import type { Step } from "./step.ts";
import { isThenable } from "./thenable.ts";

/** An observer is told when steps start and end. Where there is none, not one timestamp is taken. */
export interface Observer {
  /**
   * A step starts on `input`. A promise is waited for before the step runs.
   *
   * @param config The config of the run: its name, id, tags and metadata are in it.
   * @param tag The step's place in the one around it, for example `seq:step:1`.
   * @param streaming How the step runs: on a whole input (`false`), or as a stream whose input is known or still to come.
   */
  start(
    step: Step,
    input: unknown,
    config: RunnableConfig,
    tag: string | undefined,
    streaming: false | "known" | "deferred",
  ): ObservedRun | PromiseLike<ObservedRun>;

  /** True when a reader of reported events should get a turn before more happens. @default false */
  readonly isBehind?: boolean;

  /** False for an observer of all calls that has nothing to look at in a call made now: then nothing is made for it. @default true */
  readonly wantsCalls?: boolean;

  /** The observer of one input of a batch. */
  forInput(index: number): Observer;

  /**
   * Observes a stage that takes many inputs at once, and says itself what its steps do. An observer without this method sees all inputs
   * one by one, in the steps as they are written.
   */
  stage?(step: Step): StageObserver;

  /** The observer of one call, where what it is told of inputs must not be mixed up with that of other calls. @default itself */
  forCall?(): Observer;

  /** Observes the way of each input through stages, from one to the next: who wants to know how long inputs wait. */
  pipeline?(stages: readonly Step[]): PipelineObserver;

  /** The rest of this observer for a call that brings callbacks of its own. */
  withoutCallbacks(): Observer | null;

  /** The observer that this one was made of, for one input or one run. */
  readonly root?: Observer | undefined;
}

/** The observer of a stage is told the times of its steps, some inputs at a time. */
export interface StageObserver {
  /** Takes the times since the last report: an entry for each step of the stage, in order. */
  measured(steps: readonly StepTimes[]): void;
  /** Takes note that `error` came from the step with this number. */
  blames(error: unknown, step: number): void;
  /** Takes note that an input failed with `error`. Called after {@link blames}, if the step is known that the error came from. */
  failed(index: number, error: unknown): void;
}

/** Somebody who is told how inputs get on in a pipeline of stages. Stages are numbered from 0, inputs by their place in the call. */
export interface PipelineObserver {
  /** An input waits for a stage. */
  waits(index: number, stage: number): void;
  /** The stage has taken it. */
  starts(index: number, stage: number): void;
  /** It is through the last stage, or has failed in one. */
  ends(index: number, failure?: { readonly error: unknown }): void;
  /** The pipeline stops: of inputs that are still in it nothing more is told. */
  stops(): void;
}

/** The work of one step, as reported by the thread that it ran in. */
export interface StepTimes {
  readonly name: string;
  /** The time of each input, in milliseconds. */
  readonly ms: readonly number[];
  readonly failed: number;
}

/**
 * One run of one step under observation: exactly one of `end` and `fail` is called, once. Promises that they return are waited for
 * before the step's own result is passed on.
 */
export interface ObservedRun {
  /** Observes the steps inside this one; null when nobody does. */
  readonly observer: Observer | null;
  /** Whether steps inside find {@link callbacks} in their config; otherwise they find the callbacks that this step found. */
  readonly bringsCallbacks?: boolean;
  /** The `config.callbacks` of steps inside. It is made when somebody asks for it. */
  readonly callbacks?: unknown;
  /** A handler that joins the callbacks that another observer of the run brings. */
  readonly handler?: object | undefined;
  /** Called when the step has to wait for something: until then it has held the thread. */
  readonly returned?: (() => void) | undefined;
  /** Calls the part of the step that runs before it first waits. */
  readonly within?: (<T>(run: () => T) => T) | undefined;
  /** Shows the chunks of a stream on their way to handlers that want to see each. Leaving the result closes the given chunks. */
  readonly tap?: ((chunks: AsyncGenerator<unknown>) => AsyncGenerator<unknown>) | undefined;
  /** Shows a chunk of a stream to handlers that want to see each. A promise is waited for before the next chunk. */
  readonly see?: ((chunk: unknown) => undefined | PromiseLike<unknown>) | undefined;
  /** Whether the run takes no notice of inputs and outputs, so that the chunks of a stream need not be joined. @default false */
  readonly isBlind?: boolean;
  /** Whether one object stands for many runs, of which nobody wants to hear: they share their context too. @default false */
  readonly isShared?: boolean;
  /** @param input The input of a stream, when it was not known at the start. */
  end(output: unknown, input?: { readonly value: unknown }): undefined | PromiseLike<unknown>;
  fail(error: unknown, input?: { readonly value: unknown }): undefined | PromiseLike<unknown>;
}

/** @internal The key under which a config carries an observer. */
export const OBSERVER = Symbol.for("runlane.observer");

/** Adds an observer to a config. */
export function withObserver<Config extends Partial<RunnableConfig>>(config: Config, observer: Observer): Config {
  return { ...config, [OBSERVER]: observer };
}

/** Makes the observer of a config's callbacks; null when nobody listens. */
export type OpenCallbacks = (config: RunnableConfig) => Observer | null;

let openCallbacks: OpenCallbacks = () => null;

/** Sets how callbacks are observed. The observe/ room calls it, since this room may not import that one. */
export function defineCallbacks(open: OpenCallbacks): void {
  openCallbacks = open;
}

/** The observer of a call that is observed by `around` and may have callbacks in its config. */
export function openObserver(config: RunnableConfig, around: Observer | null): Observer | null {
  const callbacks = openCallbacks(config);
  const others = around === null ? null : around.withoutCallbacks();
  if (others === null) return callbacks;
  return callbacks === null ? others : new ObserverPair(others, callbacks);
}

/** Two observers as one. The second one may be an observer of callbacks. */
export function pairOf(first: Observer, second: Observer): Observer {
  return new ObserverPair(first, second);
}

class ObserverPair implements Observer {
  readonly stage?: (step: Step) => StageObserver;
  readonly pipeline?: (stages: readonly Step[]) => PipelineObserver;

  constructor(
    private readonly first: Observer,
    private readonly second: Observer,
  ) {
    if (first.pipeline !== undefined || second.pipeline !== undefined)
      this.pipeline = (stages) => pipelineOfBoth(first.pipeline?.(stages), second.pipeline?.(stages));
    if (first.stage === undefined || second.stage === undefined) return;
    this.stage = (step) => {
      const [one, other] = [first.stage!(step), second.stage!(step)];
      return {
        measured: (steps) => {
          one.measured(steps);
          other.measured(steps);
        },
        blames: (error, at) => {
          one.blames(error, at);
          other.blames(error, at);
        },
        failed: (index, error) => {
          one.failed(index, error);
          other.failed(index, error);
        },
      };
    };
  }

  has(observer: Observer): boolean {
    return includes(this.first, observer) || includes(this.second, observer);
  }

  get isBehind(): boolean {
    return this.first.isBehind === true || this.second.isBehind === true;
  }

  forInput(index: number): Observer {
    return new ObserverPair(this.first.forInput(index), this.second.forInput(index));
  }

  withoutCallbacks(): Observer | null {
    const [first, second] = [this.first.withoutCallbacks(), this.second.withoutCallbacks()];
    if (first === null || second === null) return first ?? second;
    return new ObserverPair(first, second);
  }

  start(...run: Parameters<Observer["start"]>): ObservedRun | PromiseLike<ObservedRun> {
    const first = this.first.start(...run);
    return isThenable(first)
      ? (first as PromiseLike<ObservedRun>).then((started) => this.startSecond(started, run))
      : this.startSecond(first as ObservedRun, run);
  }

  private startSecond(first: ObservedRun, run: Parameters<Observer["start"]>): ObservedRun | PromiseLike<ObservedRun> {
    const failed = async (error: unknown): Promise<never> => {
      await first.fail(error);
      throw error;
    };
    try {
      const second = this.second.start(...run);
      return isThenable(second)
        ? (second as PromiseLike<ObservedRun>).then((started) => runOfBoth(first, started), failed)
        : runOfBoth(first, second as ObservedRun);
    } catch (error) {
      return failed(error);
    }
  }
}

/** Whether an observer is another one, or contains it. */
export function includes(observer: Observer, other: Observer): boolean {
  return observer === other || observer.root === other || (observer instanceof ObserverPair && observer.has(other));
}

function runOfBoth(first: ObservedRun, second: ObservedRun): ObservedRun {
  const { observer: one } = first;
  const { observer: other } = second;
  const isSecondBringing = second.bringsCallbacks === true;
  return {
    observer: one === null || other === null ? (one ?? other) : new ObserverPair(one, other),
    bringsCallbacks: isSecondBringing || first.bringsCallbacks === true,
    isBlind: first.isBlind === true && second.isBlind === true,
    get callbacks() {
      return isSecondBringing ? joined(second.callbacks, first.handler) : first.callbacks;
    },
    handler: first.handler ?? second.handler,
    tap: second.tap?.bind(second),
    see: second.see?.bind(second),
    returned: () => {
      first.returned?.();
      second.returned?.();
    },
    within: withinBoth(first, second),
    end: (output, input) => both(first.end(output, input), second.end(output, input)),
    fail: (error, input) => both(first.fail(error, input), second.fail(error, input)),
  };
}

function withinBoth(first: ObservedRun, second: ObservedRun): ObservedRun["within"] {
  if (first.within === undefined) return second.within?.bind(second);
  if (second.within === undefined) return first.within.bind(first);
  return (run) => first.within!(() => second.within!(run));
}

/** Callbacks that one more handler hears of. */
function joined(callbacks: unknown, handler: object | undefined): unknown {
  return handler === undefined ? callbacks : (callbacks as { copy(more: object[]): unknown }).copy([handler]);
}

function pipelineOfBoth(one: PipelineObserver | undefined, other: PipelineObserver | undefined): PipelineObserver {
  if (one === undefined || other === undefined) return (one ?? other)!;
  return {
    waits: (index, stage) => {
      one.waits(index, stage);
      other.waits(index, stage);
    },
    starts: (index, stage) => {
      one.starts(index, stage);
      other.starts(index, stage);
    },
    ends: (index, failure) => {
      one.ends(index, failure);
      other.ends(index, failure);
    },
    stops: () => {
      one.stops();
      other.stops();
    },
  };
}

/** One promise of two, if there are any. */
function both(
  one: undefined | PromiseLike<unknown>,
  other: undefined | PromiseLike<unknown>,
): undefined | PromiseLike<unknown> {
  if (one === undefined || other === undefined) return one ?? other;
  return Promise.all([one, other]);
}
