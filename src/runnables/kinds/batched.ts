import { ArrivalTracker } from "../../batching/arrival-tracker.ts";
import { tellBatch } from "../../batching/batch-events.ts";
import { type BatchStreamOptions, DEFAULT_STREAM_CONCURRENCY } from "../../batching/batch-stream.ts";
import { Coalescer } from "../../batching/coalescer.ts";
import type { RunnableBatchOptions } from "../../batching/inputs.ts";
import type { Outcome } from "../../batching/outcome.ts";
import { Member, SharedCall } from "../../batching/shared-call.ts";
import { platformTimers } from "../../batching/timers.ts";
import { callOutside } from "../../core/ambient.ts";
import { captureContext } from "../../core/async-context.ts";
import type { RunnableConfig } from "../../core/config.ts";
import type { RunContext } from "../../core/context.ts";
import { abortError } from "../../core/signal.ts";
import { SingleChunk } from "../../core/streams/chunks.ts";
import type { Placement } from "../../plan/placement.ts";
import { CallSharing, contextOf } from "../lane/call-sharing.ts";
import { A_FUNCTION } from "../load/saved-class.ts";
import { defineKind, fromNode, type RunnableNode } from "../registry.ts";
import { Runnable } from "../runnable.ts";
import { RunnableBatchFunction } from "./batch-function.ts";
import { type BatchedFunc, checkBatched, checkWeight, type RunnableBatchedFields } from "./batched-options.ts";
import type { LambdaFunc, LambdaUses } from "./lambda-options.ts";
import { type LaneChoice, RunnableOnLane } from "./on-lane.ts";

/**
 * Answers calls that arrive together by one call of a vectorised function. This is what `RunnableLambda.batched` makes.
 *
 * Inputs come from anywhere in the process: from concurrent `invoke`s, from batches, from steps of many chains. They are sent when
 * `maxBatchSize` of them are there, or `maxWaitMs` after the first of those that wait. A batch made on this runnable itself knows that
 * nobody else comes, and does not wait. The idea and the numbers follow Ray Serve's `@serve.batch`.
 *
 * - The function gives one output for each input, in order. An `Error` in a place fails that input alone; what it throws fails all
 *   inputs of the call, unless `isolateErrors` is set. An async generator yields the outputs, and each caller has its own as soon as
 *   it is yielded; the last one when the generator has ended.
 * - A caller whose signal aborts, or whose timeout passes (waiting counts), is rejected at once. The others go on. The function's
 *   `config.signal` aborts when all callers of the call have gone, and is missing if one of them cannot abort.
 * - Inputs share a call only if their configs say the same: `configurable`, `tags`, `metadata` and call options, or what `shareBy` makes of
 *   them. The function sees what they have in common, and no callbacks: observers see one run for each input.
 * - The function runs in the async context in which the runnable was made, as it works for several callers. Each caller goes on in its own.
 *
 * A function that calls its own runnable and waits for it waits for ever if no further call may run (`maxConcurrentBatches`).
 *
 * @example
 * ```ts
 * import { RunnableLambda } from "runlane";
 *
 * const lengths = RunnableLambda.batched(async (texts: string[]) => texts.map((text) => text.length), { maxBatchSize: 100 });
 * await Promise.all(["a", "bb", "ccc"].map((text) => lengths.invoke(text))); // one call: [1, 2, 3]
 * ```
 */
export class RunnableBatched<
  // biome-ignore lint/suspicious/noExplicitAny: LangChain's own defaults
  RunInput = any,
  // biome-ignore lint/suspicious/noExplicitAny: LangChain's own defaults
  RunOutput = any,
  CallOptions extends RunnableConfig = RunnableConfig,
