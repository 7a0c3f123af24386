/// <reference lib="esnext.disposable" preserve="true" />
import type { UnderlyingSource } from "node:stream/web";
import type { Scope } from "../scope.ts";
import { raceWithSignal, SignalRace } from "../signal.ts";
import { type Chunks, closeQuietly, SingleChunk } from "./chunks.ts";
import { joinedLike } from "./joins.ts";
import { LastChunk } from "./last-chunk.ts";

/**
 * A web ReadableStream that is its own async iterator; `stream` returns one. Leaving a `for await` loop, `cancel` and an abort all
 * close the generators behind it.
 */
export type RunnableStream<T> = ReadableStream<T> & StreamIterator<T>;

/** The iterator of a stream. `ReadableStream`'s own is not used: types of browsers have it only since TypeScript 5.6, and as an extra. */
interface StreamIterator<T> extends AsyncIterableIterator<T> {
  next(): Promise<IteratorResult<T>>;
  return(value?: unknown): Promise<IteratorResult<T>>;
  throw(error?: unknown): Promise<IteratorResult<T>>;
  [Symbol.asyncDispose](): Promise<void>;
}

const FINISHED: IteratorResult<never> = { done: true, value: undefined };

/** Reads the chunks one by one for whoever consumes the stream, inside the scope of its call. */
class ChunkReader<T> {
  private readonly source: AsyncIterator<T>;
  private first: IteratorResult<T> | undefined;
  private readonly last: LastChunk<T> | undefined;
  private race: SignalRace | undefined;
  private ended = false;

  constructor(
    chunks: Chunks<T>,
    private readonly scope: Scope | null,
    private readonly onLeave?: () => void,
  ) {
    if (chunks instanceof SingleChunk) {
      this.first = { done: false, value: chunks.value };
      this.source = { next: async () => FINISHED };
    } else if (chunks instanceof LastChunk) {
      this.first = { done: false, value: chunks.value };
      this.last = chunks;
      this.source = chunks.rest();
    } else {
      this.source = chunks[Symbol.asyncIterator]();
    }
  }

  /** Waits for the first chunk, so that an early failure rejects `stream` itself. */
  async open(): Promise<void> {
    if (this.first === undefined) this.first = await this.pull();
    else if (this.last !== undefined) this.check();
  }

  private check(): void {
    try {
      this.scope?.check();
    } catch (error) {
      this.leave();
      throw error;
    }
  }

  next(): Promise<IteratorResult<T>> {
    if (this.first !== undefined) {
      const { first } = this;
      this.first = undefined;
      return Promise.resolve(first);
    }
    return this.scope === null && !this.ended ? this.source.next() : this.pull();
  }

  private async pull(): Promise<IteratorResult<T>> {
    if (this.ended) return FINISHED;
    const { scope } = this;
    try {
      scope?.check();
      // A run that ends at once is not waited for: to listen to the signal would cost more than the rest of a short stream.
      const isOver = this.last !== undefined && this.last.finish() === undefined;
      const result = isOver ? FINISHED : await this.read(scope);
      scope?.check();
      if (result.done === true) this.end();
      return result;
    } catch (error) {
      this.leave();
      throw error;
    }
  }

  private read(scope: Scope | null): Promise<IteratorResult<T>> {
    const next = this.source.next();
    return scope === null ? next : this.raceIn(scope).wait(next);
  }

  private leave(): void {
    this.end();
    closeQuietly(this.source);
  }

  private raceIn({ signal }: Scope): SignalRace {
    this.race ??= new SignalRace(signal);
    return this.race;
  }

  /** Hands all chunks to `take`: see {@link eachChunk}. */
  async each(take: Take<T>): Promise<void> {
    const { scope, source } = this;
    try {
      const reading = this.readAll(take);
      const isLeft = await (scope === null ? reading : raceWithSignal(reading, scope.signal));
      this.end();
      if (isLeft) await source.return?.();
    } catch (error) {
      this.leave();
      throw error;
    }
  }

  /** @returns Whether chunks may be left. */
  private async readAll(take: Take<T>): Promise<boolean> {
    const { scope, source } = this;
    let result = this.first ?? (await source.next());
    while (result.done !== true) {
      // Nobody waits any more for a chunk that comes after an abort.
      if (this.ended) return true;
      scope?.check();
      const goesOn = take(result.value);
      if (goesOn === false || (goesOn !== true && !(await goesOn))) return true;
      result = await source.next();
    }
    return false;
  }

  async return(): Promise<IteratorResult<T>> {
    if (!this.ended) this.onLeave?.();
    this.end();
    await this.source.return?.();
    return FINISHED;
  }

  private end(): void {
    this.ended = true;
    this.first = undefined;
    this.race?.close();
    this.scope?.close();
  }
}

/** Makes the stream of some chunks and waits for the first of them. */
export async function openStream<T>(chunks: Chunks<T>, scope: Scope | null): Promise<RunnableStream<T>> {
  const reader = new ChunkReader(chunks, scope);
  if (scope !== null || !(chunks instanceof SingleChunk)) await reader.open();
  create ??= chooseConstruction();
  return joinedLike(create(reader) as RunnableStream<T>, chunks);
}

