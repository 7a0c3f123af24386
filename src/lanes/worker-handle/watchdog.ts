import { afterTurn, unref } from "../../core/platform.ts";
import type { Call } from "../pool/call.ts";
import type { Chunk } from "../pool/chunk.ts";
import { timedOut, withStack } from "../pool/faults.ts";
import { packReason } from "../protocol/codec.ts";
import type { ReportMessage, ToWorker } from "../protocol/messages.ts";
import type { WorkerConnection } from "../protocol/transport.ts";

/** The time to wait for a worker's stack. One in an endless loop tells it in 15 ms, if the machine is not busy with something else. */
const STACK_MS = 250;

/** The part of a worker that its watchdog needs. */
export interface Watched {
  /** The time that a call may go on after it was told to end, in milliseconds. */
  readonly graceMs: number;
  readonly connection: Pick<WorkerConnection, "progress">;
  sendQuietly(message: ToWorker): void;
  /** The lines of the worker's stack; undefined where nobody can tell. */
  stack(withinMs: number): Promise<string[] | undefined> | undefined;
  kill(): void;
}

/**
 * Ends what runs too long: a call whose timeout has passed since a worker started on it, and a worker in which a call goes on
 * for longer than `graceMs` after it was stopped. One timer per worker, set to the first moment at which anything could be due.
 */
export class Watchdog {
  private readonly calls = new Set<Call>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private dueAt = Number.POSITIVE_INFINITY;

  constructor(private readonly worker: Watched) {}

  watch(call: Call): void {
    this.calls.add(call);
    const wait = call.stoppedAt > 0 ? this.worker.graceMs : call.options.timeoutMs!;
    this.arm(Date.now() + wait);
  }

  /** Cancels a running call. An error that says that its time is up gets the stack of the worker, a moment later. */
  cancel(call: Call, reason: unknown): void {
    if (reason instanceof DOMException && reason.name === "TimeoutError")
      this.stackOf(call)?.then((lines) => lines !== undefined && withStack(reason, lines));
    this.stop(call, reason);
  }

  /** Asks a running call to end; the worker is ended when it does not. The call is settled already, or will be by its outcome. */
  private stop(call: Call, reason: unknown): void {
    // A worker that is at it may go on for `graceMs` from now, and not from when that is first seen.
    this.startOf(call);
    call.stoppedAt = Date.now();
    const { index } = call;
    this.worker.sendQuietly({ type: "cancel", chunk: call.chunk!.id, index, reason: packReason(reason) });
    this.watch(call);
  }

  /** Cancels a call whose time is up. */
  expire(call: Call): void {
    const error = timedOut(call.record.label, call.options.timeoutMs!);
    const stack = this.stackOf(call);
    this.stop(call, error);
    if (stack === undefined) call.reject(error);
    else stack.then((lines) => call.reject(lines === undefined ? error : withStack(error, lines)));
  }

  /** Takes a worker's report on a watched chunk. */
  onReport(chunk: Chunk, startedBefore: number, { from, indices, values }: ReportMessage): void {
    const now = Date.now();
    chunk.newsAt = now;
    for (let index = startedBefore; index < chunk.started; index++) chunk.calls[index]!.startedAt ||= now;
    for (let at = 0; at < values.length; at++) this.unwatch(chunk.calls[indices?.[at] ?? from + at]!);
  }

  private unwatch(call: Call): void {
    if (!this.calls.delete(call) || this.calls.size > 0) return;
    this.close();
  }

  close(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.calls.clear();
    this.dueAt = Number.POSITIVE_INFINITY;
  }

  private arm(dueAt: number): void {
    if (dueAt >= this.dueAt) return;
    this.dueAt = dueAt;
    clearTimeout(this.timer);
    // The pool keeps the process alive while calls are pending; nobody waits for one that has been stopped.
    this.timer = setTimeout(() => this.wake(), Math.max(0, dueAt - Date.now()));
    unref(this.timer);
  }

  /** Looks at reports first: when this event loop was held up, results that arrived in time have not been seen yet. */
  private wake(): void {
    this.timer = undefined;
    afterTurn(() => this.check());
  }

  private check(): void {
    if (this.timer !== undefined) return;
    this.dueAt = Number.POSITIVE_INFINITY;
    const now = Date.now();
    let next = Number.POSITIVE_INFINITY;
    for (const call of this.calls) {
      let due = this.dueOf(call, now);
      if (due <= now) {
        if (call.stoppedAt > 0) {
          this.close();
          this.worker.kill();
          return;
        }
        this.expire(call);
        due = this.dueOf(call, now);
      }
      if (due < next) next = due;
    }
    if (this.calls.size > 0) this.arm(Math.max(next, now + 1));
  }

  /** The time at which a call may have to be stopped or its worker ended. A call that has not started is looked at again later. */
  private dueOf(call: Call, now: number): number {
    const start = this.startOf(call);
    const { graceMs } = this.worker;
    if (call.stoppedAt > 0) return (start === undefined ? now : Math.max(call.stoppedAt, start)) + graceMs;
    return (start ?? now) + call.options.timeoutMs!;
  }

  /** When the worker started on a call, in milliseconds since the epoch; undefined when it has not. */
  private startOf(call: Call): number | undefined {
    if (call.startedAt > 0) return call.startedAt;
    const progress = this.worker.connection.progress();
    const { id, newsAt } = call.chunk!;
    // A process says when a chunk begins; it says when an input starts only if that has a timeout.
    if (progress === null) return call.stoppedAt > 0 && newsAt > 0 ? newsAt : undefined;
    if (id > progress.chunk || (id === progress.chunk && call.index > progress.index)) return undefined;
    const isAt = id === progress.chunk && call.index === progress.index;
    call.startedAt = isAt && progress.since > 0 ? progress.since : Date.now();
    return call.startedAt;
  }

  private stackOf(call: Call): Promise<string[] | undefined> | undefined {
    const { worker } = this;
    return this.runs(call) ? worker.stack(Math.min(STACK_MS, worker.graceMs / 2)) : undefined;
  }

  /** Whether the worker is in the function of a call now, and does not wait for something. */
  private runs({ chunk, index }: Call): boolean {
    const progress = this.worker.connection.progress();
    return progress?.running === true && progress.chunk === chunk?.id && progress.index === index;
  }
}
