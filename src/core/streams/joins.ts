import type { RunContext } from "../context.ts";
import { ownValue, setOwn } from "../own.ts";
import type { Step } from "../step.ts";
import type { Chunks } from "./chunks.ts";
import { type ChunkJoiner, Joiner } from "./concat.ts";

/**
 * How the chunks of one stream join, as those say who made them. A JSON parser, for one, gives growing snapshots, of which the last one
 * counts. What reads a stream asks {@link joinerFor} the stream, and what hands chunks on hands this on with them. Streams of which
 * nothing is known join by LangChain's rules.
 */
export interface Join {
  make(): ChunkJoiner;
  /** Whether the result differs from that of LangChain's rules. */
  readonly isSpecial: boolean;
}

type Late = () => Join | undefined;

/** The joins of streams. A join is often known only when the first chunk is there, so it is kept as a function. */
const joins = new WeakMap<object, Late>();

/** Whether the join of a stream has been set. */
export function hasJoin(chunks: object): boolean {
  return joins.has(chunks);
}

/** The join of a stream; undefined where LangChain's rules hold. Ask when its first chunk is there. */
export function joinOf(chunks: object): Join | undefined {
  return joins.get(chunks)?.();
}

/** The chunks of a step, which join as its class says, if it does. */
export function streamOf<Out>(step: Step<unknown, Out>, chunks: Chunks<unknown>, ctx: RunContext): Chunks<Out> {
  const out = step.runStream(chunks, ctx);
  const { ownJoin } = step;
  return ownJoin === undefined ? out : joinedBy(out, ownJoin);
}

/** A joiner for the chunks of a stream. Ask when the first of them is there. */
export function joinerFor(chunks: object | undefined): ChunkJoiner {
  return (chunks && joinOf(chunks)?.make()) ?? new Joiner();
}

/** Sets the join of a stream. */
export function joinedBy<Stream extends object>(chunks: Stream, join: Join | Late): Stream {
  joins.set(chunks, typeof join === "function" ? join : () => join);
  return chunks;
}

/** Gives a stream the join of another one, whose chunks it hands on. */
export function joinedLike<Stream extends object>(chunks: Stream, source: object): Stream {
  const late = joins.get(source);
  if (late !== undefined) joins.set(chunks, late);
  return chunks;
}

/**
 * A stream that hands on the chunks of another one, which is to come.
 *
 * @param make Makes the stream, and calls `from` with the one whose chunks it hands on.
 */
export function handingOn<Out extends object>(
  make: (from: <Source extends object>(source: Source) => Source) => Out,
): Out {
  let known: object | undefined;
  const from = <Source extends object>(source: Source): Source => {
    known = source;
    return source;
  };
  return joinedBy(make(from), () => known && joinOf(known));
}

/** The chunks of a stream that has to be waited for, from when the first one is asked for. */
export function laterChunks<T>(open: () => PromiseLike<AsyncIterable<T>>): AsyncGenerator<T, void> {
  return handingOn((from) => handOn(open, from));
}

async function* handOn<T>(
  open: () => PromiseLike<AsyncIterable<T>>,
  from: (source: AsyncIterable<T>) => AsyncIterable<T>,
): AsyncGenerator<T, void> {
  yield* from(await open());
}

/** The join of a runnable that has LangChain's hook for it, `_concatOutputChunks`. */
export function joinByHook(maker: { _concatOutputChunks(first: unknown, second: unknown): unknown }): Join {
  return { isSpecial: true, make: () => new HookJoiner(maker) };
}

class HookJoiner implements ChunkJoiner {
  value: unknown;

  constructor(private readonly maker: { _concatOutputChunks(first: unknown, second: unknown): unknown }) {}

  add(chunk: unknown): void {
    const { value } = this;
    this.value = value === undefined ? chunk : this.maker._concatOutputChunks(value, chunk);
  }
}

/**
 * The join of objects whose keys come from streams of their own: each key joins as its stream says, and the keys stand in the order in
 * which they were written.
 *
 * @param known How the chunks under a key join.
 */
export function joinByKey(keys: readonly string[], known: (key: string) => Join | undefined): Join {
  return {
    make: () => new KeyJoiner(keys, known),
    get isSpecial() {
      return keys.some((key) => known(key)?.isSpecial === true);
    },
  };
}

