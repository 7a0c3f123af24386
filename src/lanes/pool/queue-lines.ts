import type { FeedHandle, InputSource, LaneCallOptions } from "../lane.ts";
import { knownBytes } from "../protocol/codec.ts";
import type { StageRecord } from "../stage/stage-record.ts";
import { type Call, type CallListener, SourceCall } from "./call.ts";

/** The number of bytes at which a chunk stops growing, as far as inputs tell theirs. */
const MAX_BYTES = 1 << 20;
/** The number of settled calls that a line keeps at most before it lets go of them. */
const MAX_GONE = 8192;

/** Inputs of one stage and one priority that wait in order. */
export interface QueueLine {
  readonly record: StageRecord;
  readonly priority: number;
  /** Since when the first input waits, by `performance.now()`; undefined when the line is empty. */
  readonly since: number | undefined;
  /** Takes out up to `count` inputs. */
  take(count: number): Call[];
  /** Takes out all inputs. */
  drain(): Call[];
}

/** Single calls of one stage and one priority, first come first served. */
export class CallLine implements QueueLine {
  private calls: Call[] = [];
  private head = 0;

  constructor(
    readonly record: StageRecord,
    readonly priority: number,
  ) {}

  /** Since when the first call waits that has not settled. Calls before it are dropped. */
  get since(): number | undefined {
    const { calls } = this;
    while (this.head < calls.length && calls[this.head]!.settled) this.head++;
    if (this.head < calls.length) return calls[this.head]!.queuedAt;
    if (this.head > 0) {
      this.calls = [];
      this.head = 0;
    }
    return undefined;
  }

  push(call: Call): void {
    this.calls.push(call);
  }

  /** Puts calls back to the front of the line, where they came from. */
  putBack(calls: readonly Call[]): void {
    this.calls = [...calls, ...this.calls.slice(this.head)];
    this.head = 0;
  }

  take(count: number): Call[] {
    const { calls } = this;
    const taken: Call[] = [];
    let bytes = 0;
    while (taken.length < count && this.head < calls.length && bytes < MAX_BYTES) {
      const call = calls[this.head++]!;
      if (call.settled) continue;
      if (typeof call.input !== "number") bytes += knownBytes(call.input);
      taken.push(call);
    }
    // Calls that were taken must not stay in memory until the line is empty.
    if (this.head > MAX_GONE && this.head * 2 > calls.length) {
      this.calls = calls.slice(this.head);
      this.head = 0;
    }
    return taken;
  }

  drain(): Call[] {
    const rest = this.calls.slice(this.head).filter((call) => !call.settled);
    this.calls = [];
    this.head = 0;
    return rest;
  }
}

/** The listener of an input source. */
export interface SourceListener extends CallListener {
  /** Called when an input of a source has become a call. */
  onInputTaken(): void;
  /** Called when a source has inputs to give. */
  onSourceWoken(): void;
  /** Called when a source gives no more inputs. */
  onSourceStopped(line: SourceLine): void;
}

/** The inputs of a source. They become calls when a worker has room for them, and not before. */
export class SourceLine implements QueueLine, FeedHandle {
  readonly priority: number;
  /** When the source last got in line. It does so after each chunk, so that single calls get between. */
  private standsSince = performance.now();
  private stopped = false;
  /** The error with which inputs are refused from now on. */
  private refusal: { readonly error: unknown } | undefined;

  constructor(
    readonly record: StageRecord,
    private readonly source: InputSource,
    private readonly options: LaneCallOptions | undefined,
    private readonly listener: SourceListener,
  ) {
    this.priority = options?.priority ?? 0;
  }

  get waiting(): number {
    return this.stopped ? 0 : this.source.waiting;
  }

  get since(): number | undefined {
    return this.waiting > 0 ? this.standsSince : undefined;
  }

  take(count: number): SourceCall[] {
    const { record, source, options, listener } = this;
    const taken: SourceCall[] = [];
    const now = performance.now();
    let bytes = 0;
    while (taken.length < count && bytes < MAX_BYTES && this.waiting > 0) {
      listener.onInputTaken();
      const call = new SourceCall(record, source, source.take(), options, this.standsSince, listener);
      bytes += knownBytes(call.input);
      taken.push(call);
    }
    this.standsSince = now;
    return taken;
  }

  drain(): SourceCall[] {
    const drained: SourceCall[] = [];
    while (this.waiting > 0) drained.push(...this.take(Number.POSITIVE_INFINITY));
    return drained;
  }

  wake(): void {
    if (this.stopped) return;
    if (this.refusal === undefined) this.listener.onSourceWoken();
    else this.refuse(this.refusal.error);
  }

  /** Fails the inputs that wait, and all that come later. */
  refuse(error: unknown): void {
    this.refusal ??= { error };
    for (const call of this.drain()) call.reject(error);
  }

  stop(): void {
    if (this.stopped) return;
    this.stopped = true;
    this.listener.onSourceStopped(this);
  }
}
