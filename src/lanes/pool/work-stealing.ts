import type { PoolWorker } from "../worker-handle/pool-worker.ts";
import { Timers } from "../worker-handle/timers.ts";
import type { Call } from "./call.ts";
import type { Crew } from "./workers.ts";

/** Work that is less than this stays where it is: a hop costs as much. In milliseconds. */
const WORTH_MS = 1;
/**
 * What has not started for so long is behind an input that takes longer than expected. It is also how long workers get to start what they
 * have been given.
 */
const PATIENCE_MS = 4;

/**
 * Gives idle workers the inputs that others have been given and have not started. Chunks are sized by what inputs cost on average; one
 * that costs a hundred times as much would hold up those behind it otherwise.
 */
export class Balance {
  private readonly timers = new Timers();

  constructor(
    private readonly crew: Crew,
    /** Puts calls back into the queue. */
    private readonly putBack: (calls: readonly Call[]) => void,
  ) {}

  /** Nothing waits: looks whether a worker is idle while another one has more than it does. */
  look(): void {
    if (!this.timers.has(this)) this.share(WORTH_MS);
  }

  close(): void {
    this.timers.clearAll();
  }

  /** @param worthMs How much work it takes, as far as that can be foreseen. */
  private share(worthMs: number): void {
    let isIdle = false;
    let busiest: PoolWorker | undefined;
    let most = { inputs: 0, ms: 0 };
    for (const worker of this.crew.workers) {
      if (worker.state !== "ready" || worker.reserved !== null) continue;
      if (worker.isIdle) isIdle = true;
      const { unstarted } = worker;
      if (unstarted.inputs === 0 || (busiest !== undefined && unstarted.ms <= most.ms)) continue;
      busiest = worker;
      most = unstarted;
    }
    if (!isIdle || busiest === undefined) return;
    this.timers.set(this, PATIENCE_MS, () => this.share(0));
    if (most.ms < worthMs) return;
    const taken = busiest.takeBack();
    if (taken.length > 0) this.putBack(taken);
  }
}
