import type { FeedHandle, InputSource, LaneCallOptions } from "../lane.ts";
import { knownBytes } from "../protocol/codec.ts";
import type { StageRecord } from "../stage/stage-record.ts";
import { type CallListener, SourceCall } from "./call.ts";
import { MAX_BYTES, type QueueLine } from "./call-line.ts";

/** Who owns the queue that a feed is a part of. */
export interface SourceListener extends CallListener {
  /** A call has been made of an input of a feed. */
  onInputTaken(): void;
  /** A feed has inputs to give. */
  onSourceWoken(): void;
  /** A feed has ended. */
  onSourceStopped(line: SourceLine): void;
}

/** The inputs of a feed, which become calls when a worker has room for them, and not before. */
export class SourceLine implements QueueLine, FeedHandle {
  readonly priority: number;
  /** Since when the next input waits: a feed stands in line again after each chunk, so that single calls get between. */
  private standsSince = performance.now();
  private stopped = false;
  /** Why its inputs are not taken, if they never will be. */
  private refusal: { readonly error: unknown } | undefined;

  constructor(
    readonly record: StageRecord,
    private readonly feed: InputSource,
    private readonly options: LaneCallOptions | undefined,
    private readonly listener: SourceListener,
  ) {
    this.priority = options?.priority ?? 0;
  }

  get waiting(): number {
    return this.stopped ? 0 : this.feed.waiting;
  }

  get since(): number | undefined {
    return this.waiting > 0 ? this.standsSince : undefined;
  }

  take(count: number): SourceCall[] {
    const { record, feed, options, listener } = this;
    const taken: SourceCall[] = [];
    const now = performance.now();
    let bytes = 0;
    while (taken.length < count && bytes < MAX_BYTES && this.waiting > 0) {
      listener.onInputTaken();
      const call = new SourceCall(record, feed, feed.take(), options, this.standsSince, listener);
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

  /** Fails what waits, and all that will. */
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
