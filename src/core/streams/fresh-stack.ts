import { type Chunks, SingleChunk } from "./chunks.ts";
import { joinedBy, joinedLike, joinOf } from "./joins.ts";
import { LastChunk } from "./last-chunk.ts";

/**
 * The number of steps that may stand in each other, or in a row of streams, on one stack. A stream of many steps asks from the last one to
 * the first, call in call: the engine's smallest stack takes some 2,000 of them, and a few hundred where much is in between.
 */
export const STEPS_PER_STACK = 100;

const FINISHED: IteratorReturnResult<undefined> = { done: true, value: undefined };

/** The same chunks, each asked for in a microtask of its own, so that their source begins with an empty stack. */
export function onFreshStack<T>(chunks: Chunks<T>): Chunks<T> {
  if (chunks instanceof SingleChunk) return chunks;
  if (chunks instanceof LastChunk) return new EndingOnFreshStack(chunks);
  return joinedLike(
    iterable(() => chunks),
    chunks,
  );
}

class EndingOnFreshStack<T> extends LastChunk<T> {
  constructor(private readonly last: LastChunk<T>) {
    super(last.value);
  }

  protected override end(wasRead: boolean): Promise<unknown> {
    return Promise.resolve().then(() => this.last.finish(wasRead));
  }
}

/** The chunks that `open` gives. It is called on an empty stack, when the first chunk is asked for. */
export function openedOnFreshStack<T>(open: () => Chunks<T>): Chunks<T> {
  let opened: Chunks<T> | undefined;
  const chunks = iterable(() => {
    opened = open();
    return opened;
  });
  return joinedBy(chunks, () => opened && joinOf(opened));
}

function iterable<T>(open: () => Chunks<T>): AsyncIterable<T> {
  let source: AsyncIterator<T> | undefined;
  let isClosed = false;
  const iterator: AsyncIterableIterator<T> = {
    [Symbol.asyncIterator]: () => iterator,
    next: () =>
      Promise.resolve().then(() => {
        if (isClosed) return FINISHED;
        source ??= open()[Symbol.asyncIterator]();
        return source.next();
      }),
    return: () =>
      Promise.resolve().then(() => {
        isClosed = true;
        return source?.return?.() ?? FINISHED;
      }),
  };
  return iterator;
}
