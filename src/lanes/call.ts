import { abortError, onAbort } from "../core/signal.ts";
import type { Chunk } from "./chunk.ts";
import type { CallOptions } from "./lane.ts";
import type { StageRecord } from "./stage-record.ts";

const NO_OPTIONS: CallOptions = Object.freeze({});

/** Who is told when calls settle while they wait or run. */
export interface CallOwner {
  /** The call's signal aborted. */
  cancelled(call: Call): void;
  /** The promise of the call is settled now. */
  settled(): void;
}

/** One input on its way. Its promise settles exactly once, whatever happens to workers. */
export class Call {
  readonly options: CallOptions;
  settled = false;
  /** Whether it waits in a line. */
  inLine = false;
  /** Whether its input was moved to a worker, so that it cannot be sent again. */
  moved = false;
  /** The chunk that it travels in, when a worker has it. */
  chunk: Chunk | null = null;
  index = -1;
  /** When a worker started on it, in milliseconds since the epoch, as far as somebody needs to know; else 0. */
  startedAt = 0;
  /** When it was cancelled or its time was up; else 0. */
  stoppedAt = 0;
  /** How many workers died before they started on it. */
  lost = 0;
  private unfollow: (() => void) | null = null;

  constructor(
    readonly record: StageRecord,
    /** Forgotten when the call settles. */
    public input: unknown,
    options: CallOptions | undefined,
    readonly queuedAt: number,
    private readonly owner: CallOwner,
    private readonly onFulfilled: (value: unknown) => void,
    private readonly onRejected: (error: unknown) => void,
  ) {
    this.options = options ?? NO_OPTIONS;
    const { signal } = this.options;
    if (signal !== undefined) this.unfollow = onAbort(signal, () => this.owner.cancelled(this));
  }

  get isWatched(): boolean {
    return this.options.signal !== undefined || this.options.timeoutMs !== undefined;
  }

  get abortError(): unknown {
    return abortError(this.options.signal!);
  }

  fulfil(value: unknown): void {
    if (this.settle()) this.onFulfilled(value);
  }

  reject(error: unknown): void {
    if (this.settle()) this.onRejected(error);
  }

  /** Back to the queue, because its worker is gone. */
  release(): void {
    this.chunk = null;
    this.index = -1;
    this.startedAt = 0;
  }

  private settle(): boolean {
    if (this.settled) return false;
    this.settled = true;
    this.input = undefined;
    if (this.unfollow !== null) {
      this.unfollow();
      this.unfollow = null;
    }
    this.owner.settled();
    return true;
  }
}
