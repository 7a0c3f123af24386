import "../observe/callbacks.ts";
import { runUniform } from "../batching/batch.ts";
import { type BatchStreamOptions, DEFAULT_STREAM_CONCURRENCY, streamOutcomes } from "../batching/batch-stream.ts";
import { Gather } from "../batching/gather.ts";
import { InputRuns, type RunnableBatchOptions } from "../batching/inputs.ts";
import type { Outcome } from "../batching/outcome.ts";
import { isAmbient, isMeasuring } from "../core/ambient.ts";
import type { RunnableConfig } from "../core/config.ts";
import { openContext, PLAIN, type RunContext } from "../core/context.ts";
import { describe, runlaneError } from "../core/errors/errors.ts";
import { Serializable } from "../core/serialization/serializable.ts";
import { lookInto } from "../core/stack-overflow.ts";
import { startCall, streamCall } from "../core/start-step.ts";
import { JOINS, type Step, type Trace } from "../core/step.ts";
import { asGenerator, type Chunks, join, promised, SingleChunk } from "../core/streams/chunks.ts";
import { Joiner } from "../core/streams/concat.ts";
import { type Join, joinByHook, laterChunks } from "../core/streams/joins.ts";
import { wholeOf } from "../core/streams/last-chunk.ts";
import { openStream, type RunnableStream, toStream } from "../core/streams/runnable-stream.ts";
import { isThenable } from "../core/thenable.ts";
import type { Graph } from "../graph/graph.ts";
import { graphOf } from "../graph/graph-of.ts";
import type { EventFilter } from "../observe/event-filter.ts";
import type { StreamEvent } from "../observe/event-stream.ts";
import type { RunLogPatch } from "../observe/run-log.ts";
import type { ChainRun } from "../observe/run-manager.ts";
import { RUNLANE_STEP } from "./coerce.ts";
import {
  batchReported,
  callReported,
  configsFor,
  type ReportedFunc,
  separateConfig,
  transformReported,
} from "./hooks.ts";
import type { RunnableNode } from "./registry.ts";
import type { RunnableInterface } from "./types.ts";

/**
 * How a runnable runs: one input, many, or a stream of chunks. {@link Runnable} adds how runnables compose.
 *
 * A subclass overrides one of three methods, `run`, `runStream` or (for code written for LangChain) `invoke`; everything else
 * follows from it.
 */
