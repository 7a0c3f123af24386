import { abortError, allowManyListeners, onAbort, stopError } from "./signal.ts";
import type { Step } from "./step.ts";
import { isThenable } from "./thenable.ts";

/**
 * How far a run may go: until its signal aborts or its time is up. One scope per call that asked for either; its timer and its
 * listener end with it.
 */
export class Scope {
  /** The signal that functions get as `config.signal`. */
  readonly signal: AbortSignal;
  private readonly controller: AbortController | undefined;
  private readonly deadline: number = Number.POSITIVE_INFINITY;
  /** The time limit of the work in the scope, in milliseconds, if there is one. */
  readonly timeoutMs: number | undefined;
  /** The step that keeps the time itself, if one does: the scope never ends for its timeout then. */
  readonly keeper: Step | undefined;
  private readonly timer: ReturnType<typeof setTimeout> | undefined;
  private readonly unfollow: (() => void) | undefined;
  private isShared = false;

  /**
   * @param signal Ends the scope when it aborts.
   * @param timeoutMs Ends the scope after so many milliseconds, counted from now.
   * @param ownController Makes the scope abortable by {@link abort} even without a timeout.
   * @param keeper The step that keeps the time in place of the scope.
   */
  constructor(signal: AbortSignal | undefined, timeoutMs?: number, ownController = false, keeper?: Step) {
    this.timeoutMs = timeoutMs;
    this.keeper = keeper;
    const isTimed = timeoutMs !== undefined && keeper === undefined;
    if (!isTimed && !ownController && signal !== undefined) {
      this.signal = signal;
      return;
    }
    const controller = new AbortController();
    this.controller = controller;
    this.signal = controller.signal;
    if (signal !== undefined) {
      if (signal.aborted) controller.abort(signal.reason);
      else this.unfollow = onAbort(signal, () => controller.abort(signal.reason));
    }
    if (isTimed) {
      this.deadline = performance.now() + timeoutMs;
      this.timer = setTimeout(() => this.expire(), timeoutMs);
    }
  }

  /**
   * Lets many runs listen to the signal from now on. A call that returns at once has no listeners, and need not pay for lifting their
   * limit: a third of the cost of a call with a signal of its own.
   */
  share(): void {
    if (this.isShared) return;
    this.isShared = true;
    allowManyListeners(this.signal);
  }

  /** Throws when the run must not go on: aborted, or past its deadline even if no timer could fire because the loop was busy. */
  check(): void {
    if (this.deadline !== Number.POSITIVE_INFINITY && performance.now() >= this.deadline) this.expire();
    if (this.signal.aborted) throw abortError(this.signal);
  }

  /** Ends the scope now: what runs in it sees its signal abort. */
  abort(reason?: unknown): void {
    this.controller?.abort(reason);
  }

  /** Lets go of the timer and of the listener. The signal stays as it is. */
  close(): void {
    if (this.timer !== undefined) clearTimeout(this.timer);
    this.unfollow?.();
  }

  /**
   * Runs `start` inside the scope and closes it afterwards. What `start` returns at once is returned at once; a promise is waited
   * for until the scope ends.
   */
  guard<T>(start: () => T | PromiseLike<T>): T | Promise<T> {
    let out: T | PromiseLike<T>;
    try {
      this.check();
      out = start();
      if (!isThenable(out)) this.check();
    } catch (error) {
      this.close();
      throw error;
    }
    if (!isThenable(out)) {
      this.close();
      return out;
    }
    this.share();
    return this.settled(out);
  }

  /** The outcome of some work, or the error of the scope where that ends first. One promise does it all: each costs a turn of its own. */
  private settled<T>(work: PromiseLike<T>): Promise<T> {
    const { signal } = this;
    return new Promise((resolve, reject) => {
      const over = (): void => {
        stopWatching?.();
        this.close();
      };
      const failed = (error: unknown): void => {
        over();
        reject(error);
      };
      const stopWatching = signal.aborted ? undefined : onAbort(signal, () => failed(abortError(signal)));
      Promise.resolve(work).then((value) => {
        try {
          this.check();
        } catch (error) {
          failed(error);
          return;
        }
        over();
        resolve(value);
      }, failed);
      if (stopWatching === undefined) failed(abortError(signal));
    });
  }

  private expire(): void {
    this.controller?.abort(stopError("TimeoutError", `The run took longer than its timeout of ${this.timeoutMs} ms.`));
  }
}
