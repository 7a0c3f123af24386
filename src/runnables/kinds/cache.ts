import { SharedRun } from "../../batching/shared-run.ts";
import { SharedStream } from "../../batching/shared-stream.ts";
import type { RunnableConfig } from "../../core/config.ts";
import type { RunContext } from "../../core/context.ts";
import { Scope } from "../../core/scope.ts";
import { startStep, streamStep } from "../../core/start-step.ts";
import { COMPOSES, type Trace } from "../../core/step.ts";
import { type Chunks, SingleChunk } from "../../core/streams/chunks.ts";
import { laterChunks } from "../../core/streams/joins.ts";
import { isThenable } from "../../core/thenable.ts";
import { graphOfPart } from "../../graph/parts.ts";
import type { Node } from "../../graph/types.ts";
import type { Placement } from "../../plan/placement.ts";
import { defineKind, type RunnableNode } from "../registry.ts";
import type { Runnable } from "../runnable.ts";
import type { RunnableInterface, RunnableLike } from "../types.ts";
import { RunnableWrapper } from "../wrapper.ts";
import {
  type CacheOptions,
  type CacheStatistics,
  type CacheStore,
  CountedStore,
  cacheKey,
  checkCache,
  memoryStore,
} from "./cache-store.ts";

/** The fields that a {@link RunnableCache} is constructed from. */
export interface RunnableCacheFields<RunInput, RunOutput, CallOptions extends RunnableConfig = RunnableConfig>
  extends CacheOptions<RunInput> {
  /** The runnable whose outputs are kept. */
  bound: RunnableLike<RunInput, RunOutput, CallOptions>;
}

/**
 * A runnable whose outputs are kept, so that an input which comes again is answered without a run. This is what `withCache` makes.
 *
 * - Inputs are the same when their data is, whatever the order of its keys, and so are the `configurable` and the call options of their
 *   configs; tags, metadata and what is no data do not count. `key` says otherwise. An input that is no data has no key, and is run.
 * - Equal inputs that come while one of them runs share that run. A caller that aborts, or whose timeout passes, leaves it to the others;
 *   when all have left, it is aborted. Its config, and who observes what is inside, are those of the caller that came first.
 * - Failures are not kept, nor are outputs that are `undefined` or `null`. All callers of a run that fails get its error.
 * - A stream that is answered from the cache has one chunk. Streams that share a run have all of its chunks, from the beginning, and an
 *   output is kept when a stream has come to its end.
 * - Outputs are shared: never change what you get.
 *
 * Without a `store` of your own, the last used `maxEntries` outputs are kept in memory, for this instance alone, by `lru-cache`, which is
 * loaded with the first run. A store that fails costs runs, and no call fails for it: `statistics()` counts its errors.
 *
 * @example
 * ```ts
 * import { RunnableLambda } from "runlane";
 *
 * let runs = 0;
 * const embed = RunnableLambda.from(async (text: string) => [++runs, text.length]).withCache({ maxEntries: 10_000, ttlMs: 60_000 });
 * await embed.batch(["a", "b", "a"]); // two runs
 * console.log(embed.statistics()); // { hits: 0, shared: 1, misses: 2, skipped: 0, storeErrors: 0 }
 * ```
 */
export class RunnableCache<
  // biome-ignore lint/suspicious/noExplicitAny: LangChain's own defaults
  RunInput = any,
  // biome-ignore lint/suspicious/noExplicitAny: LangChain's own defaults
  RunOutput = any,
  CallOptions extends RunnableConfig = RunnableConfig,
