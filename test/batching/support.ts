import type { Timers } from "../../src/batching/timers.ts";

/** Timers that a test turns on by hand. What comes due together is called in the order in which it was set. */
export class HandTimers implements Timers {
  private time = 0;
  private readonly timers = new Map<object, { at: number; callback: () => void }>();

  readonly now = (): number => this.time;

  readonly set = (callback: () => void, ms: number): unknown => {
    const timer = {};
    this.timers.set(timer, { at: this.time + ms, callback });
    return timer;
  };

  readonly clear = (timer: unknown): void => {
    this.timers.delete(timer as object);
  };

  readonly soon = (callback: () => void): void => queueMicrotask(callback);

  get running(): number {
    return this.timers.size;
  }

  /** Lets time pass, timer by timer. */
  pass(ms: number): void {
    const end = this.time + ms;
    while (this.fireNext(end, 0));
    this.time = end;
  }

  /** Lets time pass, and promises settle after each timer. @param lateMs How much later than they should timers are called. */
  async passSlowly(ms: number, lateMs = 0): Promise<void> {
    const end = this.time + ms;
    await settled();
    while (this.fireNext(end, lateMs)) await settled();
    this.time = Math.max(this.time, end);
  }

  private fireNext(end: number, lateMs: number): boolean {
    const [timer, next] = [...this.timers].sort(([, one], [, other]) => one.at - other.at)[0] ?? [];
    if (timer === undefined || next === undefined || next.at + lateMs > end) return false;
    this.timers.delete(timer);
    this.time = Math.max(this.time, next.at + lateMs);
    next.callback();
    return true;
  }
}

/** Lets all promises that can settle do so. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
