import type { RunnableConfig } from "./config.ts";
import type { RunContext } from "./context.ts";
import type { FeedHandle, InputSource } from "./input-source.ts";
import type { Chunks } from "./streams/chunks.ts";
import type { Join } from "./streams/joins.ts";

/**
 * The contract of the kernel, "run now, promise later": all that the engine needs from a runnable.
 *
 * A step that did not have to wait returns its output itself. So a chain of sync functions costs one call each, and the only
 * promise is the one that `invoke` wraps around the outside.
 */
// biome-ignore lint/suspicious/noExplicitAny: steps of all types stand in one list
export interface Step<In = any, Out = any> {
  /** Runs one input: the output, or a promise of it when a step had to wait. */
  run(input: In, ctx: RunContext): Out | PromiseLike<Out>;

  /**
   * Like `run`, except that the value of a promise must still go through {@link finish}. That saves an async function in a sequence a
   * second promise: 10 async steps cost 1.05 times ten hand-written awaits with it, and 1.6 times without.
   */
  start(input: In, ctx: RunContext): unknown;

  /** Turns the value of the promise of {@link start} into the output. `input` is the input of `start`. */
  finish(settled: unknown, input: In, ctx: RunContext): Out | PromiseLike<Out>;

  /** Turns the chunks of an input into the chunks of an output, as they come. */
  runStream(chunks: Chunks<In>, ctx: RunContext): Chunks<Out>;

  /** The join of the chunks of the output, if the class of the step defines one. Without it they join as their stream says. */
  readonly ownJoin?: Join | undefined;

  /** The steps inside, in order, when this one is made of steps. */
  readonly path?: readonly Step[];

  /** The name of the step in tables and error reports. */
  readonly label: string;

  /** The name of the lane that the step runs on; undefined for the event loop. */
  readonly laneName?: string | undefined;

  /** The mean number of inputs of a call, where inputs are gathered for calls; undefined before the first call. */
  readonly meanCallSize?: number | undefined;

  /** The sync functions of the step, when it is nothing but functions that run on this event loop: see batching/sync-path.ts. */
  readonly syncFunctions?: readonly SyncFunction[] | undefined;

  /**
   * Goes on where sync functions do not lead on: the one at `at` gave `out`, a promise or something else that stands for an output.
   *
   * @param input The input of that function.
   */
  resume?(at: number, out: unknown, input: unknown, ctx: RunContext): PromiseLike<Out>;

  /** Called by a batch that finds its inputs slow: all functions should be timed now. */
  expectSlow?(): void;

  /**
   * The stages that the inputs of a batch go through, one after the other, when one of them takes many inputs at once: {@link openFeed}.
   */
  readonly stages?: readonly Step[] | undefined;

  /** One step that does the work of this one and the next, where that saves a hop; undefined where it does not. */
  fuse?(next: Step): Step | undefined;

  /** One step that gives one input to all branches, of which this one is the first, where that saves hops. */
  fuseBranches?(branches: Readonly<Record<string, Step>>): Step | undefined;

  /** Takes many inputs that run in one context, as there is room for them; undefined when it takes them one by one. */
  openFeed?(feed: InputSource, ctx: RunContext): FeedHandle | undefined;

  /**
   * The step that keeps the time of each input in a batch of this one, if it is timed otherwise than from the batch: a lane's count from
   * when a worker starts on the input.
   */
  readonly timeoutOwner?: Step | undefined;

  /** The step that this one stands in for: observers are told of runs of that one. */
  readonly observedAs?: Step | undefined;

  /** How the step's runs are reported to callbacks. A step without a trace has no runs of its own (a binding, a router, a foreign step). */
  readonly trace?: Trace | undefined;

  /** The name of the step's runs. */
  getName(): string;

  /** The step in LangChain's serialized form. */
  toJSON(): unknown;
}

/** The plain function of a step. */
export type SyncFunction = (input: unknown, config: RunnableConfig) => unknown;

/** How the runs of a step are reported to callbacks, as LangChain's handlers expect it. */
export interface Trace {
  /** Whether a run on a whole input is reported. `RunnableAssign` reports only its streams. */
  readonly whole: boolean;
  /** Whether the input is always reported as `{ input }`, objects included. */
  readonly wrapsInput: boolean;
  /**
   * The input that a stream reports when it starts: `deferred`, always an empty one, and the real one at the end; `known`, the
   * real one if it is whole; `joined`, the real one, because the step waits for all of it anyway.
   */
  readonly stream: "deferred" | "known" | "joined";
}

/** The trace of steps that turn chunks into chunks. */
export const TRANSFORMS: Trace = { whole: true, wrapsInput: false, stream: "deferred" };
/** The trace of steps that are made of steps and stream through them. */
export const COMPOSES: Trace = { whole: true, wrapsInput: false, stream: "known" };
/** The trace of steps that need their whole input. */
export const JOINS: Trace = { whole: true, wrapsInput: false, stream: "joined" };
