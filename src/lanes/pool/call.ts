import { abortError, onAbort } from "../../core/signal.ts";
import type { InputSource, LaneCallOptions } from "../lane.ts";
import type { StageRecord } from "../stage/stage-record.ts";
import type { Chunk } from "./chunk.ts";

const NO_OPTIONS: LaneCallOptions = Object.freeze({});

/** The listener of a call. */
export interface CallListener {
  /** Called when the signal of a call has aborted. */
  onCallCancelled(call: Call): void;
  /** Called when a call has its outcome. */
  onCallSettled(): void;
}

/** The call of one input. It settles exactly once, whatever happens to workers. */
export abstract class Call {
  readonly options: LaneCallOptions;
  settled = false;
  /** Whether the call waits in a line of the queue. The line alone sets it. */
  inLine = false;
  /** Whether a buffer of the input has moved to a worker, so that the input cannot be sent again. */
  moved = false;
  /** The chunk that the call travels in, while a worker has it. */
  chunk: Chunk | null = null;
  index = -1;
  /** When a worker started on the input, in milliseconds since the epoch; 0 while nobody needs to know. */
  startedAt = 0;
  /** When the call was cancelled or its time was up; 0 before. */
  stoppedAt = 0;
  /** The number of workers that had the call and were lost before they started on it. */
  lost = 0;
  /** The number of workers that the call is suspected of having ended. */
  suspicions = 0;
  private unfollow: (() => void) | null = null;

  constructor(
    readonly record: StageRecord,
    /** The input; forgotten when the call settles. */
    public input: unknown,
    options: LaneCallOptions | undefined,
    readonly queuedAt: number,
    private readonly listener: CallListener,
  ) {
    this.options = options ?? NO_OPTIONS;
    const { signal } = this.options;
    if (signal !== undefined) this.unfollow = onAbort(signal, () => this.listener.onCallCancelled(this));
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

  /** Takes note that the call has left its worker, because that is gone or gave the call back. */
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

/** A call whose caller has a promise. */
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

/** A call for one of the inputs of a source. */
export class SourceCall extends Call {
  constructor(
    record: StageRecord,
    private readonly source: InputSource,
    private readonly key: number,
    options: LaneCallOptions | undefined,
    queuedAt: number,
    listener: CallListener,
  ) {
    super(record, source.inputOf(key), options, queuedAt, listener);
  }

  protected succeeded(value: unknown): void {
    this.source.fulfil(this.key, value);
  }

  protected failed(error: unknown): void {
    this.source.reject(this.key, error);
  }
}
