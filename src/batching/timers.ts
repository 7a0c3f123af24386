import { loopPacer } from "./pacer.ts";

/** The clock and the timers of this platform, as a seam: tests put their own in its place. */
export interface Timers {
  /** The time in milliseconds, from any start; it never goes back. */
  now(): number;
  /** Calls back after so many milliseconds. The timer keeps the process alive, because somebody waits for it. */
  set(callback: () => void, ms: number): unknown;
  clear(timer: unknown): void;
  /** Calls back at the end of the current turn of microtasks: what starts now has started. */
  soon(callback: () => void): void;
}

/** The longest delay that a timer of JavaScript can wait. */
export const MAX_DELAY_MS = 2 ** 31 - 1;

export const platformTimers: Timers = {
  now: () => performance.now(),
  set: (callback, ms) => setTimeout(callback, ms),
  clear: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
  // A batch whose slice is used up in the middle of starting its inputs goes on in the next turn: they are all to be there.
  soon: (callback) => queueMicrotask(() => loopPacer.afterParked(callback)),
};
