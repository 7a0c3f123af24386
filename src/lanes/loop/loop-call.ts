import { abortError, onAbort } from "../../core/signal.ts";
import type { LaneCallOptions } from "../lane.ts";
import { timedOut } from "../pool/faults.ts";
import type { StepCall } from "../stage/stage-step.ts";
import type { LoopStage } from "./loop-stage.ts";

/** The longest delay of a timer, in milliseconds. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The call of one input, or one stream, on this event loop. It settles once, whatever its function does afterwards. */
export class LoopCall implements StepCall {
  readonly config: unknown;
  /** Whether the function has been called. */
  hasStarted = false;
  /** The reason of the stop, once the call was stopped. */
  stopped: { readonly reason: unknown } | undefined;
  /** The time that the function kept the loop busy before it returned, in milliseconds. */
  busyMs = 0;
  private settled = false;
  readonly queuedAt = performance.now();
  private startedAt = 0;
  private controller: AbortController | undefined;
  private readonly unfollow: (() => void) | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly stage: LoopStage,
    private readonly options: LaneCallOptions,
    /** Called once, if the call is stopped before it has ended. */
    private readonly onStop: (reason: unknown) => void,
    /** Called once, when nobody waits for the call any more. */
    private readonly onSettled: (call: LoopCall) => void,
  ) {
    this.config = options.config;
    const { signal } = options;
    if (signal !== undefined) this.unfollow = onAbort(signal, () => this.stop(abortError(signal)));
  }

  /** The signal that the function sees; undefined where nothing can abort it. */
  get signal(): AbortSignal | undefined {
    const { signal, timeoutMs } = this.options;
    return signal === undefined && timeoutMs === undefined ? undefined : this.whenStopped;
  }

  /** Aborts when the call is stopped, for whatever reason. */
  get whenStopped(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      if (this.stopped !== undefined) this.controller.abort(this.stopped.reason);
    }
    return this.controller.signal;
  }

  /** Begins the work, and its time. */
  start(): void {
    this.hasStarted = true;
    this.startedAt = performance.now();
    this.stage.meter.sent([this], this.startedAt);
    const { timeoutMs } = this.options;
    if (timeoutMs !== undefined)
      this.timer = setTimeout(() => this.expire(timeoutMs), Math.min(timeoutMs, MAX_TIMER_MS));
  }

  /** The time since the function was called, in milliseconds. */
  get elapsedMs(): number {
    return performance.now() - this.startedAt;
  }

  /** Rejects the call for whoever waits, and aborts the signal of the function. */
  stop(reason: unknown): void {
    if (this.settled) return;
    this.stopped = { reason };
    this.end(true);
    this.controller?.abort(reason);
    this.onStop(reason);
  }

  /** Stops the call if its time is up: no timer can fire while a function keeps the loop busy. */
  expireIfLate(): void {
    const { timeoutMs } = this.options;
    if (timeoutMs !== undefined && this.elapsedMs >= timeoutMs) this.expire(timeoutMs);
  }

  /** Takes the end of the function. Returns whether the call ends by that, and was not stopped before. */
  end(failed: boolean): boolean {
    if (this.settled) return false;
    this.settled = true;
    clearTimeout(this.timer);
    this.unfollow?.();
    if (this.hasStarted) this.stage.count(failed, this.busyMs);
    this.onSettled(this);
    return true;
  }

  private expire(timeoutMs: number): void {
    this.stop(timedOut(this.stage.label, timeoutMs));
  }
}
