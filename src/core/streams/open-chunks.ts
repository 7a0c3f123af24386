import { type Chunks, closeQuietly } from "./chunks.ts";
import { joinedLike } from "./joins.ts";

/**
 * Starts a stream and waits for its first chunk, so that a stream which fails before it can be replaced by another one. A stream
 * that failed is closed.
 *
 * @returns All its chunks. Leaving them closes the stream behind them.
 */
export async function openChunks<T>(start: () => Chunks<T>): Promise<AsyncGenerator<T, void>> {
  const chunks = start();
  const source = chunks[Symbol.asyncIterator]();
  try {
    return joinedLike(resume(await source.next(), source), chunks);
  } catch (error) {
    closeQuietly(source);
    throw error;
  }
}

async function* resume<T>(first: IteratorResult<T>, rest: AsyncIterator<T>): AsyncGenerator<T, void> {
  let finished = false;
  try {
    for (let result = first; ; result = await rest.next()) {
      if (result.done === true) break;
      yield result.value;
    }
    finished = true;
  } finally {
    if (!finished) await rest.return?.();
  }
}
