import { abortError, onAbort } from "../core/signal.ts";
import { FairQueue, Place } from "./fair-queue.ts";
import { MAX_DELAY_MS, type Timers } from "./timers.ts";

/** The limits of a runnable: how many inputs run at once, and how many start in a time. */
export interface Limits {
  /** The number of inputs that run at once at most. @default unlimited */
  maxConcurrency?: number | undefined;
  /** The number of inputs that start per second at most, on average; fractions are allowed (0.5: one in two seconds). @default unlimited */
  ratePerSecond?: number | undefined;
  /**
   * The number of inputs that may start at once after a pause, when there is a `ratePerSecond`: in no time of t seconds do more than
   * `burst + t * ratePerSecond` start, but for what a late timer makes up for. With 1, starts are spread evenly.
   * @default 1
   */
  burst?: number | undefined;
  /**
   * The extent of the limits: all calls through this runnable in this thread, or with `"cluster"` all that go through limits of the same `key`,
   * on all machines that use the same broker. The module has to import `runlane/cluster`.
   * @default "thread"
   */
  scope?: "thread" | "cluster" | undefined;
  /** The name of the limits at the broker, where their `scope` is `"cluster"`: whoever names the same has the same ones, and should say the same of them. */
  key?: string | undefined;
  /** The URL of the broker, where their `scope` is `"cluster"`. @default RUNLANE_BROKER, or `embedded:` */
  broker?: string | undefined;
}

/** Lets inputs start, and keeps those waiting that may not yet. */
export interface Admittance {
  /** The number of inputs that have started and are not done. */
  readonly running: number;
  /** The number of inputs that wait for their start. */
  readonly waiting: number;
  /** Starts one input if that is allowed now and nobody waits. Each start is followed by one {@link leave}. */
  tryEnter(): boolean;
  /**
   * Waits for the start of one input.
   *
   * @param caller The object that stands for the caller: callers take turns.
   * @returns Rejects with the signal's error when that aborts; then the input has no place any more, and {@link leave} is not called.
   */
  enter(caller: object, signal: AbortSignal | undefined): Promise<void>;
  /** Takes note that an input that was started is done. */
  leave(): void;
}

/**
 * Timers fire late, by a millisecond or more. An input that has waited for one is let in as if it had been on time, up to so many
 * milliseconds: without that a rate of 100 per second would be 90. More lateness, of a loop that was held up, is not made up for.
 */
const LATE_MS = 20;

/** An input that waits for its start. */
export class Entrant extends Place {
  constructor(
    readonly enter: () => void,
    readonly refuse: (error: unknown) => void,
  ) {
    super();
  }
}

/**
 * Lets inputs start as limits allow; who has to wait does so in a fair queue. The rate is a token bucket, kept as the one time at
 * which the bucket will be full again (the generic cell rate algorithm of ATM networks), so that nothing is counted between starts.
 *
 * There is no timer unless somebody waits for one.
 */
export class Limiter implements Admittance {
  private readonly queue: FairQueue;
  private readonly maxConcurrency: number;
  /** The time for one token, in milliseconds; 0 without a rate. */
  private readonly intervalMs: number;
  /** The time before the bucket is full from which on a start is allowed, in milliseconds. */
  private readonly toleranceMs: number;
  running = 0;
  /** The time at which the bucket will be full, by the clock. */
  private fullAt = Number.NEGATIVE_INFINITY;
  private timer: unknown;

  constructor(
    { maxConcurrency = Number.POSITIVE_INFINITY, ratePerSecond = Number.POSITIVE_INFINITY, burst = 1 }: Limits,
    private readonly timers: Timers,
  ) {
    this.queue = new FairQueue(timers.soon);
    this.maxConcurrency = maxConcurrency;
    this.intervalMs = 1000 / ratePerSecond;
    this.toleranceMs = (burst - 1) * this.intervalMs;
  }

  get waiting(): number {
    return this.queue.length;
  }

  tryEnter(): boolean {
    if (this.queue.length > 0 || this.running >= this.maxConcurrency) return false;
    if (this.intervalMs > 0 && !this.takeToken(this.timers.now(), 0)) return false;
    this.running++;
    return true;
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
      if (signal !== undefined) {
        stopWatching = onAbort(signal, () => {
          this.queue.remove(entrant);
          this.rest();
          reject(abortError(signal));
        });
      }
      this.queue.push(entrant, caller);
      this.admit();
    });
  }

  leave(): void {
    this.running--;
    if (this.queue.length > 0) this.admit();
  }

  /** Starts waiting inputs, as far as that is allowed now. @param lateMs How much later this is than it should be, in milliseconds. */
  private admit(lateMs = 0): void {
    while (this.queue.length > 0 && this.running < this.maxConcurrency) {
      if (this.intervalMs > 0 && !this.takeToken(this.timers.now(), lateMs)) {
        this.awaitToken();
        return;
      }
      this.running++;
      (this.queue.shift() as Entrant).enter();
    }
    this.rest();
  }

  private takeToken(now: number, lateMs: number): boolean {
    if (now < this.fullAt - this.toleranceMs) return false;
    this.fullAt = Math.max(this.fullAt, now - lateMs) + this.intervalMs;
    return true;
  }

  private awaitToken(): void {
    if (this.timer !== undefined) return;
    const { timers } = this;
    const dueAt = this.fullAt - this.toleranceMs;
    // Timers cut fractions of milliseconds off.
    const delayMs = Math.min(Math.max(1, Math.ceil(dueAt - timers.now())), MAX_DELAY_MS);
    this.timer = timers.set(() => {
      this.timer = undefined;
      this.admit(Math.min(Math.max(0, timers.now() - dueAt), LATE_MS));
    }, delayMs);
  }

  /** Stops the timer, because no input waits for a token. */
  private rest(): void {
    if (this.timer === undefined || (this.queue.length > 0 && this.running < this.maxConcurrency)) return;
    this.timers.clear(this.timer);
    this.timer = undefined;
  }
}
