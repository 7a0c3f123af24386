import type { Call } from "../pool/call.ts";

/** What the watchdog of a worker needs to know of it. */
export interface Watched {
  /** When the worker started on a call, in milliseconds since the epoch; undefined when it has not. */
  startOf(call: Call): number | undefined;
  /** The time of a call is up. */
  expire(call: Call): void;
  /** A stopped call has not ended in time. */
  kill(): void;
}

/**
 * Ends what runs too long: a call whose timeout has passed since a worker started on it, and a worker in which a call goes on
 * for longer than `graceMs` after it was stopped. One timer per worker, set to the first moment at which anything could be due.
 */
export class Watchdog {
  private readonly calls = new Set<Call>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private dueAt = Number.POSITIVE_INFINITY;

  constructor(
    private readonly worker: Watched,
    private readonly graceMs: number,
  ) {}

  watch(call: Call): void {
    this.calls.add(call);
    const wait = call.stoppedAt > 0 ? this.graceMs : call.options.timeoutMs!;
    this.arm(Date.now() + wait);
  }

  unwatch(call: Call): void {
    if (!this.calls.delete(call) || this.calls.size > 0) return;
    this.close();
  }

  close(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.calls.clear();
    this.dueAt = Number.POSITIVE_INFINITY;
  }

  private arm(dueAt: number): void {
    if (dueAt >= this.dueAt) return;
    this.dueAt = dueAt;
    clearTimeout(this.timer);
    // The pool keeps the process alive while calls are pending; nobody waits for one that has been stopped.
    this.timer = setTimeout(() => this.wake(), Math.max(0, dueAt - Date.now()));
    (this.timer as { unref?: () => void }).unref?.();
  }

  /** When this event loop was held up, results that arrived in time have not been seen yet: look at them first. */
  private wake(): void {
    const { setImmediate } = globalThis;
    this.timer = undefined;
    setImmediate(() => this.check());
  }

  private check(): void {
    if (this.timer !== undefined) return;
    this.dueAt = Number.POSITIVE_INFINITY;
    const now = Date.now();
    let next = Number.POSITIVE_INFINITY;
    for (const call of this.calls) {
      let due = this.dueOf(call, now);
      if (due <= now) {
        if (call.stoppedAt > 0) {
          this.close();
          this.worker.kill();
          return;
        }
        this.worker.expire(call);
        due = this.dueOf(call, now);
      }
      if (due < next) next = due;
    }
    if (this.calls.size > 0) this.arm(Math.max(next, now + 1));
  }

  /** When something may have to be done about a call. One that has not started is looked at again later. */
  private dueOf(call: Call, now: number): number {
    const start = this.worker.startOf(call);
    if (call.stoppedAt > 0) return (start === undefined ? now : Math.max(call.stoppedAt, start)) + this.graceMs;
    return (start ?? now) + call.options.timeoutMs!;
  }
}
