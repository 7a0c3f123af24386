import type { RunContext } from "../context.ts";
import { Fifo } from "../fifo.ts";
import { ignoreRejection, isThenable } from "../thenable.ts";
import type { ChunkJoiner } from "./concat.ts";
import { Aggregate, joinedLike, joinerFor } from "./joins.ts";

/**
 * A whole value where chunks are expected: one chunk, known now. A chain that streams nothing hands its value through as this and
 * never makes a generator.
 */
export class SingleChunk<T> implements AsyncIterable<T> {
  constructor(readonly value: T) {}

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void> {
    yield this.value;
  }
}

/** The chunks that flow between streaming steps. */
export type Chunks<T> = SingleChunk<T> | AsyncIterable<T>;

/** A function's result that stands for chunks: an async iterable (a generator, a ReadableStream) or an iterator. */
export type Chunked<T> = AsyncIterable<T> | Iterator<T | PromiseLike<T>>;

export function isChunked(value: object): value is Chunked<unknown> {
  return isAsyncIterable(value) || typeof (value as Partial<Iterator<unknown>>).next === "function";
}

function isAsyncIterable(value: object): value is AsyncIterable<unknown> {
  return typeof (value as Partial<AsyncIterable<unknown>>)[Symbol.asyncIterator] === "function";
}

/** The chunks of a result for which {@link isChunked} is true. */
export function toChunks<T>(source: Chunked<T>): Chunks<T> {
  return isAsyncIterable(source) ? (source as AsyncIterable<T>) : drain(source);
}

async function* drain<T>(iterator: Iterator<T | PromiseLike<T>>): AsyncGenerator<T, void> {
  let finished = false;
  try {
    for (;;) {
      // An iterator may also be an async one that is not iterable, so its results are awaited too.
      const { done, value } = await iterator.next();
      if (done === true) break;
      yield value as T;
    }
    finished = true;
  } finally {
    if (!finished) await iterator.return?.();
  }
}

/** Joins all chunks into the value that `invoke` gives. Where they cannot be joined, the last one counts. */
export function collect<T>(source: Chunked<T>, ctx: RunContext): T | Promise<T> {
  const aggregate = Aggregate.of(source);
  if (isAsyncIterable(source)) return collectRest(source as AsyncIterable<T>, aggregate, ctx);
  for (;;) {
    const result = source.next();
    // Neither promises of results nor promised chunks can be had now: the rest is waited for.
    if (isThenable(result)) return collectRest(drain(startWith(result, source)), aggregate, ctx);
    if (result.done === true) return aggregate.value as T;
    if (isThenable(result.value)) return collectRest(drain(startWith(result, source)), aggregate, ctx);
    aggregate.add(result.value);
    if (ctx.scope !== null) {
      try {
        ctx.scope.check();
      } catch (error) {
        source.return?.();
        throw error;
      }
    }
  }
}

function startWith<T>(first: IteratorResult<T>, rest: Iterator<T>): Iterator<T> {
  let result: IteratorResult<T> | undefined = first;
  return {
    next() {
      const next = result ?? rest.next();
      result = undefined;
      return next;
    },
    return: (value) => rest.return?.(value) ?? { done: true, value },
  };
}

async function collectRest<T>(chunks: AsyncIterable<T>, aggregate: Aggregate, ctx: RunContext): Promise<T> {
  for await (const chunk of chunks) {
    aggregate.add(chunk);
    ctx.scope?.check();
  }
  return aggregate.value as T;
}

/** Joins all chunks; two that cannot be joined are an error. @throws RUNLANE_NOT_CONCATENABLE */
export async function join<T>(chunks: Chunks<T>, ctx: RunContext): Promise<T> {
  let joiner: ChunkJoiner | undefined;
  for await (const chunk of chunks) {
    joiner ??= joinerFor(chunks);
    joiner.add(chunk);
    ctx.scope?.check();
  }
  return joiner?.value as T;
}

/**
 * Lets several readers go over the same chunks, each at its own pace: a chunk is kept until the slowest has it. The source is
 * closed when the last reader is done with it.
 */
