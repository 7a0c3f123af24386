import { abortError, onAbort } from "../../core/signal.ts";
import type { LaneCallOptions } from "../lane.ts";
import { packConfig, packInput, packReason, unpackError, unpackOutput } from "../protocol/codec.ts";
import type { StageRecord } from "../stage/stage-record.ts";
import type { WorkerHandle } from "../worker-handle/worker-handle.ts";
import { timedOut } from "./faults.ts";

/** The number of chunks that may be on their way or unread at any time; half of them are granted again at a time. */
const WINDOW = 32;

/** The call of one stream: its chunks wait here until they are read, and the worker produces no more than it has credit for. */
export class StreamCall {
  /** The number of messages that the worker had been sent before it was sent this stream. */
  messagesBefore = 0;
  private worker: WorkerHandle | null = null;
  private chunks: unknown[] = [];
  private consumedCount = 0;
  private state: "open" | "ended" | "failed" = "open";
  private error: unknown;
  private wake: (() => void) | null = null;
  /** Whether the worker has nothing more to do with the stream. */
  private isOver = false;
  private onOver: (() => void) | null = null;
  private received = 0;
  private unfollow: (() => void) | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly id: number,
    readonly record: StageRecord,
    private readonly input: unknown,
    private readonly options: LaneCallOptions,
    /** Called once, when no worker is busy with the stream any more. */
    private readonly over: (stream: StreamCall) => void,
  ) {
    const { signal } = options;
    if (signal !== undefined) this.unfollow = onAbort(signal, () => this.stop(abortError(signal)));
  }

  /** Whether the stream could begin again in another worker without anyone noticing. */
  get canRestart(): boolean {
    return this.received === 0 && this.state === "open";
  }

  /** @throws What structured clone throws for an input that cannot be sent. */
  start(worker: WorkerHandle): void {
    const transfer: unknown[] = [];
    const { where } = this.record;
    const input = packInput(this.input, where, this.record.packing(worker.sharesMemory), transfer);
    const config = packConfig(this.options.config, where, worker.sharesMemory);
    worker.send({ type: "open", stream: this.id, stage: this.record.id, input, config, credit: WINDOW }, transfer);
    this.worker = worker;
    const { timeoutMs } = this.options;
    if (timeoutMs === undefined) return;
    this.timer = setTimeout(() => this.stop(timedOut(this.record.label, timeoutMs)), timeoutMs);
  }

  receive(values: readonly unknown[]): void {
    this.received += values.length;
    if (this.state !== "open") return;
    this.chunks.push(...values);
    this.wake?.();
  }

  /** Takes note that the worker is through with the stream. */
  ended(failed: boolean, error?: unknown): void {
    if (failed) this.fail(unpackError(error));
    else if (this.state === "open") this.state = "ended";
    this.finish();
  }

  /** Fails the stream, because its worker is gone or there never was one. */
  lost(error: unknown): void {
    this.fail(error);
    this.finish();
  }

  /** Leaves the worker, which was ended for another's sake before it sent a chunk: the stream may start elsewhere. */
  detach(): void {
    this.worker = null;
    clearTimeout(this.timer);
  }

  /** The chunks, in order. Leaving the loop waits until the generator in the worker has been closed. */
  async *read(): AsyncGenerator<unknown> {
    try {
      while (true) {
        if (this.chunks.length > 0) {
          const values = this.chunks;
          this.chunks = [];
          for (const value of values) {
            yield unpackOutput(value);
            this.consumed();
          }
        } else if (this.state === "failed") {
          throw this.error;
        } else if (this.state === "ended") {
          return;
        } else {
          await new Promise<void>((resolve) => {
            this.wake = () => {
              this.wake = null;
              resolve();
            };
          });
        }
      }
    } finally {
      await this.leave();
    }
  }

  private consumed(): void {
    if (++this.consumedCount % (WINDOW / 2) !== 0 || this.isOver) return;
    this.worker?.send({ type: "credit", stream: this.id, count: WINDOW / 2 });
  }

  /** Ends the generator in the worker, and the worker when that does not happen in time. */
  private async leave(): Promise<void> {
    if (this.isOver) return;
    if (this.state === "failed") {
      this.askToEnd(this.error);
      return;
    }
    this.state = "ended";
    this.askToEnd(undefined);
    await new Promise<void>((resolve) => {
      if (this.isOver) resolve();
      else this.onOver = resolve;
    });
  }

  private askToEnd(reason: unknown): void {
    const { worker } = this;
    clearTimeout(this.timer);
    if (worker === null) {
      this.finish();
      return;
    }
    worker.send({ type: "leave", stream: this.id, reason: packReason(reason) });
    this.timer = setTimeout(() => worker.kill(), worker.graceMs);
  }

  /** Fails, and ends the generator in the worker. */
  stop(error: unknown): void {
    if (this.state !== "open") return;
    this.fail(error);
    if (!this.isOver) this.askToEnd(error);
  }

  private fail(error: unknown): void {
    if (this.state === "failed") return;
    this.state = "failed";
    this.error = error;
    this.wake?.();
  }

  private finish(): void {
    if (this.isOver) return;
    this.isOver = true;
    clearTimeout(this.timer);
    this.unfollow?.();
    this.wake?.();
    this.onOver?.();
    this.over(this);
  }
}