> extends RunnableWrapper<RunInput, RunOutput, CallOptions> {
  readonly bound: RunnableInterface<RunInput, RunOutput, CallOptions>;
  readonly key: CacheOptions["key"];
  readonly ttlMs: number | undefined;
  readonly maxEntries: number;
  readonly store: CacheStore | undefined;
  /** The store; undefined until the library that keeps outputs in memory has been loaded. */
  private entries: CountedStore | undefined;
  private loading: Promise<CacheStore> | undefined;
  private readonly counts: { -readonly [Name in keyof CacheStatistics]: number };
  private readonly running = new Map<string, SharedRun | SharedStream<RunOutput>>();

  /** @throws RUNLANE_NOT_RUNNABLE, RUNLANE_INVALID_OPTION */
  constructor(fields: RunnableCacheFields<RunInput, RunOutput, CallOptions>) {
    super(fields.bound, "The bound of a RunnableCache");
    this.bound = this.wrapped;
    const { key, ttlMs, maxEntries, store } = checkCache(fields);
    this.key = key as CacheOptions["key"];
    this.ttlMs = ttlMs;
    this.maxEntries = maxEntries;
    this.store = store;
    this.counts = { hits: 0, shared: 0, misses: 0, skipped: 0, storeErrors: 0 };
    if (store !== undefined) this.entries = this.counted(store);
  }

  static override lc_name(): string {
    return "RunnableCache";
  }

  override get node(): RunnableNode {
    const { bound, key, ttlMs, maxEntries, store } = this;
    return { kind: "cache", bound, key, ttlMs, maxEntries, store };
  }

  /** One run for each call, whether it is answered from the cache or not. */
  override get trace(): Trace {
    return COMPOSES;
  }

  /** The time of a call counts from the call: the run that it waits for may be another caller's. */
  override get timeoutOwner(): undefined {
    return undefined;
  }

  /** Each input may have an answer already. */
  protected override get forwardsStages(): boolean {
    return false;
  }

  get placement(): Placement {
    const where = this.store === undefined ? `the last ${this.maxEntries} outputs` : "a store of outputs";
    return { lane: "loop", isInline: true, why: `answers from ${where}` };
  }

  /** The numbers of inputs by how they were answered so far. */
  statistics(): CacheStatistics {
    return { ...this.counts };
  }

  override run(input: RunInput, ctx: RunContext): RunOutput | PromiseLike<RunOutput> {
    const { entries, counts } = this;
    if (entries === undefined) return this.loadEntries().then(() => this.run(input, ctx));
    const key = this.keyOf(input, ctx);
    if (key === undefined) return startStep<RunOutput>(this.step, input, ctx);
    const running = this.running.get(key);
    if (running !== undefined) {
      counts.shared++;
      return running.join(ctx.scope?.signal) as Promise<RunOutput>;
    }
    const kept = entries.get(key);
    if (isThenable(kept)) return this.runShared(key, input, ctx, kept);
    if (isKept(kept)) {
      counts.hits++;
      return kept as RunOutput;
    }
    return this.runMissed(key, input, ctx);
  }

  /** Runs an input that a store of this thread does not know. */
  private runMissed(key: string, input: RunInput, ctx: RunContext): RunOutput | PromiseLike<RunOutput> {
    this.counts.misses++;
    const { inner, abort } = ownScope(ctx);
    const out = startStep<RunOutput>(this.step, input, inner);
    if (!isThenable(out)) {
      this.keep(key, out);
      return out;
    }
    return this.share(key, Promise.resolve(out as PromiseLike<RunOutput>), ctx, abort);
  }

  /** Runs an input once for all callers with its key that come from when the store is asked until the run has ended. */
  private runShared(key: string, input: RunInput, ctx: RunContext, asked: PromiseLike<unknown>): Promise<RunOutput> {
    const { inner, abort } = ownScope(ctx);
    const answer = async (): Promise<RunOutput> => {
      const kept = await asked;
      if (isKept(kept)) {
        this.counts.hits++;
        return kept as RunOutput;
      }
      inner.scope?.check();
      this.counts.misses++;
      const output = await startStep<RunOutput>(this.step, input, inner);
      this.keep(key, output);
      return output;
    };
    return this.share(key, answer(), ctx, abort, false);
  }

  private share(
    key: string,
    output: Promise<RunOutput>,
    ctx: RunContext,
    abort: (reason: unknown) => void,
    keeps = true,
  ): Promise<RunOutput> {
    const run = new SharedRun(output, (reason) => {
      this.forget(key, run);
      abort(reason);
    });
    this.running.set(key, run);
    output.then(
      (value) => {
        // One that all have left may come to an end nevertheless.
        if (keeps) this.keep(key, value);
        this.forget(key, run);
      },
      () => this.forget(key, run),
    );
    return run.join(ctx.scope?.signal) as Promise<RunOutput>;
  }

  /** Joins the chunks first: only whole inputs have keys. */
  override runStream(chunks: Chunks<RunInput>, ctx: RunContext): Chunks<RunOutput> {
    return this.streamGathered(chunks, ctx);
  }

  // A stream that nobody reads starts nothing.
  protected override streamWhole(input: RunInput, ctx: RunContext): AsyncGenerator<RunOutput, void> {
    return laterChunks(() => this.openStreamOf(input, ctx));
  }

  private async openStreamOf(input: RunInput, ctx: RunContext): Promise<Chunks<RunOutput>> {
    const { counts, running } = this;
    const entries = this.entries ?? (await this.loadEntries());
    const key = this.keyOf(input, ctx);
    if (key === undefined) return streamStep<RunOutput>(this.step, new SingleChunk(input), ctx);
    if (!running.has(key)) {
      const asked = entries.get(key);
      const kept = isThenable(asked) ? await asked : asked;
      if (isKept(kept)) {
        counts.hits++;
        return new SingleChunk(kept as RunOutput);
      }
    }
    const other = running.get(key);
    if (other !== undefined) {
      counts.shared++;
      return other instanceof SharedRun
        ? new SingleChunk((await other.join(ctx.scope?.signal)) as RunOutput)
        : other.read(ctx.scope?.signal);
    }
    counts.misses++;
    const { inner, abort } = ownScope(ctx);
    const chunks = streamStep<RunOutput>(this.step, new SingleChunk(input), inner);
    const stream: SharedStream<RunOutput> = new SharedStream(chunks, {
      onEnd: (value) => {
        this.keep(key, value);
        this.forget(key, stream);
      },
      onFailed: () => this.forget(key, stream),
      onLeft: (reason) => {
        this.forget(key, stream);
        abort(reason);
      },
    });
    running.set(key, stream);
    return stream.read(ctx.scope?.signal);
  }

  private keyOf(input: RunInput, ctx: RunContext): string | undefined {
    const key = cacheKey(this.key, input, ctx.config);
    if (key === undefined) this.counts.skipped++;
    return key;
  }

  private keep(key: string, output: unknown): void {
    if (isKept(output)) this.entries?.set(key, output);
  }

  private forget(key: string, run: SharedRun | SharedStream<RunOutput>): void {
    if (this.running.get(key) === run) this.running.delete(key);
  }

  private counted(store: CacheStore): CountedStore {
    return new CountedStore(store, this.ttlMs, () => {
      this.counts.storeErrors++;
    });
  }

  private async loadEntries(): Promise<CountedStore> {
    this.loading ??= memoryStore(this.maxEntries, this.ttlMs);
    try {
      const store = await this.loading;
      this.entries ??= this.counted(store);
      return this.entries;
    } finally {
      this.loading = undefined;
    }
  }
}

function isKept(output: unknown): boolean {
  return output !== undefined && output !== null;
}

/** The context of a run that may outlive the call which started it: it ends when nobody waits for it. */
function ownScope(ctx: RunContext): { inner: RunContext; abort: (reason: unknown) => void } {
  if (ctx.scope === null) return { inner: ctx, abort: () => {} };
  ctx.scope.check();
  const controller = new AbortController();
  const { signal } = controller;
  const inner = ctx.with({ config: { ...ctx.config, signal }, scope: new Scope(signal) });
  return { inner, abort: (reason) => controller.abort(reason) };
}

defineKind("cache", {
  type: RunnableCache,
  fields: { bound: "step", key: "function", ttlMs: "data", maxEntries: "data", store: "local" },
  conditional: ["bound"],
  stays: "keeps outputs in this thread; put withCache around the step with the lane",
  saved: "what it keeps belongs to one program",
  draw(_runnable, { bound }: { bound: Runnable }, config) {
    const graph = graphOfPart(bound, config);
    const [input, output] = [graph.firstNode(), graph.lastNode()] as [Node, Node];
    graph.addEdge(input, output, "cached", true);
    return graph;
  },
});
