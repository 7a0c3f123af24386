import { abortError, onAbort, raceWithSignal } from "../core/signal.ts";
import { ignoreRejection } from "../core/thenable.ts";

/** Counts the callers that wait for a shared result, which is given up when all of them have left. */
export class Waiters {
  private count = 0;
  private isOver = false;

  /** @param onLeft Called once, when nobody waits any more. */
  constructor(private readonly onLeft: (reason: unknown) => void) {}

  /** Counts one more caller. @returns A function that the caller leaves by. */
  enter(): (reason?: unknown) => void {
    this.count++;
    let isHere = true;
    return (reason) => {
      if (!isHere) return;
      isHere = false;
      this.count--;
      if (this.count > 0 || this.isOver) return;
      this.isOver = true;
      this.onLeft(reason);
    };
  }

  /** Takes note of the result: callers that leave from now on change nothing. */
  close(): void {
    this.isOver = true;
  }
}

/** One run that several callers wait for. A caller whose signal aborts is rejected at once, and the others go on. */
export class SharedRun {
  private readonly waiters: Waiters;

  /** @param onLeft Called when all callers have left before the end: nobody needs the run any more. */
  constructor(
    private readonly output: Promise<unknown>,
    onLeft: (reason: unknown) => void,
  ) {
    this.waiters = new Waiters(onLeft);
    // Each caller has a promise of its own.
    ignoreRejection(output);
    const close = (): void => this.waiters.close();
    output.then(close, close);
  }

  /** The output, for one more caller. */
  join(signal: AbortSignal | undefined): Promise<unknown> {
    const leave = this.waiters.enter();
    if (signal === undefined) return this.output;
    if (signal.aborted) {
      const error = abortError(signal);
      leave(signal.reason);
      return Promise.reject(error);
    }
    const stopWatching = onAbort(signal, () => leave(signal.reason));
    return raceWithSignal(this.output, signal).finally(stopWatching);
  }
}
