/// <reference lib="esnext.disposable" preserve="true" />
import type { FeedHandle, InputSource } from "../core/input-source.ts";
import type { StageObserver } from "../core/observer.ts";
import type { ResourceStatus } from "../resources/status.ts";

export type { FeedHandle, InputSource };

/** One part of a plan that runs on a lane, as workers get to know it. */
export interface LaneStage {
  /** A number that tells the stage from others of the same maker, for logs. */
  readonly id: number;
  /** The name of the stage in errors and statistics. */
  readonly label: string;
  /** Plain data that tells a worker what to run, or a promise of it. */
  readonly shipped: unknown;
}

/** The options of one call on a lane. */
export interface LaneCallOptions {
  /** Cancels the call: at once when it waits in the queue, in two steps when it runs. */
  readonly signal?: AbortSignal | undefined;
  /** The time limit in milliseconds, counted from when a worker starts on the input. @default none */
  readonly timeoutMs?: number | undefined;
  /** Calls of a higher priority leave the queue first. @default 0 */
  readonly priority?: number | undefined;
  /** The observer of the steps of the stage. Lanes that cannot tell leave it alone. */
  readonly observer?: StageObserver | undefined;
  /** The part of the config that is plain data. Calls that share the object send it once. */
  readonly config?: unknown;
}

/** The workers of a lane and its queue, at one moment. */
export interface LaneCapacity {
  /** The number of workers that are ready or starting. */
  readonly workers: number;
  /** The number of workers that have something to do. */
  readonly busy: number;
  /** The number of inputs that no worker has got yet. */
  readonly queued: number;
}

/** A worker of a lane, as it is now; or one that was lost lately. */
export interface WorkerStatus {
  /** Tells it from the other workers of its lane. */
  readonly worker: number;
  readonly state: "starting" | "idle" | "busy" | "ending" | "lost";
  /** The labels of the stages that it has inputs of; the one whose function runs now comes first, where that can be seen. */
  readonly stages: readonly string[];
  /** How many inputs it has now. */
  readonly inputs: number;
  /** How many inputs it has been given in all. */
  readonly served: number;
  /** Why it was lost. */
  readonly reason?: string;
  /** The machine that it runs on, when that is another one. */
  readonly host?: string;
}

/** The figures of one stage on a lane. Times are sums in milliseconds. */
export interface StageStatistics {
  /** The name of the stage. */
  readonly label: string;
  /** The number of inputs that have settled, failed ones included. */
  readonly inputs: number;
  /** The number of inputs that have failed. */
  readonly failed: number;
  /** The time from each call to the sending of its chunk. */
  readonly queueMs: number;
  /** The time that workers were busy with the stage. */
  readonly runMs: number;
  /** The CPU time of the stage in workers; 0 where Node cannot measure it for one thread (before Node 23.9). */
  readonly cpuMs: number;
  /**
   * Bytes sent to workers and back: those of strings, buffers and typed arrays, which tell their size. For the inputs of measured calls,
   * all bytes are estimated.
   */
  readonly bytes: number;
  /** The number of inputs that travel together now. */
  readonly chunk?: number;
  /** Sentences on where the stage ran: on a cluster, its workers by machine, and what ran twice. */
  readonly remarks?: readonly string[];
  /** The time that one input has kept a worker busy lately, in milliseconds. */
  readonly costMs?: number | undefined;
  /** The median time of an input, in milliseconds. */
  readonly p50Ms: number;
  /** The 99th percentile of the time of an input, in milliseconds. */
  readonly p99Ms: number;
  /** The number of workers that knew the stage and were lost through no fault of an input: a timer that threw, a kill from outside. */
  readonly lostWorkers?: number;
  /** Things that could be better, each with its fix: a model that is loaded inside the function, for example. */
  readonly hints?: readonly string[];
}

/** The options of a lane's `warm`. */
export interface LaneWarmOptions {
  /** Called each time that a worker has become ready. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/** A lane runs stages: on this event loop, in threads, in child processes. */
export interface Lane {
  /** The name of the lane in errors, plans and statistics. */
  readonly name: string;
  /**
   * Makes of a runnable what workers are told to run: the {@link LaneStage.shipped} of its stage. Lanes without it are told its tree, with the
   * sources of its functions; steps of such a lane are made one hop where they follow each other.
   *
   * @param where How error messages begin.
   */
  ship?(runnable: object, where: string): unknown;
  /**
   * Runs one input. Calls made in one turn of the event loop for one stage travel together.
   *
   * @returns The output. Rejects with what the step threw, with the signal's reason, a `TimeoutError`, or one of:
   * @throws RUNLANE_WORKER_CRASHED when the input ended its worker
   * @throws RUNLANE_WORKER_START when no worker could be started, or the stage could not be loaded in it
   * @throws RUNLANE_QUEUE_FULL
   * @throws RUNLANE_LANE_CLOSED
   */
  run(stage: LaneStage, input: unknown, options?: LaneCallOptions): Promise<unknown>;
  /** Runs one input and gives the chunks of its output as they are produced. Leaving the loop ends the generator behind them. */
  stream(stage: LaneStage, input: unknown, options?: LaneCallOptions): AsyncGenerator<unknown>;
  /**
   * Runs many inputs, as `run` would each. Lanes without it are given inputs one by one.
   *
   * @param options Shared by all inputs.
   */
  feed?(stage: LaneStage, feed: InputSource, options?: LaneCallOptions): FeedHandle;
  /** The figures of one stage; undefined where it has not run. */
  statisticsOf?(stage: LaneStage): StageStatistics | undefined;
  /** The workers and the queue of the lane, as they are now. */
  readonly capacity: LaneCapacity;
  /** The workers that there are, by number, and those that were lost last. Lanes that cannot tell leave it out. */
  workerStatuses?(): WorkerStatus[];
  /** The figures of all stages that have run. */
  statistics(): StageStatistics[];
  /** Starts all workers, and loads a stage in each, with the resources that it uses. */
  warm(stage?: LaneStage, options?: LaneWarmOptions): Promise<void>;
  /** The resources that workers have loaded: a row for each in each worker, and one for each in all workers that have ended. */
  resources?(): ResourceStatus[];
  /** The names of the resources that a stage uses, as its workers have told: only they know those that modules declare. */
  usedBy?(stage: LaneStage): readonly string[];
  /** Takes no more calls, lets queued and running ones finish, and ends the workers. */
  close(options?: CloseOptions): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** The options of closing a lane. */
export interface CloseOptions {
  /** Rejects calls that wait in the queue, and ends the others after the pool's `graceMs`. @default false */
  readonly force?: boolean;
}
