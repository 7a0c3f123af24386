import type { StageRecord } from "../stage/stage-record.ts";
import type { StreamCall } from "./stream-call.ts";

/** Streams that no worker has got yet. */
export class StreamQueue {
  private streams: StreamCall[] = [];

  get size(): number {
    return this.streams.length;
  }

  push(stream: StreamCall): void {
    this.streams.push(stream);
  }

  /** Takes out the one that waits longest and whose stage can be sent. */
  next(): StreamCall | undefined {
    const index = this.streams.findIndex(({ record }) => record.shipped !== undefined);
    return index < 0 ? undefined : this.streams.splice(index, 1)[0];
  }

  drop(stream: StreamCall): void {
    const index = this.streams.indexOf(stream);
    if (index >= 0) this.streams.splice(index, 1);
  }

  /** Fails all of them, or those of one stage. */
  fail(error: (label: string) => unknown, record?: StageRecord): void {
    const failing = this.streams.filter((stream) => record === undefined || stream.record === record);
    this.streams = this.streams.filter((stream) => !failing.includes(stream));
    for (const stream of failing) stream.lost(error(stream.record.label));
  }
}
