import { Aggregate, joinedLike } from "./joins.ts";

/**
 * Chunks that can be read from the beginning again, as often as needed, until {@link release}. They are read from their source as
 * they are asked for, so a reader that streams goes on streaming.
 */
export class Rewind<T> {
  /** Whether the source itself failed: reading it again will not help. */
  failed = false;
  private readonly source: AsyncIterator<T>;
  private readonly results = new Map<number, Promise<IteratorResult<T>>>();
  private readonly aggregate: Aggregate;
  private released = false;
  private dropped = 0;
  private ended = false;

  constructor(private readonly chunks: AsyncIterable<T>) {
    this.aggregate = Aggregate.of(chunks);
    this.source = chunks[Symbol.asyncIterator]();
  }

  /** The chunks that have come so far, joined. */
  get joined(): unknown {
    return this.aggregate.value;
  }

  /** The chunks from the beginning. */
  read(): AsyncGenerator<T, void> {
    return joinedLike(this.readAll(), this.chunks);
  }

  private async *readAll(): AsyncGenerator<T, void> {
    for (let index = 0; ; index++) {
      const result = await this.at(index);
      if (result.done === true) return;
      if (this.released) for (; this.dropped <= index; this.dropped++) this.results.delete(this.dropped);
      yield result.value;
    }
  }

  /** Keeps no more chunks, because there will be no further reader. */
  release(): void {
    this.released = true;
  }

  /** Closes the source, if it has not come to its end. */
  async close(): Promise<void> {
    if (!this.ended) await this.source.return?.();
  }

  private at(index: number): Promise<IteratorResult<T>> {
    let result = this.results.get(index);
    if (result === undefined) {
      result = this.pull();
      this.results.set(index, result);
    }
    return result;
  }

  private async pull(): Promise<IteratorResult<T>> {
    try {
      const result = await this.source.next();
      if (result.done === true) this.ended = true;
      else if (!this.released) this.aggregate.add(result.value);
      return result;
    } catch (error) {
      this.failed = true;
      this.ended = true;
      throw error;
    }
  }
}
