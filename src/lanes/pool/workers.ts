import type { Transport } from "../protocol/transport.ts";
import { WorkerHandle, type WorkerListener } from "../worker-handle/worker-handle.ts";
import type { PoolSettings } from "./pool-options.ts";

/** Another worker is started when the queue holds more work than this for each that there is. */
const BACKLOG_MS = 20;

/** The workers of a pool: how many there are, and which one is free. */
export class Workers {
  readonly all = new Set<WorkerHandle>();
  /** Nothing is started, and nothing given out: the process ends. */
  isFrozen = false;
  /** How many workers there may be now. */
  limit: number;
  private started = 0;
  /** A worker failed to start while others worked: no more are started until somebody calls again. */
  isBlocked = false;

  constructor(
    private readonly transport: Transport,
    private readonly listener: WorkerListener,
    private readonly settings: PoolSettings,
    /** Runs a callback outside of the async context of the call that happened to need a worker. */
    private readonly apart: <T>(callback: () => T) => T,
  ) {
    this.limit = settings.atOnce;
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

  /** How many calls could be on their way at once, at least one each. */
  get vacancies(): number {
    let count = this.limit - this.all.size;
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
      if (worker.isIdle && worker.inFlight.streams.size === 0) return worker;
      if (
        best === null ||
        worker.inFlight.chunks.size + worker.inFlight.streams.size <
          best.inFlight.chunks.size + best.inFlight.streams.size
      )
        best = worker;
    }
    return best;
  }

  /** An idle worker to run suspects in: a single one needs a worker that has run nothing yet. */
  forSuspects(single: boolean): WorkerHandle | null {
    for (const worker of this.all) {
      if (worker.state !== "ready" || !worker.isIdle || worker.reserved === "recycling") continue;
      if (!single || worker.served === 0 || this.isBlocked) return worker;
    }
    return null;
  }

  /** Makes room for a worker that runs suspects: a new one, the place of an idle one, or the next one that becomes idle. */
  makeRoom(waiting: number): void {
    if (this.starting >= waiting) return;
    const mayStart = !this.isBlocked || this.all.size === 0;
    if (mayStart && this.all.size < this.limit) {
      this.start(1);
      return;
    }
    const ready = [...this.all].filter(({ state }) => state === "ready");
    if (mayStart && ready.length < this.all.size) return;
    const idle = ready.find((worker) => worker.isIdle);
    if (idle !== undefined) idle.end();
    // Whichever is through first; until then none of them gets more.
    else for (const worker of ready) worker.reserved ??= "suspects";
  }

  releaseReserved(): void {
    for (const worker of this.all) if (worker.reserved === "suspects") worker.reserved = null;
  }

  /** Starts workers for calls that no worker is free for. */
  grow(queued: number, costMs: number | undefined): void {
    if (queued === 0 || (this.isBlocked && this.all.size > 0)) return;
    const { starting } = this;
    const wanted = costMs === undefined ? queued : Math.ceil((queued * costMs) / BACKLOG_MS);
    const needed = Math.max(wanted, this.all.size === 0 ? 1 : 0, this.settings.min - this.all.size);
    this.start(Math.min(needed - starting, this.limit - this.all.size));
  }

  start(count: number): void {
    if (this.isFrozen) return;
    for (let left = count; left > 0; left--) {
      const worker = this.apart(() => new WorkerHandle(this.transport, this.listener, ++this.started));
      this.all.add(worker);
    }
  }

  /** Ends workers that are too many, each when it is through with what it has. */
  retire(): void {
    let surplus = -this.limit;
    for (const { state, reserved } of this.all) if (state !== "ending" && reserved !== "recycling") surplus++;
    for (const worker of this.all) {
      if (surplus <= 0) return;
      if (worker.state === "ending" || worker.reserved === "recycling") continue;
      surplus--;
      if (worker.isIdle) worker.end();
      else worker.reserved = "recycling";
    }
  }

  /** Workers beyond `min` end when they have had nothing to do for long. */
  letIdle(worker: WorkerHandle): void {
    const { min, idleTimeoutMs } = this.settings;
    if (worker.state !== "ready" || !worker.isIdle) return;
    worker.endWhenIdle(idleTimeoutMs, () => {
      let staying = 0;
      for (const other of this.all) if (other.state !== "ending") staying++;
      return staying > min;
    });
  }
}
