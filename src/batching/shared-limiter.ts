import { abortError, onAbort } from "../core/signal.ts";
import { FairQueue } from "./fair-queue.ts";
import { type Admittance, Entrant } from "./limiter.ts";
import type { LimitKeeper, SharedLimit } from "./shared-limits.ts";
import type { Timers } from "./timers.ts";

/** The number of starts that are asked for at once. */
const MOST_WANTED = 1000;

/**
 * Lets inputs start as limits allow that other threads and machines share. Those who wait here stand in a fair queue, and this holder in one of
 * holders at the keeper. One question at a time is under way, which tells how many run and asks for those that wait.
 */
export class SharedLimiter implements Admittance {
  running = 0;
  private readonly queue: FairQueue;
  private readonly holder = crypto.randomUUID();
  private isAsking = false;
  /** Whether the keeper has something to learn that it was not told with the question under way. */
  private isNews = false;
  private timer: unknown;

  constructor(
    private readonly limit: SharedLimit,
    private readonly keeper: LimitKeeper,
    private readonly timers: Timers,
  ) {
    this.queue = new FairQueue(timers.soon);
  }

  get waiting(): number {
    return this.queue.length;
  }

  /** Nobody starts without asking. */
  tryEnter(): boolean {
    return false;
  }

  enter(caller: object, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(abortError(signal));
        return;
      }
      let stopWatching: (() => void) | undefined;
      const entrant = new Entrant(() => {
        stopWatching?.();
        resolve();
      }, reject);
      if (signal !== undefined)
        stopWatching = onAbort(signal, () => {
          this.queue.remove(entrant);
          reject(abortError(signal));
        });
      // Those who come while others wait are asked for with them.
      const isFirst = this.queue.length === 0;
      this.queue.push(entrant, caller);
      if (isFirst) this.tell();
    });
  }

  leave(): void {
    this.running--;
    this.tell();
  }

  /** Has the keeper told at the end of this turn, or as soon as it has answered. */
  private tell(): void {
    this.isNews = true;
    if (this.isAsking) return;
    this.isAsking = true;
    this.timers.soon(() => void this.ask());
  }

  private async ask(): Promise<void> {
    this.timers.clear(this.timer);
    this.timer = undefined;
    try {
      let againMs = 0;
      while (this.isNews) {
        this.isNews = false;
        const { holder, running, queue } = this;
        const wanted = Math.min(queue.length, MOST_WANTED);
        const answer = await this.keeper.admit(this.limit, { holder, running, wanted });
        againMs = answer.againMs;
        this.admit(answer.granted);
        // There may be room for those who came meanwhile, or were too many.
        if (answer.granted === wanted && queue.length > 0) this.isNews = true;
      }
      if (this.running > 0 || this.queue.length > 0) this.timer = this.timers.set(() => this.tell(), againMs);
    } catch (error) {
      for (let entrant = this.queue.shift(); entrant !== null; entrant = this.queue.shift())
        (entrant as Entrant).refuse(error);
    } finally {
      this.isAsking = false;
      // Somebody came after the last look.
      if (this.isNews) this.tell();
    }
  }

  private admit(granted: number): void {
    for (let left = granted; left > 0; left--) {
      const entrant = this.queue.shift() as Entrant | null;
      if (entrant === null) {
        // Who wanted it has gone.
        this.isNews = true;
        return;
      }
      this.running++;
      entrant.enter();
    }
  }
}