> extends Runnable<RunInput, RunOutput, CallOptions> {
  readonly func: BatchedFunc<RunInput, RunOutput | Error, CallOptions>;
  readonly maxBatchSize: number;
  readonly maxWaitMs: number;
  readonly maxConcurrentBatches: number;
  readonly batchSizeOf: ((input: RunInput) => number) | undefined;
  readonly shareBy: ((config: RunnableConfig) => unknown) | undefined;
  readonly isolateErrors: boolean;
  readonly lane: LaneChoice | undefined;
  readonly uses: LambdaUses | undefined;
  private readonly batchFunction: RunnableBatchFunction;
  private readonly offloaded: RunnableOnLane | undefined;
  /** Whether the function on the lane is a generator: its outputs are asked for one by one. */
  private readonly yields: boolean;
  private readonly coalescer: Coalescer<SharedCall, RunnableConfig | undefined>;
  private readonly inContext = captureContext();
  private readonly sharing: CallSharing;
  private calls = 0;
  private sent = 0;
  /** The batch whose inputs run, in the view of this runnable that such a batch has. */
  private readonly arrivals: ArrivalTracker | undefined;

  /**
   * @throws RUNLANE_INVALID_STEPS when `func` is no function, RUNLANE_INVALID_OPTION, and what `withLane` throws; runs throw
   *   RUNLANE_BATCH_MISMATCH.
   */
  constructor(fields: RunnableBatchedFields<RunInput, RunOutput, CallOptions>) {
    super();
    const { func, name, uses, lane, shareBy, ...settings } = checkBatched(fields);
    this.func = func;
    if (name !== undefined) this.name = name;
    this.maxBatchSize = settings.maxBatchSize;
    this.maxWaitMs = settings.maxWaitMs;
    this.maxConcurrentBatches = settings.maxConcurrentBatches;
    this.batchSizeOf = settings.batchSizeOf;
    this.shareBy = shareBy;
    this.isolateErrors = settings.isolateErrors;
    this.lane = lane;
    this.uses = uses;
    this.batchFunction = new RunnableBatchFunction({ func: func as LambdaFunc<unknown[], unknown>, name, uses });
    this.offloaded = lane === undefined ? undefined : new RunnableOnLane({ bound: this.batchFunction, lane });
    this.yields = /Generator/.test(Object.prototype.toString.call(func));
    this.sharing = new CallSharing(shareBy);
    this.coalescer = new Coalescer({
      ...settings,
      timers: platformTimers,
      open: (key, config) => this.callFor(key, config),
      send: (call, free) => this.inContext(() => call.send(free)),
    });
  }

  static override lc_name(): string {
    return "RunnableBatched";
  }

  override get node(): RunnableNode {
    const {
      name,
      offloaded,
      batchFunction,
      maxBatchSize,
      maxWaitMs,
      maxConcurrentBatches,
      batchSizeOf,
      shareBy,
      isolateErrors,
    } = this;
    const bound = offloaded ?? batchFunction;
    const settings = { maxBatchSize, maxWaitMs, maxConcurrentBatches, batchSizeOf, shareBy, isolateErrors };
    return { kind: "batched", name, bound, ...settings };
  }

  get placement(): Placement {
    const why =
      this.batchSizeOf === undefined ? `gathers up to ${this.maxBatchSize} inputs for a call` : "gathers inputs";
    const mean = this.meanCallSize;
    return { lane: "loop", isInline: true, why: mean === undefined ? why : `${why}, ${mean.toFixed(1)} so far` };
  }

  override get label(): string {
    return this.name ?? (this.func.name || this.getName());
  }

  get meanCallSize(): number | undefined {
    return this.calls === 0 ? undefined : this.sent / this.calls;
  }

  override get laneName(): string | undefined {
    return this.offloaded?.laneName;
  }

  override run(input: RunInput, ctx: RunContext): RunOutput | PromiseLike<RunOutput> {
    const { coalescer, batchSizeOf, arrivals } = this;
    const weight = batchSizeOf === undefined ? 1 : checkWeight(batchSizeOf(input));
    const signal = ctx.scope?.signal;
    if (signal?.aborted === true) throw abortError(signal);
    const { key, config } = this.sharing.of(ctx);
    const call = coalescer.place(key, config, weight);
    if (this.shareBy !== undefined) this.sharing.joins(call, config);
    let output: Promise<unknown>;
    if (signal === undefined && !this.yields && !this.isolateErrors) {
      output = call.add(input);
    } else {
      const member = new Member(weight, signal, this.leave);
      call.addMember(input, member);
      output = member.output;
    }
    coalescer.added(call, arrivals?.enter(output));
    return output as Promise<RunOutput>;
  }

  private readonly leave = ({ call, weight }: Member): void => {
    if (call?.isSent === true) call.left();
    else if (call !== undefined) this.coalescer.left(call, weight);
  };

  /** Runs many inputs, cut to calls of `maxBatchSize`. Nobody waits for others: all inputs are there. */
  override batch(
    inputs: RunInput[],
    options?: Partial<CallOptions> | Partial<CallOptions>[],
    batchOptions?: RunnableBatchOptions & { returnExceptions?: false },
  ): Promise<RunOutput[]>;
  override batch(
    inputs: RunInput[],
    options?: Partial<CallOptions> | Partial<CallOptions>[],
    batchOptions?: RunnableBatchOptions & { returnExceptions: true },
  ): Promise<(RunOutput | Error)[]>;
  override batch(
    inputs: RunInput[],
    options?: Partial<CallOptions> | Partial<CallOptions>[],
    batchOptions?: RunnableBatchOptions,
  ): Promise<(RunOutput | Error)[]>;
  override batch(
    inputs: RunInput[],
    options?: Partial<CallOptions> | Partial<CallOptions>[],
    batchOptions?: RunnableBatchOptions,
  ): Promise<(RunOutput | Error)[]> {
    const arrivals = new ArrivalTracker(Number.POSITIVE_INFINITY, true);
    return super.batch.call(this.viewFor(arrivals), inputs, options, batchOptions) as Promise<(RunOutput | Error)[]>;
  }

  override batchAsCompleted(
    inputs: readonly RunInput[],
    options?: Partial<CallOptions> | Partial<CallOptions>[],
    batchOptions?: Pick<RunnableBatchOptions, "maxConcurrency">,
  ): AsyncGenerator<[index: number, outcome: Outcome<RunOutput>], void> {
    const arrivals = new ArrivalTracker(Number.POSITIVE_INFINITY, true);
    return super.batchAsCompleted.call(this.viewFor(arrivals), inputs, options, batchOptions) as OutcomesOf<RunOutput>;
  }

  override batchStream(
    source: Iterable<RunInput> | AsyncIterable<RunInput>,
    options: Partial<CallOptions> & BatchStreamOptions = {},
  ): AsyncGenerator<[index: number, outcome: Outcome<RunOutput>], void> {
    const arrivals = new ArrivalTracker(options.maxConcurrency ?? DEFAULT_STREAM_CONCURRENCY, false);
    const watched = isIterable(source) ? arrivals.watch(source, () => this.coalescer.flush()) : source;
    return super.batchStream.call(this.viewFor(arrivals), watched, options) as OutcomesOf<RunOutput>;
  }

  /**
   * Moves the function to a lane. The gathering stays in this thread, where the calls are made.
   *
   * @throws What `Runnable.withLane` throws.
   */
  override withLane(lane: LaneChoice): RunnableOnLane<RunInput, RunOutput, CallOptions> {
    const bound = fromNode({ ...this.node, bound: this.batchFunction, lane });
    return new RunnableOnLane({ bound: bound as Runnable<RunInput, RunOutput, CallOptions>, lane: "loop" });
  }

  private callFor(key: string, config: RunnableConfig | undefined): SharedCall {
    const { label, isolateErrors, offloaded, batchFunction, yields } = this;
    const open = (inputs: unknown[], signal: AbortSignal | undefined): unknown =>
      tellBatch(label, inputs.length, () => send(inputs, signal));
    const send = (inputs: unknown[], signal: AbortSignal | undefined): unknown => {
      this.calls++;
      this.sent += inputs.length;
      const ctx = contextOf(this.shareBy === undefined ? config : this.sharing.commonOf(call), signal);
      if (offloaded !== undefined)
        return yields ? offloaded.runStream(new SingleChunk(inputs), ctx) : offloaded.run(inputs, ctx);
      return ctx.propagates ? batchFunction.start(inputs, ctx) : callOutside(() => batchFunction.start(inputs, ctx));
    };
    const call = new SharedCall(key, { label, isolateErrors, open });
    return call;
  }

  /** This runnable, as it runs the inputs of one batch. */
  private viewFor(arrivals: ArrivalTracker): this {
    return Object.create(this, { arrivals: { value: arrivals }, observedAs: { value: this } });
  }
}

type OutcomesOf<Output> = AsyncGenerator<[index: number, outcome: Outcome<Output>], void>;

function isIterable(source: unknown): boolean {
  return typeof source === "string" || Symbol.iterator in Object(source) || Symbol.asyncIterator in Object(source);
}

defineKind("batched", {
  type: RunnableBatched,
  build: ({ bound, ...node }: RunnableBatchedFields<unknown, unknown> & { bound?: Runnable }) =>
    new RunnableBatched(bound === undefined ? node : { ...node, ...partsOf(bound) }),
  fields: {
    name: "data",
    bound: "step",
    maxBatchSize: "data",
    maxWaitMs: "data",
    maxConcurrentBatches: "data",
    batchSizeOf: "function",
    isolateErrors: "data",
  },
  stays:
    "gathers the inputs of all calls of this thread; give the lane to its function: RunnableLambda.batched(func, { lane })",
  saved: A_FUNCTION,
});

/** The function of a batched runnable, and its lane. */
function partsOf(bound: Runnable): Pick<RunnableBatchedFields<unknown, unknown>, "func" | "lane"> {
  if (!(bound instanceof RunnableOnLane)) return { func: bound };
  return { func: bound.bound, lane: bound.lane };
}
