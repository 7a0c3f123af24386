import type { Transport } from "../protocol/transport.ts";
import { Timers } from "../worker-handle/timers.ts";
import { WorkerHandle } from "../worker-handle/worker-handle.ts";
import type { WorkerListener } from "../worker-handle/worker-listener.ts";
import type { PoolSettings } from "./pool-options.ts";

/** The work in the queue for each worker, in milliseconds, above which another worker is started. */
const BACKLOG_MS = 20;
/** The pauses, in milliseconds, after workers that were ended from outside while they started: one more after each, then no more tries. */
const BACK_OFF_MS = [50, 250, 1000] as const;

/**
 * The workers of a pool: how many there are, whether more may start, and which one is free. Only this class sets the limit, the pause
 * after a failed start, and which workers are held for suspects.
 */
export class Workers {
  readonly all = new Set<WorkerHandle>();
  private limitNow: number;
  private started = 0;
  /** Whether the process ends, so that nothing is started or given out. */
  private isFrozen = false;
  /** Whether a worker failed to start while others worked: no more are started until somebody calls again. */
  isPaused = false;
  private failedStarts = 0;
  /** Whether some workers take nothing new, so that one of them becomes idle for suspects. */
  isHolding = false;
  private readonly timers = new Timers();

  constructor(
    private readonly transport: Transport,
    private readonly listener: WorkerListener,
    private readonly settings: PoolSettings,
    /** Runs a callback outside of the async context of the call that happened to need a worker. */
    private readonly outsideCall: <T>(callback: () => T) => T,
  ) {
    this.limitNow = settings.atOnce;
  }

  /** The number of workers there may be now. */
  get limit(): number {
    return this.limitNow;
  }

  get isFull(): boolean {
    return this.all.size >= this.limitNow;
  }

  /** Whether the pool waits a moment before it starts a worker again. */
  get isBackingOff(): boolean {
    return this.timers.has("back-off");
  }

  get starting(): number {
    let count = 0;
    for (const worker of this.all) if (worker.state === "starting") count++;
    return count;
  }

  get busy(): number {
    let count = 0;
    for (const worker of this.all) if (!worker.isIdle) count++;
    return count;
  }

  /** The number of workers that could take a call: idle ones, starting ones, and those that may still be started. */
  get vacancies(): number {
    let count = this.limitNow - this.all.size;
    for (const worker of this.all)
      if (worker.state === "starting" || (worker.state === "ready" && worker.isIdle)) count++;
    return count;
  }

  /** The free worker with the least to do. */
  free(): WorkerHandle | null {
    if (this.isFrozen) return null;
    let best: WorkerHandle | null = null;
    for (const worker of this.all) {
      if (!worker.isFree) continue;
      const { load } = worker;
      if (load === 0) return worker;
      if (best === null || load < best.load) best = worker;
    }
    return best;
  }

  /** An idle worker to run suspects in: a single one needs a worker that has run nothing yet. */
  forSuspects(single: boolean): WorkerHandle | null {
    if (this.isFrozen) return null;
    for (const worker of this.all) {
      if (worker.state !== "ready" || !worker.isIdle || worker.isRecycled) continue;
      if (!single || worker.served === 0 || this.isPaused) return worker;
    }
    return null;
  }

  /**
   * Makes room for a worker that runs suspects: a new one, the place of an idle one, or the next one that becomes idle. Workers whose
   * functions have all returned only wait: for suspects, that many more may start, up to twice the limit.
   */
  makeRoom(groups: number): void {
    if (this.starting >= groups) return;
    const mayStart = !this.isPaused || this.all.size === 0;
    if (mayStart && this.all.size < this.limitNow + this.count(({ inFlight }) => inFlight.onlyWaits)) {
      this.start(1);
      return;
    }
    const ready = [...this.all].filter(({ state }) => state === "ready");
    if (mayStart && ready.length < this.all.size) return;
    const idle = ready.find((worker) => worker.isIdle);
    if (idle !== undefined) {
      idle.end();
      return;
    }
    // Whichever is through first; until then none of them gets more.
    this.isHolding = true;
    for (const worker of ready) worker.isHeld = true;
  }

