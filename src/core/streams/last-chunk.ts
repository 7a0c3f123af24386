import { type Chunks, SingleChunk } from "./chunks.ts";

const FINISHED: IteratorResult<never> = { done: true, value: undefined };

/**
 * The one chunk of a run that is observed: the chunk is known now, and the run ends when somebody asks for what comes after it, or leaves.
 * So a chain that streams nothing needs no generators when somebody listens either: 33 events of ten sync steps cost a fifth of what
 * they did.
 */
export abstract class LastChunk<T> implements AsyncIterable<T> {
  private ended = false;
  private told: undefined | PromiseLike<unknown>;

  constructor(readonly value: T) {}

  /** Tells that the run has ended, with whether its chunk was read. A promise is waited for. */
  protected abstract end(wasRead: boolean): undefined | PromiseLike<unknown>;

  /** Ends the run, once. Returns a promise if an observer has to be waited for. */
  finish(wasRead = true): undefined | PromiseLike<unknown> {
    if (!this.ended) {
      this.ended = true;
      this.told = this.end(wasRead);
    }
    return this.told;
  }

  [Symbol.asyncIterator](): AsyncGenerator<T, void> {
    return this.iterate(false);
  }

  /** What comes after the chunk. */
  rest(): AsyncIterator<T, void> {
    return this.iterate(true);
  }

  private iterate(given: boolean): AsyncGenerator<T, void> {
    const after = async (wasRead: boolean): Promise<IteratorResult<T, void>> => {
      given = true;
      await this.finish(wasRead);
      return FINISHED;
    };
    const iterator: AsyncGenerator<T, void> = {
      next: () => {
        if (given) return after(true);
        given = true;
        return Promise.resolve({ done: false, value: this.value });
      },
      return: () => after(false),
      throw: async (error) => {
        await after(false);
        throw error;
      },
      [Symbol.asyncIterator]: () => iterator,
      [Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose")]: async () => {
        await after(false);
      },
    };
    return iterator;
  }
}

/** Whether chunks are one that is there. */
export function isKnown<T>(chunks: Chunks<T>): chunks is SingleChunk<T> | LastChunk<T> {
  return chunks instanceof SingleChunk || chunks instanceof LastChunk;
}

/** The whole value where chunks are known to be one, and its run can end now; undefined where they have to be read. */
export function wholeOf<T>(chunks: Chunks<T>): SingleChunk<T> | undefined {
  if (chunks instanceof SingleChunk) return chunks;
  return chunks instanceof LastChunk && chunks.finish() === undefined ? new SingleChunk(chunks.value as T) : undefined;
}
