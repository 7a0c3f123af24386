import { unref } from "../../core/platform.ts";

/** Timers by purpose. None of them keeps the process alive: the pool does, while there is work. */
export class Timers {
  private readonly timers = new Map<unknown, ReturnType<typeof setTimeout>>();

  has(purpose: unknown): boolean {
    return this.timers.has(purpose);
  }

  /** Calls back after so many milliseconds; takes the place of an earlier timer for the same purpose. */
  set(purpose: unknown, ms: number, callback: () => void): void {
    this.clear(purpose);
    const timer = setTimeout(
      () => {
        this.timers.delete(purpose);
        callback();
      },
      Math.min(ms, 2 ** 31 - 1),
    );
    unref(timer);
    this.timers.set(purpose, timer);
  }

  clear(purpose: unknown): void {
    clearTimeout(this.timers.get(purpose));
    this.timers.delete(purpose);
  }

  clearAll(): void {
    for (const timer of this.timers.values()) clearTimeout(timer);
    this.timers.clear();
  }
}
