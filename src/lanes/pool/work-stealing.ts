import { Timers } from "../worker-handle/timers.ts";
import type { WorkerHandle } from "../worker-handle/worker-handle.ts";
import type { Call } from "./call.ts";
import type { Workers } from "./workers.ts";

/** The least work that is stolen, in milliseconds: a hop costs as much. */
const LEAST_WORK_MS = 1;
/**
 * Inputs that have not started for so long, in milliseconds, stand behind one that takes longer than expected. Workers get as long to
 * start the inputs that they have been given.
 */
const PATIENCE_MS = 4;

/**
 * Gives idle workers the inputs that others have been given and have not started. Chunks are sized by what inputs cost on average; one
 * that costs a hundred times as much would hold up those behind it otherwise.
 */
export class WorkStealing {
  private readonly timers = new Timers();

  constructor(
    private readonly workers: Workers,
    /** Called with the calls that were taken from a worker. */
    private readonly onStolen: (calls: readonly Call[], worker: WorkerHandle) => void,
  ) {}

  /** Steals for idle workers, when nothing waits in the queue. Returns whether it is worth checking again. */
  check(): boolean {
    return this.timers.has(this) || this.steal(LEAST_WORK_MS);
  }

  close(): void {
    this.timers.clearAll();
  }

  /**
   * @param worthMs The least work that is worth a hop, as far as that can be foreseen.
   * @returns Whether any worker has inputs that it has not started.
   */
  private steal(worthMs: number): boolean {
    let isIdle = false;
    let busiest: WorkerHandle | undefined;
    let most = { inputs: 0, ms: 0 };
    for (const worker of this.workers.all) {
      if (worker.state !== "ready" || worker.isRecycled || worker.isHeld) continue;
      if (worker.isIdle) {
        isIdle = true;
        continue;
      }
      const unstarted = worker.inFlight.unstarted(worker.connection);
      if (unstarted.inputs === 0 || (busiest !== undefined && unstarted.ms <= most.ms)) continue;
      busiest = worker;
      most = unstarted;
    }
    if (!isIdle || busiest === undefined) return busiest !== undefined;
    this.timers.set(this, PATIENCE_MS, () => this.steal(0));
    if (most.ms < worthMs) return true;
    const taken = busiest.inFlight.stealUnstarted(busiest.connection);
    if (taken.length > 0) this.onStolen(taken, busiest);
    return true;
  }
}