class KeyJoiner implements ChunkJoiner {
  private readonly parts = new Map<string, Aggregate>();

  constructor(
    private readonly keys: readonly string[],
    private readonly known: (key: string) => Join | undefined,
  ) {}

  add(chunk: unknown): void {
    for (const [key, value] of Object.entries(chunk as object)) {
      let part = this.parts.get(key);
      if (part === undefined) {
        part = new Aggregate(() => this.known(key));
        this.parts.set(key, part);
      }
      part.add(value);
    }
  }

  get value(): unknown {
    if (this.parts.size === 0) return undefined;
    const joined: Record<string, unknown> = {};
    for (const key of this.keys) {
      const part = this.parts.get(key);
      if (part !== undefined) setOwn(joined, key, part.value);
    }
    return joined;
  }
}

/** The join of objects of which some keys are made by one stream, and all others by another. */
export function joinOfBoth(isFirst: (key: string) => boolean, first: Late, second: Late): Join {
  return {
    make: () => new PartedJoiner(isFirst, first, second),
    get isSpecial() {
      return first()?.isSpecial === true || second()?.isSpecial === true;
    },
  };
}

class PartedJoiner implements ChunkJoiner {
  /** The joiner of the first stream's keys, made with the first chunk that has one: its join may not be known before. */
  private ofFirst: ChunkJoiner | undefined;
  private ofSecond: ChunkJoiner | undefined;

  constructor(
    private readonly isFirst: (key: string) => boolean,
    private readonly first: Late,
    private readonly second: Late,
  ) {}

  add(chunk: unknown): void {
    const parts: [Record<string, unknown>, Record<string, unknown>] = [{}, {}];
    const isThere = [false, false];
    for (const [key, value] of Object.entries(chunk as object)) {
      const at = this.isFirst(key) ? 0 : 1;
      setOwn(parts[at], key, value);
      isThere[at] = true;
    }
    if (isThere[0]) {
      this.ofFirst ??= this.first()?.make() ?? new Joiner();
      this.ofFirst.add(parts[0]);
    }
    if (isThere[1]) {
      this.ofSecond ??= this.second()?.make() ?? new Joiner();
      this.ofSecond.add(parts[1]);
    }
  }

  get value(): unknown {
    const joined = { ...(this.ofSecond?.value as object | undefined) };
    for (const [key, value] of Object.entries((this.ofFirst?.value as object | undefined) ?? {}))
      setOwn(joined, key, value);
    return joined;
  }
}

/** The join of the values under one key of objects that join in their own way. */
export function joinUnder(key: string, around: Late): Join {
  return {
    make: () => new InnerJoiner(key, around()?.make() ?? new Joiner()),
    get isSpecial() {
      return around()?.isSpecial === true;
    },
  };
}

class InnerJoiner implements ChunkJoiner {
  constructor(
    private readonly key: string,
    private readonly around: ChunkJoiner,
  ) {}

  add(chunk: unknown): void {
    const object = {};
    setOwn(object, this.key, chunk);
    this.around.add(object);
  }

  get value(): unknown {
    return ownValue(this.around.value as Record<string, unknown> | undefined, this.key);
  }
}

/** Joins the chunks of a stream where it can be done, and keeps the last one where it cannot. */
export class Aggregate implements ChunkJoiner {
  private joiner: ChunkJoiner | null | undefined;
  private last: unknown;

  /** @param join Gives the join of the chunks. Called when the first of them is there. */
  constructor(private readonly join?: Late) {}

  /** An aggregate for the chunks of a stream. */
  static of(chunks: object): Aggregate {
    return new Aggregate(() => joinOf(chunks));
  }

  get value(): unknown {
    return this.joiner === null ? this.last : this.joiner?.value;
  }

  add(chunk: unknown): void {
    this.joiner = this.joiner === undefined ? (this.join?.()?.make() ?? new Joiner()) : this.joiner;
    if (this.joiner !== null) {
      try {
        this.joiner.add(chunk);
        return;
      } catch {
        this.joiner = null;
      }
    }
    this.last = chunk;
  }
}
