import { abortError, onAbort } from "../../core/signal.ts";
import type { LaneCallOptions } from "../lane.ts";
import { timedOut } from "../pool/faults.ts";
import type { StepCall } from "../stage/stage-step.ts";
import type { LoopStage } from "./loop-stage.ts";

/** What a timer can count to. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** One input, or one stream, on this event loop. It settles once, whatever its function does afterwards. */
export class LoopCall implements StepCall {
  readonly config: unknown;
  /** Whether its function has been called. */
  hasStarted = false;
  /** Why it was stopped, if it was. */
  stopped: { readonly reason: unknown } | undefined;
  /** How long its function has kept the loop busy before it returned, in milliseconds. */
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
    /** Told once if it is stopped before it has ended. */
    private readonly onStop: (reason: unknown) => void,
    /** Told once when nobody waits for it any more. */
    private readonly onSettled: (call: LoopCall) => void,
  ) {
    this.config = options.config;
    const { signal } = options;
    if (signal !== undefined) this.unfollow = onAbort(signal, () => this.stop(abortError(signal)));
  }

  /** What the function sees: only where something can abort it. */
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

  /** The work begins, and its time. */
  start(): void {
    this.hasStarted = true;
    this.startedAt = performance.now();
    this.stage.meter.sent([this], this.startedAt);
    const { timeoutMs } = this.options;
    if (timeoutMs !== undefined)
      this.timer = setTimeout(() => this.expire(timeoutMs), Math.min(timeoutMs, MAX_TIMER_MS));
  }

  /** Since its function was called, in milliseconds. */
  get elapsedMs(): number {
    return performance.now() - this.startedAt;
  }

  /** Whoever waits is told now, and the function that its signal aborts. */
  stop(reason: unknown): void {
    if (this.settled) return;
    this.stopped = { reason };
    this.end(true);
    this.controller?.abort(reason);
    this.onStop(reason);
  }

  /** Stops it if its time is up: no timer can fire while a function keeps the loop busy. */
  expireIfLate(): void {
    const { timeoutMs } = this.options;
    if (timeoutMs !== undefined && this.elapsedMs >= timeoutMs) this.expire(timeoutMs);
  }

  /** Its function has ended. Returns whether that is how the call ends. */
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
