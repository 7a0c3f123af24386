import { describe, runlaneError } from "../core/errors/errors.ts";
import type { ResourceStatus } from "../resources/status.ts";
import { auto } from "./auto/auto-settings.ts";
import type {
  CloseOptions,
  FeedHandle,
  InputSource,
  Lane,
  LaneCallOptions,
  LaneCapacity,
  LaneStage,
  LaneWarmOptions,
  StageStatistics,
  WorkerStatus,
} from "./lane.ts";
import { availableCores, missingFor } from "./platform.ts";
import { type PoolOptions, type PoolSettings, poolSettings } from "./pool/pool-options.ts";

/** The lanes that have names. Each name stands for one pool of the process. */
export type LaneName = "loop" | "thread" | "process" | "auto";

const NOTHING: LaneCapacity = Object.freeze({ workers: 0, busy: 0, queued: 0 });

/** A pool that is loaded when it is first used: a plain `import "runlane"` loads none. */
class LazyLane implements Lane {
  private pool: Lane | undefined;
  private loading: Promise<Lane> | undefined;
  private isClosed = false;

  private readonly settings: PoolSettings;

  constructor(
    readonly name: "thread" | "process",
    options: PoolOptions,
  ) {
    this.settings = poolSettings(name === "thread" ? "threads" : "processes", options, availableCores());
  }

  run(stage: LaneStage, input: unknown, options?: LaneCallOptions): Promise<unknown> {
    return this.pool === undefined
      ? this.load().then((pool) => pool.run(stage, input, options))
      : this.pool.run(stage, input, options);
  }

  feed(stage: LaneStage, feed: InputSource, options?: LaneCallOptions): FeedHandle {
    if (this.pool !== undefined) return this.pool.feed!(stage, feed, options);
    return new LateFeedHandle(
      this.load().then((pool) => pool.feed!(stage, feed, options)),
      feed,
    );
  }

  async *stream(stage: LaneStage, input: unknown, options?: LaneCallOptions): AsyncGenerator<unknown> {
    yield* (await this.load()).stream(stage, input, options);
  }

  get capacity(): LaneCapacity {
    return this.pool?.capacity ?? NOTHING;
  }

  workerStatuses(): WorkerStatus[] {
    return this.pool?.workerStatuses?.() ?? [];
  }

  statisticsOf(stage: LaneStage): StageStatistics | undefined {
    return this.pool?.statisticsOf?.(stage);
  }

  statistics(): StageStatistics[] {
    return this.pool?.statistics() ?? [];
  }

  async warm(stage?: LaneStage, options?: LaneWarmOptions): Promise<void> {
    await (await this.load()).warm(stage, options);
  }

  resources(): ResourceStatus[] {
    return this.pool?.resources?.() ?? [];
  }

  usedBy(stage: LaneStage): readonly string[] {
    return this.pool?.usedBy?.(stage) ?? [];
  }

  async close(options?: CloseOptions): Promise<void> {
    this.isClosed = true;
    // A pool that is there is closed now, not in a moment in which it would take more calls.
    await (this.pool ?? (await this.loading))?.close(options);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private load(): Promise<Lane> {
    if (this.isClosed && this.loading === undefined)
      return Promise.reject(runlaneError("RUNLANE_LANE_CLOSED", { where: "The call", lane: this.name }));
    this.loading ??= this.make().then((pool) => {
      this.pool = pool;
      return pool;
    });
    return this.loading;
  }

  private async make(): Promise<Lane> {
    return this.name === "thread"
      ? (await import("./thread/threads.ts")).threadPool(this.settings)
      : (await import("./process/processes.ts")).processPool(this.settings);
  }
}

/** A feed of a pool that is still being loaded. */
class LateFeedHandle implements FeedHandle {
  private handle: FeedHandle | undefined;
  private failure: { readonly error: unknown } | undefined;
  private stopped = false;

  constructor(
    opening: Promise<FeedHandle>,
    private readonly feed: InputSource,
  ) {
    opening.then(
      (handle) => {
        this.handle = handle;
        if (this.stopped) handle.stop();
      },
      (error) => {
        this.failure = { error };
        this.wake();
      },
    );
  }

  wake(): void {
    this.handle?.wake();
    if (this.failure === undefined) return;
    while (!this.stopped && this.feed.waiting > 0) {
      const key = this.feed.take();
      this.feed.inputOf(key);
      this.feed.reject(key, this.failure.error);
    }
  }

  stop(): void {
    this.stopped = true;
    this.handle?.stop();
  }
}

/**
 * A pool of worker threads of one's own. Threads start when the first call needs them, and none of them keeps the process alive.
 *
 * @throws RUNLANE_INVALID_OPTION
 * @example
 * ```ts
 * import { RunnableLambda, threads } from "runlane";
 *
 * const pool = threads({ max: 4 });
 * const square = RunnableLambda.from((x: number) => x * x).withLane(pool);
 * await square.batch([1, 2, 3]); // [1, 4, 9]
 * await pool.close();
 * ```
 */
export function threads(options: PoolOptions = {}): Lane {
  return new LazyLane("thread", options);
}

/**
 * A pool of child processes of one's own: for native code that may crash, and for heaps that must not share a limit.
 *
 * @throws RUNLANE_INVALID_OPTION
 * @example
 * ```ts
 * import { processes, RunnableLambda } from "runlane";
 *
 * const pool = processes({ max: 2 });
 * const pid = RunnableLambda.from(() => process.pid).withLane(pool);
 * console.log((await pid.invoke(null)) === process.pid); // false
 * await pool.close();
 * ```
 */
export function processes(options: PoolOptions = {}): Lane {
  return new LazyLane("process", options);
}

const named = new Map<LaneName, Lane>();

let staying = false;

/**
 * Has every runnable that is given a lane from now on stay on this event loop. Workers call it, because a lane would be a pool in each
 * of them, and so does the command where one lane is chosen for a whole pipeline.
 */
export function stayOnLoop(): void {
  staying = true;
  auto.enabled = false;
}

/**
 * The lane of a name, or the lane itself; null for the event loop.
 *
 * @throws RUNLANE_UNKNOWN_LANE; RUNLANE_NO_THREADS before anything is sent to a lane that this platform cannot have
 */
export function laneOf(choice: LaneName | Lane): Lane | null {
  if (choice === "loop" || choice === "auto") return null;
  if (choice === "thread" || choice === "process") {
    if (staying) return null;
    checkPlatform(choice);
    let lane = named.get(choice);
    if (lane === undefined) {
      lane = new LazyLane(choice, {});
      named.set(choice, lane);
    }
    return lane;
  }
  if (typeof choice === "object" && choice !== null && typeof choice.run === "function") {
    if (staying) return null;
    if (choice instanceof LazyLane) checkPlatform(choice.name);
    return choice;
  }
  throw runlaneError("RUNLANE_UNKNOWN_LANE", { received: describe(choice) });
}

/** @throws RUNLANE_NO_THREADS */
function checkPlatform(lane: "thread" | "process"): void {
  const needed = missingFor(lane);
  if (needed !== undefined) throw runlaneError("RUNLANE_NO_THREADS", { lane, needed });
}