export function tee<T>(chunks: Chunks<T>, readers: number): Chunks<T>[] {
  if (chunks instanceof SingleChunk) return Array.from({ length: readers }, () => chunks);
  const source = chunks[Symbol.asyncIterator]();
  let open = readers;
  let tail: Link<T> = {};
  const head = tail;
  const pull = (): Promise<IteratorResult<T>> => {
    const link = tail;
    tail = {};
    link.next = tail;
    link.result = source.next();
    return link.result;
  };
  return Array.from({ length: readers }, () => {
    let link = head;
    let done = false;
    // Not a generator: one that nobody has started does not notice that it is closed.
    const reader: AsyncIterableIterator<T, void> = {
      [Symbol.asyncIterator]: () => reader,
      async next() {
        if (done) return FINISHED;
        const result = await (link.result ?? pull());
        if (result.done === true) {
          await this.return?.();
          return FINISHED;
        }
        link = link.next as Link<T>;
        return result;
      },
      async return() {
        if (!done) {
          done = true;
          open--;
          if (open === 0) await source.return?.();
        }
        return FINISHED;
      },
    };
    return joinedLike(reader, chunks);
  });
}

const FINISHED: IteratorReturnResult<void> = { done: true, value: undefined };

interface Link<T> {
  result?: Promise<IteratorResult<T>>;
  next?: Link<T>;
}

interface ReadyChunk<T> {
  index: number;
  result?: IteratorResult<T>;
  error?: unknown;
}

/** Yields `[key, chunk]` of several chunk streams, as they come; of those that are ready together, in the order of the keys. */
export async function* mergeChunks<T>(
  streams: readonly (readonly [key: string, chunks: Chunks<T>])[],
): AsyncGenerator<[string, T], void> {
  const iterators = streams.map(([, chunks]) => chunks[Symbol.asyncIterator]());
  const ready = new Fifo<ReadyChunk<T>>();
  let wake: () => void = () => {};
  const advance = (index: number): void => {
    const settle = (entry: ReadyChunk<T>): void => {
      ready.push(entry);
      wake();
    };
    (iterators[index] as AsyncIterator<T>).next().then(
      (result) => settle({ index, result }),
      (error) => settle({ index, error }),
    );
  };
  let open = iterators.length;
  const finished = new Set<number>();
  try {
    for (let index = 0; index < iterators.length; index++) advance(index);
    while (open > 0) {
      if (ready.length === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      const entry = ready.shift();
      if (entry === undefined) continue;
      const { index, result } = entry;
      if (result === undefined) {
        finished.add(index);
        throw entry.error;
      }
      if (result.done === true) {
        finished.add(index);
        open--;
        continue;
      }
      advance(index);
      yield [(streams[index] as readonly [string, unknown])[0], result.value];
    }
  } finally {
    for (const [index, iterator] of iterators.entries()) {
      if (!finished.has(index)) closeQuietly(iterator);
    }
  }
}

/** Ends an iterator that nobody reads any more, without waiting: its `finally` runs as soon as what it awaits lets it. */
export function closeQuietly(iterator: AsyncIterator<unknown>): void {
  try {
    const closed = iterator.return?.();
    if (closed !== undefined) ignoreRejection(closed);
  } catch {
    // An iterator that throws while it is being closed has nobody left to tell.
  }
}

/** Chunks as a generator: LangChain's code calls `next` and `return` on what it is given, so an iterable alone would not do. */
export function asGenerator<T>(chunks: Chunks<T>): AsyncGenerator<T, void> {
  const { next, return: leave, throw: fail } = chunks as Partial<AsyncGenerator<T, void>>;
  const isGenerator = typeof next === "function" && typeof leave === "function" && typeof fail === "function";
  return isGenerator ? (chunks as AsyncGenerator<T, void>) : joinedLike(passedOn(chunks), chunks);
}

async function* passedOn<T>(chunks: Chunks<T>): AsyncGenerator<T, void> {
  yield* chunks;
}

/** A stream of one chunk: the value of a promise. A reader that never asks for it leaves no unhandled rejection. */
export function promised<T>(promise: PromiseLike<T>): AsyncGenerator<T, void> {
  ignoreRejection(promise);
  return onceSettled(promise);
}

async function* onceSettled<T>(promise: PromiseLike<T>): AsyncGenerator<T, void> {
  yield await promise;
}