  /** Lets held workers go, because no suspects wait any more. */
  release(): void {
    this.isHolding = false;
    for (const worker of this.all) worker.isHeld = false;
  }

  /** Starts workers for inputs that no worker is free for. Workers that suspects keep while they wait do not count. */
  grow(queued: number, costMs: number | undefined): void {
    if (queued === 0 || (this.isPaused && this.all.size > 0)) return;
    const { starting } = this;
    const size = this.all.size - this.count(({ inFlight }) => inFlight.isKept && inFlight.onlyWaits);
    const wanted = costMs === undefined ? queued : Math.ceil((queued * costMs) / BACKLOG_MS);
    const needed = Math.max(wanted, size === 0 ? 1 : 0, this.settings.min - size);
    this.start(Math.min(needed - starting, this.limitNow - size));
  }

  /** Starts as many workers as there may be. */
  startAll(): void {
    if (!this.isPaused) this.start(this.limitNow - this.all.size);
  }

  /** @throws When the first of the workers cannot be started at all. */
  private start(count: number): void {
    if (this.isFrozen || this.isBackingOff) return;
    for (let left = count; left > 0; left--)
      this.all.add(this.outsideCall(() => new WorkerHandle(this.transport, this.listener, ++this.started)));
  }

  /** Sets the number of workers there may be. Those that are too many end, each when it is through with its work. */
  setLimit(limit: number): void {
    this.limitNow = limit;
    let surplus = -limit;
    for (const { state, isRecycled } of this.all) if (state !== "ending" && !isRecycled) surplus++;
    for (const worker of this.all) {
      if (surplus <= 0) return;
      if (worker.state === "ending" || worker.isRecycled) continue;
      surplus--;
      worker.recycle();
    }
  }

  /** Ends an idle worker: at once when there are too many, otherwise after `idleTimeoutMs`. */
  letIdle(worker: WorkerHandle): void {
    const { min, idleTimeoutMs } = this.settings;
    if (worker.state !== "ready" || !worker.isIdle) return;
    if (this.all.size > this.limitNow && this.count(isStaying) > this.limitNow) worker.end();
    else worker.endWhenIdle(idleTimeoutMs, () => this.count(isStaying) > min);
  }

  /** Ends the pause after a failed start, because somebody calls again. */
  onCallMade(): void {
    this.isPaused = false;
  }

  onReady(): void {
    this.isPaused = false;
    this.failedStarts = 0;
  }

  /** Pauses starts, because a worker could not be started while others work. */
  onStartFailed(): void {
    this.isPaused = true;
  }

  /**
   * Pauses starts for a while, because a worker was ended from outside while it started. Returns false when that has happened too often.
   *
   * @param onOver Called when the pause is over.
   */
  backOff(onOver: () => void): boolean {
    const waitMs = BACK_OFF_MS[this.failedStarts];
    if (waitMs === undefined) {
      this.failedStarts = 0;
      return false;
    }
    if (this.isBackingOff) return true;
    this.failedStarts++;
    this.timers.set("back-off", waitMs, onOver);
    return true;
  }

  onEnded(worker: WorkerHandle): void {
    this.all.delete(worker);
  }

  /** Starts no worker and gives nothing out from now on, because the process ends. */
  freeze(): void {
    this.isFrozen = true;
  }

  /** Undoes {@link freeze}: the process goes on all the same. */
  thaw(): void {
    this.isFrozen = false;
  }

  close(): void {
    this.timers.clearAll();
  }

  private count(isMeant: (worker: WorkerHandle) => boolean): number {
    let count = 0;
    for (const worker of this.all) if (isMeant(worker)) count++;
    return count;
  }
}

function isStaying({ state }: WorkerHandle): boolean {
  return state !== "ending";
}
