import { onAbort, raceWithSignal } from "../core/signal.ts";
import type { Chunks } from "../core/streams/chunks.ts";
import { joinedLike } from "../core/streams/joins.ts";
import { Rewind } from "../core/streams/rewind.ts";
import { ignoreRejection } from "../core/thenable.ts";
import { Waiters } from "./shared-run.ts";

/** The listener to the end of a shared stream. */
interface StreamEnds {
  onEnd(value: unknown): void;
  onFailed(): void;
  /** Called when all readers have left before the end. */
  onLeft(reason: unknown): void;
}

/** A stream that several callers read, each from its beginning. The fastest of them pulls it. */
export class SharedStream<Out> {
  private readonly rewind: Rewind<Out>;
  private readonly waiters: Waiters;
  private isOver = false;

  constructor(
    private readonly chunks: Chunks<Out>,
    private readonly ends: StreamEnds,
  ) {
    this.rewind = new Rewind(chunks);
    this.waiters = new Waiters((reason) => {
      ends.onLeft(reason);
      ignoreRejection(this.rewind.close());
    });
  }

  /** The chunks, for one more reader, whose signal says that it has left. */
  read(signal: AbortSignal | undefined): AsyncGenerator<Out, void> {
    return joinedLike(this.readCounted(this.waiters.enter(), signal), this.chunks);
  }

  /** The whole, for one more caller. */
  join(signal: AbortSignal | undefined): Promise<unknown> {
    const read = async (): Promise<unknown> => {
      for await (const _ of this.read(signal));
      return this.rewind.joined;
    };
    return raceWithSignal(read(), signal);
  }

  private async *readCounted(
    leave: (reason?: unknown) => void,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Out, void> {
    // Not only when a chunk comes: there may come none.
    const stopWatching = signal && onAbort(signal, () => leave(signal.reason));
    try {
      yield* this.rewind.read();
      if (!this.isOver) {
        this.isOver = true;
        this.waiters.close();
        this.ends.onEnd(this.rewind.joined);
      }
    } catch (error) {
      this.waiters.close();
      this.ends.onFailed();
      throw error;
    } finally {
      stopWatching?.();
      leave();
    }
  }
}