/**
 * Makes the stream of some chunks at once; an early failure rejects its first read.
 *
 * @param onLeave Called when the reader leaves, at once: the generator behind the chunks hears of it only after the chunk that it
 *   is waiting for.
 */
export function toStream<T>(chunks: AsyncIterable<T>, onLeave?: () => void): RunnableStream<T> {
  create ??= chooseConstruction();
  return create(new ChunkReader(chunks, null, onLeave)) as RunnableStream<T>;
}

/** Takes a chunk. Returns whether there are to be more; a promise of that is waited for. */
type Take<T> = (chunk: T) => boolean | Promise<boolean>;

/**
 * Hands all chunks of a stream to `take`, one after the other, and closes the stream when that wants no more. It does what a `for await`
 * loop does, for a third of the cost: the signal of the call is watched once, and not anew for each chunk.
 */
export function eachChunk<T>(stream: AsyncIterable<T>, take: Take<T>): Promise<void> {
  const { reader } = stream as { reader?: unknown };
  return reader instanceof ChunkReader ? reader.each(take) : eachOf(stream, take);
}

async function eachOf<T>(stream: AsyncIterable<T>, take: Take<T>): Promise<void> {
  for await (const chunk of stream) if (!(await take(chunk))) return;
}

let create: ((reader: ChunkReader<unknown>) => unknown) | undefined;

/** The web stream over a reader. Nothing is read before somebody asks (highWaterMark 0). */
const underlying = (reader: ChunkReader<unknown>): UnderlyingSource<unknown> => ({
  async pull(controller) {
    const { done, value } = await reader.next();
    if (done === true) controller.close();
    else controller.enqueue(value);
  },
  async cancel() {
    await reader.return();
  },
});

/**
 * Chooses how streams are made here. Where ReadableStream is written in JavaScript (Node) its constructor costs 10 microseconds on
 * Node 20, more than a whole chain, and nobody needs it who reads by `for await`. There the web stream is made on the first use of
 * one of its methods, and its own fields, which Node's type checks look at, are reached through accessors. Where the fields are
 * hidden (browsers), constructing is cheap, and done at once; so it is on Deno, which writes to its fields. The classes are made on
 * first use because Node loads web streams lazily too.
 */
function chooseConstruction(): (reader: ChunkReader<unknown>) => unknown {
  const fields =
    "Deno" in globalThis ? [] : Reflect.ownKeys(new ReadableStream()).filter((key) => typeof key === "symbol");
  const iteration = iterationMethods();
  if (fields.length === 0) {
    class EagerStream extends ReadableStream<unknown> {
      constructor(readonly reader: ChunkReader<unknown>) {
        super(underlying(reader), { highWaterMark: 0 });
      }
    }
    Object.defineProperties(EagerStream.prototype, iteration);
    return (reader) => new EagerStream(reader);
  }
  const prototype: object = Object.create(ReadableStream.prototype, { ...iteration, ...deferredMembers(fields) });
  Object.defineProperty(prototype, "constructor", { value: ReadableStream, writable: true, configurable: true });
  return (reader) => {
    const stream = Object.create(prototype);
    stream.reader = reader;
    return stream;
  };
}

interface StreamState {
  reader: ChunkReader<unknown>;
  web?: ReadableStream;
  /** True when the iterator is used: then it holds the lock of the web stream. */
  iterating?: boolean;
}

function iterationMethods(): PropertyDescriptorMap {
  const members: Record<PropertyKey, (this: StreamState, argument?: unknown) => unknown> = {
    next() {
      if (this.iterating !== true) {
        if (this.web?.locked === true) return Promise.reject(new TypeError("The stream is locked by a reader."));
        this.iterating = true;
      }
      return this.reader.next();
    },
    return() {
      return this.reader.return();
    },
    async throw(error) {
      await this.reader.return();
      throw error;
    },
    async [Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose")]() {
      await this.reader.return();
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
  return descriptors(members, "value");
}

function deferredMembers(fields: readonly PropertyKey[]): PropertyDescriptorMap {
  const web = (stream: StreamState): ReadableStream => {
    if (stream.web === undefined) {
      stream.web = new ReadableStream(underlying(stream.reader), { highWaterMark: 0 });
      if (stream.iterating === true) stream.web.getReader();
    }
    return stream.web;
  };
  const members: Record<PropertyKey, (this: StreamState, ...args: never[]) => unknown> = {};
  for (const name of ["cancel", "getReader", "pipeThrough", "pipeTo", "tee", "values"] as const) {
    members[name] = function (...args) {
      return (web(this)[name] as (...args: never[]) => unknown)(...args);
    };
  }
  const accessors: Record<PropertyKey, (this: StreamState) => unknown> = {};
  for (const field of [...fields, "locked"] as (keyof ReadableStream)[]) {
    accessors[field] = function () {
      return web(this)[field];
    };
  }
  return { ...descriptors(members, "value"), ...descriptors(accessors, "get") };
}

function descriptors(members: Record<PropertyKey, unknown>, slot: "value" | "get"): PropertyDescriptorMap {
  const map: PropertyDescriptorMap = {};
  for (const key of Reflect.ownKeys(members)) map[key] = { [slot]: members[key as string], configurable: true };
  return map;
}
