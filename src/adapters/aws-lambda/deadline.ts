import { stopError } from "../../core/signal.ts";
import type { LambdaContext } from "./types.ts";

/** Ends a call a little before the function's time is up, so that there is time left to answer. */
export class Deadline {
  private readonly controller = new AbortController();
  private readonly timer: ReturnType<typeof setTimeout> | undefined;

  /** @param context The context of the call. Without one, as in a test of a function, there is no limit. */
  constructor(context: LambdaContext | undefined, marginMs: number) {
    if (context === undefined) return;
    const leftMs = Math.max(0, context.getRemainingTimeInMillis() - marginMs);
    this.timer = setTimeout(() => {
      const message = `The call was not done ${marginMs} ms before the function's time was up.`;
      this.controller.abort(stopError("TimeoutError", message));
    }, leftMs);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Ends the call for another reason. */
  abort(reason: Error): void {
    this.controller.abort(reason);
  }

  clear(): void {
    clearTimeout(this.timer);
  }
}