export abstract class RunnableBase<
    // biome-ignore lint/suspicious/noExplicitAny: LangChain's own defaults
    RunInput = any,
    // biome-ignore lint/suspicious/noExplicitAny: LangChain's own defaults
    RunOutput = any,
    CallOptions extends RunnableConfig = RunnableConfig,
  >
  extends Serializable
  implements RunnableInterface<RunInput, RunOutput, CallOptions>, Step<RunInput, RunOutput>
{
  /** What runs of this runnable are called. @default the name of its class */
  declare name?: string;
  /** LangChain's mark of a runnable. */
  declare protected lc_runnable: boolean;

  /** What this runnable is, as plain data. */
  abstract get node(): RunnableNode;

  /** What tables and error reports call this step: its given name, or a better one than its class's where there is one. */
  get label(): string {
    return this.getName();
  }

  /** How callbacks are told of this runnable's runs: a subclass that overrides `run` has runs of its own. */
  get trace(): Trace | undefined {
    return this.run === RunnableBase.prototype.run ? undefined : JOINS;
  }

  get laneName(): string | undefined {
    return undefined;
  }

  get timeoutOwner(): Step | undefined {
    return undefined;
  }

  /** The name of this runnable, followed by `suffix`. */
  getName(suffix?: string): string {
    const name = this.name ?? (this.constructor as typeof RunnableBase).lc_name();
    return suffix ? `${name}${suffix}` : name;
  }

  /**
   * The graph of this runnable and of what it is made of: branches, routes and retries are shown with their inside. LangChain's
   * runnables and LangGraph's graphs in it draw themselves.
   *
   * @param config Handed to them, for example `{ xray: true }` for LangGraph.
   */
  getGraph(config?: RunnableConfig & { xray?: boolean | number }): Graph {
    return lookInto("getGraph", () => graphOf(this, config));
  }

  /**
   * Runs one input inside a call: the kernel's entry. Override this one, rather than `invoke`, to return without a promise what
   * needs no waiting.
   */
  run(input: RunInput, ctx: RunContext): RunOutput | PromiseLike<RunOutput> {
    if (this.invoke === RunnableBase.prototype.invoke)
      throw runlaneError("RUNLANE_NOT_IMPLEMENTED", { where: this.getName() });
    return this.invoke(input, ctx.config as Partial<CallOptions>);
  }

  start(input: RunInput, ctx: RunContext): unknown {
    return this.run(input, ctx);
  }

  finish(settled: unknown, _input: RunInput, _ctx: RunContext): RunOutput | PromiseLike<RunOutput> {
    return settled as RunOutput;
  }

  /**
   * Turns the chunks of an input into the chunks of the output. Unless overridden, it waits for the whole input.
   *
   * @throws RUNLANE_NOT_CONCATENABLE when the chunks of the input cannot be joined.
   */
  runStream(chunks: Chunks<RunInput>, ctx: RunContext): Chunks<RunOutput> {
    if (this.transform !== RunnableBase.prototype.transform) {
      return this.transform(asGenerator(chunks), ctx.config as Partial<CallOptions>);
    }
    return this.streamGathered(chunks, ctx);
  }

  /** The chunks of the output, once the whole input is there. */
  protected streamGathered(chunks: Chunks<RunInput>, ctx: RunContext): Chunks<RunOutput> {
    const whole = wholeOf(chunks);
    return whole === undefined ? this.streamJoined(chunks, ctx) : this.streamWhole(whole.value, ctx);
  }

  private streamJoined(chunks: Chunks<RunInput>, ctx: RunContext): AsyncGenerator<RunOutput, void> {
    return laterChunks(async () => this.streamWhole(await join(chunks, ctx), ctx));
  }

  /** The chunks of the output of one whole input. */
  protected streamWhole(input: RunInput, ctx: RunContext): Chunks<RunOutput> {
    if (this._streamIterator !== RunnableBase.prototype._streamIterator) {
      return this._streamIterator(input, ctx.config as Partial<CallOptions>);
    }
    const out = this.run(input, ctx);
    return isThenable(out) ? promised(out as PromiseLike<RunOutput>) : new SingleChunk(out as RunOutput);
  }

  /**
   * Runs one input.
   *
   * @param options The config of the run.
   * @returns The output. Rejects with what a step threw, with a `TimeoutError` or an `AbortError`.
   */
  invoke(input: RunInput, options?: Partial<CallOptions>): Promise<RunOutput> {
    try {
      if (options === undefined && !isAmbient()) return Promise.resolve(this.run(input, PLAIN));
      const ctx = this.openCall(options);
      if (ctx.scope === null) return Promise.resolve(startCall<RunOutput>(this, input, ctx));
      return Promise.resolve(ctx.scope.guard(() => startCall<RunOutput>(this, input, ctx)));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Runs many inputs, all at once unless `maxConcurrency` bounds them. Sync work yields to timers and I/O every 8 ms.
   *
   * @param options One config for all inputs, or one for each. `timeout` counts for each input, from its start.
   * @returns The outputs in the order of the inputs. The first failure rejects, and inputs that have not started never do; with
   *   `returnExceptions` each failed input has its error in its place.
   * @throws RUNLANE_CONFIG_COUNT, RUNLANE_INVALID_CONFIG
   */
  batch(
    inputs: RunInput[],
    options?: Partial<CallOptions> | Partial<CallOptions>[],
    batchOptions?: RunnableBatchOptions & { returnExceptions?: false },
  ): Promise<RunOutput[]>;
  batch(
    inputs: RunInput[],
    options?: Partial<CallOptions> | Partial<CallOptions>[],
    batchOptions?: RunnableBatchOptions & { returnExceptions: true },
  ): Promise<(RunOutput | Error)[]>;
  batch(
    inputs: RunInput[],
    options?: Partial<CallOptions> | Partial<CallOptions>[],
    batchOptions?: RunnableBatchOptions,
  ): Promise<(RunOutput | Error)[]>;
  async batch(
    inputs: RunInput[],
    options?: Partial<CallOptions> | Partial<CallOptions>[],
    batchOptions: RunnableBatchOptions = {},
  ): Promise<(RunOutput | Error)[]> {
    if (!Array.isArray(inputs)) {
      throw runlaneError("RUNLANE_INVALID_INPUT", {
        where: "batch",
        expected: "an array of inputs",
        received: describe(inputs),
      });
    }
    const { maxConcurrency, returnExceptions } = batchOptions;
    const runs = new InputRuns(this, options, { count: inputs.length, maxConcurrency });
    const { call } = runs;
    const gathering = { returnExceptions, slot: call.slot, signal: call.scope?.signal };
    try {
      // Copies: inputs start later too, and the array is the caller's, who may go on filling or emptying it.
      const own = [...inputs];
      if (runs.shared || runs.stages !== undefined)
        return (await runUniform(this, own, call, gathering)) as RunOutput[];
      const launch = (index: number, slot: typeof call.slot): unknown => runs.run(own[index], index, slot);
      return (await new Gather(own.length, launch, gathering).run()) as RunOutput[];
    } finally {
      call.scope?.close();
    }
  }

  /**
   * Runs many inputs and yields `[index, outcome]` for each as it completes. A failed input is an outcome like any other; the rest
   * goes on. Leaving the loop stops what has not started and aborts what has.
   *
   * @throws What `batch` throws, and an `AbortError` when `config.signal` aborts.
   * @example
   * ```ts
   * import { RunnableLambda } from "runlane";
   *
   * const fetchAll = RunnableLambda.from(async (ms: number) => new Promise<number>((done) => setTimeout(done, ms, ms)));
   * for await (const [index, outcome] of fetchAll.batchAsCompleted([20, 1])) console.log(index, outcome.status); // 1, then 0
   * ```
   */
  async *batchAsCompleted(
    inputs: readonly RunInput[],
    options?: Partial<CallOptions> | Partial<CallOptions>[],
    batchOptions: Pick<RunnableBatchOptions, "maxConcurrency"> = {},
  ): AsyncGenerator<[index: number, outcome: Outcome<RunOutput>], void> {
    const { maxConcurrency } = batchOptions;
    const runs = new InputRuns(this, options, { count: inputs.length, maxConcurrency, abortable: true });
    yield* streamOutcomes<RunOutput>(runs, [...inputs], { ordered: false, concurrency: Number.POSITIVE_INFINITY });
  }

  /**
   * Runs the inputs of any iterable or async iterable and yields `[index, outcome]` for each. Memory stays bounded: the source is
   * read only as fast as outcomes are taken, at most twice `maxConcurrency` inputs ahead of them. A failed input is an outcome like
   * any other. When the source throws, what was read finishes first. Leaving the loop closes the source.
   *
   * @param options The config of all inputs (`maxConcurrency` is 64 unless set), and `ordered`: whether outcomes come in the order
   *   of the inputs (the default) or as they complete.
   * @throws What the source throws, RUNLANE_INVALID_CONFIG, and an `AbortError` when `config.signal` aborts.
   * @example
   * ```ts
   * import { RunnableLambda } from "runlane";
   *
   * function* lines() {
   *   for (let n = 0; n < 3; n++) yield `line ${n}`;
   * }
   * const shout = RunnableLambda.from((line: string) => line.toUpperCase());
   * for await (const [index, outcome] of shout.batchStream(lines())) console.log(index, outcome);
   * ```
   */
  async *batchStream(
    source: Iterable<RunInput> | AsyncIterable<RunInput>,
    options: Partial<CallOptions> & BatchStreamOptions = {},
  ): AsyncGenerator<[index: number, outcome: Outcome<RunOutput>], void> {
    if (!isIterable(source)) {
      throw runlaneError("RUNLANE_INVALID_INPUT", {
        where: "batchStream",
        expected: "an iterable or async iterable",
        received: describe(source),
      });
    }
    const { ordered = true, ...config } = options;
    const runs = new InputRuns(this, config as Partial<CallOptions>, { abortable: true });
    const concurrency = runs.call.config.maxConcurrency ?? DEFAULT_STREAM_CONCURRENCY;
    yield* streamOutcomes<RunOutput>(runs, source, { ordered, concurrency });
  }

  /**
   * Runs one input and streams the chunks of its output. Waits for the first chunk, so what fails early rejects the call itself.
   *
   * @returns A web `ReadableStream` that is async iterable. A step that does not stream gives one chunk.
   */
  async stream(input: RunInput, options?: Partial<CallOptions>): Promise<RunnableStream<RunOutput>> {
    return this.openStream(new SingleChunk(input), options);
  }

  /** Turns a stream of input chunks into a stream of output chunks. */
  // LangChain's signature stands first: without it, what is made of runnables could not infer a common input.
  transform(generator: AsyncGenerator<RunInput>, options?: Partial<CallOptions>): AsyncGenerator<RunOutput>;
  transform(generator: AsyncIterable<RunInput>, options?: Partial<CallOptions>): AsyncGenerator<RunOutput>;
  async *transform(generator: AsyncIterable<RunInput>, options?: Partial<CallOptions>): AsyncGenerator<RunOutput> {
    yield* await this.openStream(generator, options);
  }

  private openCall(options: Partial<CallOptions> | undefined): RunContext {
    return isMeasuring() ? openContext(options, { step: this }) : openContext(options);
  }

  private async openStream(
    input: Chunks<RunInput>,
    options: Partial<CallOptions> | undefined,
  ): Promise<RunnableStream<RunOutput>> {
    const ctx = this.openCall(options);
    let chunks: Chunks<RunOutput>;
    try {
      ctx.scope?.check();
      chunks = this.streamsOtherwise(input) ? this.streamGathered(input, ctx) : streamCall(this, input, ctx);
    } catch (error) {
      ctx.scope?.close();
      throw error;
    }
    return openStream(chunks, ctx.scope);
  }

  /**
   * Whether this is a subclass written for LangChain that streams a whole input otherwise than as a step of a chain, or one whose
   * `transform` has called this class's.
   */
  private streamsOtherwise(input: Chunks<RunInput>): boolean {
    return input instanceof SingleChunk
      ? this._streamIterator !== RunnableBase.prototype._streamIterator
      : this.transform !== RunnableBase.prototype.transform;
  }

  /** The chunks of one input's output, as a generator: LangChain's hook for subclasses that stream. */
  async *_streamIterator(input: RunInput, options?: Partial<CallOptions>): AsyncGenerator<RunOutput> {
    if (this._streamIterator === RunnableBase.prototype._streamIterator) yield* await this.stream(input, options);
    else yield await this.invoke(input, options);
  }

  /**
   * Runs one input and reports what happens inside, step by step: starts, chunks, ends, and errors of all kinds of steps. Leaving
   * the loop aborts the run. With a filter too, the first event has the input of the call.
   *
   * @param options The config of the run, and `version`, LangChain's schema of events: `"v2"`, or the older `"v1"`. With
   *   `encoding: "text/event-stream"` the stream has the bytes of server-sent events.
   * @param filter Which events to report, and with `includeParentIds`, whether they say what runs are around theirs. @default all
   * @throws RUNLANE_INVALID_CONFIG when there is no such version.
   * @example
   * ```ts
   * import { RunnableLambda } from "runlane";
   *
   * const chain = RunnableLambda.from((x: number) => x + 1).pipe((x) => x * 2);
   * for await (const { event, name, data } of chain.streamEvents(1, { version: "v2" })) console.log(event, name, data);
   * ```
   */
  streamEvents(
    input: RunInput,
    options: Partial<CallOptions> & { version: "v1" | "v2"; encoding: "text/event-stream" },
    filter?: EventFilter,
  ): RunnableStream<Uint8Array>;
  streamEvents(
    input: RunInput,
    options: Partial<CallOptions> & { version: "v1" | "v2" },
    filter?: EventFilter,
  ): RunnableStream<StreamEvent>;
  streamEvents(
    input: RunInput,
    options: Partial<CallOptions> & { version: "v1" | "v2"; encoding?: "text/event-stream" | undefined },
    filter: EventFilter = {},
  ): RunnableStream<StreamEvent> | RunnableStream<Uint8Array> {
    const { version, encoding, ...config } = options;
    if (version !== "v1" && version !== "v2") {
      const expected = '"v1" or "v2"';
      throw runlaneError("RUNLANE_INVALID_CONFIG", { key: "version", expected, received: describe(version) });
    }
    const controller = new AbortController();
    const leave = (): void => controller.abort();
    const events = eventsOf(version, this, input, config, filter, controller);
    return encoding === "text/event-stream" ? toStream(encoded(events), leave) : toStream(events, leave);
  }

  /**
   * Runs one input and yields what happens inside as patches of a log, LangChain's older form of `streamEvents`.
   *
   * @param filter Which steps to log. @default all
   */
  async *streamLog(
    input: RunInput,
    options: Partial<CallOptions> = {},
    filter: EventFilter = {},
  ): AsyncGenerator<RunLogPatch, void> {
    const { streamRunLog } = await import("../observe/log-stream.ts");
    yield* streamRunLog(this as RunnableBase, input, options, filter);
  }

  /** LangChain's hook: runs `func` as one reported run. @internal */
  protected _callWithConfig<In extends RunInput>(
    func: ((input: In) => Promise<RunOutput>) | ReportedFunc<In, RunOutput, CallOptions>,
    input: In,
    options?: Partial<CallOptions> & { runType?: string },
  ): Promise<RunOutput> {
    return callReported(this, func as ReportedFunc<In, RunOutput>, input, options);
  }

  /** LangChain's hook: runs `func` on many inputs as that many reported runs. @internal */
  protected _batchWithConfig<In extends RunInput>(
    func: (
      inputs: In[],
      configs?: Partial<CallOptions>[],
      runs?: (ChainRun | undefined)[],
      batchOptions?: RunnableBatchOptions,
    ) => Promise<(RunOutput | Error)[]>,
    inputs: In[],
    options?: Partial<CallOptions & { runType?: string }> | Partial<CallOptions & { runType?: string }>[],
    batchOptions?: RunnableBatchOptions,
  ): Promise<(RunOutput | Error)[]> {
    return batchReported(
      this,
      func as Parameters<typeof batchReported<In, RunOutput>>[1],
      inputs,
      options,
      batchOptions,
    );
  }

  /** LangChain's hook: turns chunks into chunks as one reported run. @internal */
  protected _transformStreamWithConfig<In extends RunInput, Out extends RunOutput>(
    chunks: AsyncGenerator<In>,
    transformer: (
      generator: AsyncGenerator<In>,
      runManager?: ChainRun,
      options?: Partial<CallOptions>,
    ) => AsyncGenerator<Out>,
    options?: Partial<CallOptions> & { runType?: string },
  ): AsyncGenerator<Out> {
    return transformReported(this, chunks, transformer as Parameters<typeof transformReported<In, Out>>[2], options);
  }

  /** LangChain's hook: a complete config for each input. @internal */
  protected _getOptionsList(
    options: Partial<CallOptions> | Partial<CallOptions>[] = {},
    length = 0,
  ): Partial<CallOptions>[] {
    return configsFor(options, length);
  }

  /** LangChain's hook: the config in some call options, and the rest of them. @internal */
  protected _separateRunnableConfigFromCallOptions(
    options: Partial<CallOptions> = {},
  ): [RunnableConfig, Omit<Partial<CallOptions>, keyof RunnableConfig>] {
    return separateConfig(options);
  }

  /** @internal LangChain's hook, where a class has one of its own. */
  get ownJoin(): Join | undefined {
    return this._concatOutputChunks === RunnableBase.prototype._concatOutputChunks ? undefined : joinByHook(this);
  }

  /** @internal How the chunks of the output join, as far as that is known without a stream of them. */
  get outputJoin(): Join | undefined {
    return this.ownJoin ?? this.innerJoin;
  }

  /** How the chunks of the steps join that make the output. */
  protected get innerJoin(): Join | undefined {
    return undefined;
  }

  /**
   * Joins two chunks of this runnable's output: LangChain's hook. A subclass that overrides it is asked wherever its chunks are joined.
   *
   * @throws RUNLANE_NOT_CONCATENABLE
   */
  _concatOutputChunks<O>(first: O, second: O): O {
    const joiner = this.innerJoin?.make() ?? new Joiner();
    joiner.add(first);
    joiner.add(second);
    return joiner.value as O;
  }
}

// On the prototype rather than in every instance: LangChain reads them as properties, and subclasses may declare their own.
Object.assign(RunnableBase.prototype, {
  lc_runnable: true,
  lc_namespace: ["langchain_core", "runnables"],
});
Object.defineProperty(RunnableBase.prototype, RUNLANE_STEP, { value: true });

/** The events of a run. What makes them is loaded when the first one is asked for. */
function eventsOf(
  version: "v1" | "v2",
  runnable: RunnableBase,
  input: unknown,
  config: Partial<RunnableConfig>,
  filter: EventFilter,
  controller: AbortController,
): AsyncIterable<StreamEvent> {
  let events: AsyncIterator<StreamEvent> | undefined;
  const open = async (): Promise<AsyncIterator<StreamEvent>> => {
    if (version === "v2")
      return (await import("../observe/stream-events.ts")).streamEventsV2(runnable, input, config, filter, controller);
    return (await import("../observe/stream-events-v1.ts")).streamEventsV1(runnable, input, config, filter, controller);
  };
  const opening = open().then((opened) => {
    events = opened;
    return opened;
  });
  // Not a generator: one around what is inside would cost each event three promises.
  return {
    [Symbol.asyncIterator]: () => ({
      next: () => events?.next() ?? opening.then((opened) => opened.next()),
      return: async (value) => (await (await opening).return?.(value)) ?? { done: true, value: undefined },
    }),
  };
}

async function* encoded(events: AsyncIterable<StreamEvent>): AsyncGenerator<Uint8Array, void> {
  const { encodeEvents } = await import("../observe/sse.ts");
  yield* encodeEvents(events);
}

function isIterable(source: unknown): boolean {
  if (typeof source === "string") return true;
  return typeof source === "object" && source !== null && (Symbol.iterator in source || Symbol.asyncIterator in source);
}
