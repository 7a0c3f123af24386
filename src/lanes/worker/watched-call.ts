import type { StepMeter } from "../../observe/step-meter.ts";
import type { StepCall } from "../stage/stage-step.ts";

const aborted = Object.getOwnPropertyDescriptor(AbortSignal.prototype, "aborted")!.get!;
const { throwIfAborted } = AbortSignal.prototype;

/** Has `signal.aborted` look for messages, so that `while (!signal.aborted)` ends. Threads only: a process cannot look. */
function watchFromLoops(signal: AbortSignal, attend: () => void): void {
  Object.defineProperties(signal, {
    aborted: {
      get() {
        if (!aborted.call(signal)) attend();
        return aborted.call(signal);
      },
    },
    throwIfAborted: {
      value() {
        attend();
        throwIfAborted.call(signal);
      },
    },
  });
}

/** A call that can be cancelled. Its signal is made when the function asks for it. */
export class WatchedCall implements StepCall {
  private controller: AbortController | undefined;
  private cancelled: { reason: unknown } | undefined;
  meter: StepMeter | undefined;

  constructor(
    readonly config: unknown,
    /** Handles messages that came while the function kept the event loop busy. */
    private readonly attend: () => void,
  ) {}

  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      watchFromLoops(this.controller.signal, this.attend);
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
