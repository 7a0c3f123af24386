import type { StepCall } from "./stages.ts";

/** A call that can be cancelled. Its signal is made when the function asks for it. */
export class WatchedCall implements StepCall {
  private controller: AbortController | undefined;
  private cancelled: { reason: unknown } | undefined;

  constructor(readonly config: unknown) {}

  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      if (this.cancelled !== undefined) this.controller.abort(this.cancelled.reason);
    }
    return this.controller.signal;
  }

  get isCancelled(): boolean {
    return this.cancelled !== undefined;
  }

  cancel(reason: unknown): void {
    if (this.cancelled !== undefined) return;
    this.cancelled = { reason };
    this.controller?.abort(reason);
  }
}
