import { closeQuietly } from "./chunks.ts";
import { type ChunkJoiner, Joiner } from "./concat.ts";
import { type Join, joinedLike, joinOf } from "./joins.ts";

/** The value of the chunks so far, joined; undefined once two of them could not be joined. */
export class Joined {
  private joiner: ChunkJoiner | null | undefined;

  /** @param join Gives the join of the chunks. Called when the first of them is there. */
  constructor(private readonly join: () => Join | undefined) {}

  /** A value for the chunks of a stream. */
  static of(chunks: object): Joined {
    return new Joined(() => joinOf(chunks));
  }

  get value(): unknown {
    return this.joiner?.value;
  }

  add(chunk: unknown): void {
    if (this.joiner === null) return;
    try {
      this.joiner ??= this.join()?.make() ?? new Joiner();
      this.joiner.add(chunk);
    } catch {
      this.joiner = null;
    }
  }
}

/** Chunks that are written down on their way. */
export interface Recording extends AsyncIterable<unknown> {
  /** Closes the source unless it has ended. Waits for that, but not for a chunk that somebody still asks for. */
  close(): Promise<void>;
}

/** Waits for the first chunk of an input, and writes down all of them on their way. */
export async function recorded(chunks: AsyncIterable<unknown>, input: Joined): Promise<Recording> {
  const source = chunks[Symbol.asyncIterator]();
  const first = await source.next();
  if (first.done !== true) input.add(first.value);
  return joinedLike(new RecordedChunks(source, first, input), chunks);
}

class RecordedChunks implements Recording, AsyncIterator<unknown> {
  private ended: boolean;
  private asked = 0;

  constructor(
    private readonly source: AsyncIterator<unknown>,
    private first: IteratorResult<unknown> | undefined,
    private readonly input: Joined,
  ) {
    this.ended = first?.done === true;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  // Not an async function: it would cost each chunk another promise.
  next(): Promise<IteratorResult<unknown>> {
    const { first } = this;
    if (first !== undefined) {
      this.first = undefined;
      return Promise.resolve(first);
    }
    this.asked++;
    return this.source.next().then(this.onResult, this.onError);
  }

  private readonly onResult = (result: IteratorResult<unknown>): IteratorResult<unknown> => {
    this.asked--;
    if (result.done === true) this.ended = true;
    else this.input.add(result.value);
    return result;
  };

  private readonly onError = (error: unknown): never => {
    this.asked--;
    this.ended = true;
    throw error;
  };

  async return(value: unknown): Promise<IteratorResult<unknown>> {
    this.ended = true;
    await this.source.return?.();
    return { done: true, value };
  }

  async close(): Promise<void> {
    if (this.ended) return;
    this.ended = true;
    if (this.asked > 0) closeQuietly(this.source);
    else await this.source.return?.();
  }
}
