import { abortError, onAbort } from "../../core/signal.ts";
import type { InputSource, LaneCallOptions } from "../lane.ts";
import type { StageRecord } from "../stage/stage-record.ts";
import type { Chunk } from "./chunk.ts";

const NO_OPTIONS: LaneCallOptions = Object.freeze({});

/** Who is told when calls settle while they wait or run. */
export interface CallListener {
  /** The call's signal aborted. */
  onCallCancelled(call: Call): void;
  /** The promise of the call is settled now. */
  onCallSettled(): void;
}

/** One input on its way. It settles exactly once, whatever happens to workers. */
export abstract class Call {
  readonly options: LaneCallOptions;
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
    options: LaneCallOptions | undefined,
    readonly queuedAt: number,
    private readonly listener: CallListener,
  ) {
    this.options = options ?? NO_OPTIONS;
    const { signal } = this.options;
    if (signal !== undefined) this.unfollow = onAbort(signal, () => this.listener.onCallCancelled(this));
  }

  get isWatched(): boolean {
    return this.options.signal !== undefined || this.options.timeoutMs !== undefined;
  }

  get abortError(): unknown {
    return abortError(this.options.signal!);
  }

  fulfil(value: unknown): void {
    if (this.settle()) this.succeeded(value);
  }

  reject(error: unknown): void {
    if (this.settle()) this.failed(error);
  }

  /** Hands the output on. */
  protected abstract succeeded(value: unknown): void;

  /** Hands the error on. */
  protected abstract failed(error: unknown): void;

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
    this.listener.onCallSettled();
    return true;
  }
}

/** A call that somebody waits for by a promise. */
export class PromisedCall extends Call {
  constructor(
    record: StageRecord,
    input: unknown,
    options: LaneCallOptions | undefined,
    queuedAt: number,
    listener: CallListener,
    private readonly resolve: (value: unknown) => void,
    private readonly refuse: (error: unknown) => void,
  ) {
    super(record, input, options, queuedAt, listener);
  }

  protected succeeded(value: unknown): void {
    this.resolve(value);
  }

  protected failed(error: unknown): void {
    this.refuse(error);
  }
}

/** One of the inputs of a feed. */
export class SourceCall extends Call {
  constructor(
    record: StageRecord,
    private readonly feed: InputSource,
    private readonly key: number,
    options: LaneCallOptions | undefined,
    queuedAt: number,
    listener: CallListener,
  ) {
    super(record, feed.inputOf(key), options, queuedAt, listener);
  }

  protected succeeded(value: unknown): void {
    this.feed.fulfil(this.key, value);
  }

  protected failed(error: unknown): void {
    this.feed.reject(this.key, error);
  }
}
