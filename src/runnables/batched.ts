import { type BatchStreamOptions, DEFAULT_STREAM_CONCURRENCY } from "../batching/batch-stream.ts";
import { Coalescer } from "../batching/coalescer.ts";
import { Crowd } from "../batching/crowd.ts";
import type { RunnableBatchOptions } from "../batching/inputs.ts";
import type { Outcome } from "../batching/outcome.ts";
import { Member, SharedCall } from "../batching/shared-call.ts";
import { MAX_DELAY_MS, platformTimers } from "../batching/timers.ts";
import { callOutside } from "../core/ambient.ts";
import { captureContext } from "../core/async-context.ts";
import { Whole } from "../core/chunks.ts";
import type { RunnableConfig } from "../core/config.ts";
import type { RunContext } from "../core/context.ts";
import { describe, invalidOption, runlaneError } from "../core/errors.ts";
import { abortError } from "../core/signal.ts";
import { contextOf, sharingOf } from "./call-sharing.ts";
import { type LambdaFunc, type LambdaUses, RunnableLambda } from "./lambda.ts";
import type { LaneChoice, RunnableOnLane } from "./on-lane.ts";
import { defineKind, fromNode, type RunnableNode } from "./registry.ts";
import { Runnable } from "./runnable.ts";
import type { RunnableInterface } from "./types.ts";
import { RunnableVector } from "./vector.ts";

/** A vectorised function: it takes many inputs, and gives one output for each, in order, or an `Error` in the place of one. */
export type BatchedFunc<RunInput, RunOutput, CallOptions extends RunnableConfig = RunnableConfig> = (
  inputs: RunInput[],
  // biome-ignore lint/suspicious/noExplicitAny: extra keys are call options of any type
  options: CallOptions & Record<string, any>,
) =>
  | readonly RunOutput[]
  | Promise<readonly RunOutput[]>
  | AsyncIterable<RunOutput>
  | Iterator<RunOutput | PromiseLike<RunOutput>>;

/** How inputs are gathered to calls of a vectorised function, and where it runs. */
// biome-ignore lint/suspicious/noExplicitAny: any input, unless the function's is known
export interface BatchedOptions<RunInput = any> {
  /** How many inputs one call gets at most; with `batchSizeOf`, what they may add up to. @default 32 */
  maxBatchSize?: number | undefined;
  /**
   * How many milliseconds an input waits at most for others to share its call. With 0, it waits for those that come in the same turn
   * of microtasks: `Promise.all` over calls shares, and a call alone is one microtask late. @default 10
   */
  maxWaitMs?: number | undefined;
  /** How many calls run at once at most. What arrives meanwhile gathers for the next one. @default 1 */
  maxConcurrentBatches?: number | undefined;
  /**
   * What one input adds to the size of a call, for limits in tokens or bytes: `(text) => text.length`. An input that is larger than
   * `maxBatchSize` by itself goes alone. @default each input adds 1
   */
  batchSizeOf?: ((input: RunInput) => number) | undefined;
  /** Whether a call that throws is made again for each of its inputs alone, so that only those fail that do so alone. @default false */
  isolateErrors?: boolean | undefined;
  /** What the step is called. @default the function's name in tables, "RunnableBatched" in run names */
  name?: string | undefined;
  /** Where the function runs: a call, with all its inputs, is one input of the lane. @default the event loop */
  lane?: LaneChoice | undefined;
  /** What the function finds in `config.uses`, wherever it runs. */
  uses?: LambdaUses | undefined;
}

/** What a batched runnable is made of. */
export interface RunnableBatchedFields<RunInput, RunOutput, CallOptions extends RunnableConfig = RunnableConfig>
  extends BatchedOptions<RunInput> {
  /** The function, or a lambda of one: what `RunnableLambda.fromModule` makes of an export. */
  func: BatchedFunc<RunInput, RunOutput | Error, CallOptions> | RunnableInterface<RunInput[], (RunOutput | Error)[]>;
}

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
 * - Inputs share a call only if their configs say the same: `configurable`, `tags`, `metadata` and call options. The function sees
 *   those, and no callbacks: observers see one run for each input.
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
  readonly isolateErrors: boolean;
  readonly lane: LaneChoice | undefined;
  readonly uses: LambdaUses | undefined;
  private readonly vector: RunnableVector;
  private readonly away: Runnable | undefined;
  /** Whether the function on the lane is a generator: its outputs are asked for one by one. */
  private readonly yields: boolean;
  private readonly coalescer: Coalescer<SharedCall, RunnableConfig | undefined>;
  private readonly inContext = captureContext();
  /** The batch whose inputs run, in the view of this runnable that such a batch has. */
  private readonly crowd: Crowd | undefined;

  /**
   * @throws RUNLANE_INVALID_STEPS when `func` is no function, RUNLANE_INVALID_OPTION, and what `withLane` throws; runs throw
   *   RUNLANE_BATCH_MISMATCH.
   */
  constructor(fields: RunnableBatchedFields<RunInput, RunOutput, CallOptions>) {
    super();
    const lambda = lambdaOf(fields?.func);
    const func = lambda.func as BatchedFunc<RunInput, RunOutput | Error, CallOptions>;
    const { name = lambda.name, uses = lambda.uses, lane, batchSizeOf, isolateErrors = false } = fields;
    const { maxBatchSize = 32, maxWaitMs = 10, maxConcurrentBatches = 1 } = fields;
    checkCount("maxBatchSize", maxBatchSize);
    checkCount("maxConcurrentBatches", maxConcurrentBatches);
    if (!(typeof maxWaitMs === "number" && maxWaitMs >= 0 && maxWaitMs <= MAX_DELAY_MS))
      throw invalid("maxWaitMs", `a number of milliseconds from 0 to ${MAX_DELAY_MS}`, maxWaitMs);
    if (batchSizeOf !== undefined && typeof batchSizeOf !== "function")
      throw invalid("batchSizeOf", "a function", batchSizeOf);
    if (typeof isolateErrors !== "boolean") throw invalid("isolateErrors", "a boolean", isolateErrors);
    this.func = func;
    if (name !== undefined) this.name = name;
    this.maxBatchSize = maxBatchSize;
    this.maxWaitMs = maxWaitMs;
    this.maxConcurrentBatches = maxConcurrentBatches;
    this.batchSizeOf = batchSizeOf;
    this.isolateErrors = isolateErrors;
    this.lane = lane;
    this.uses = uses;
    this.vector = new RunnableVector({ func: func as LambdaFunc<unknown[], unknown>, name, uses });
    this.away = lane === undefined ? undefined : fromNode({ kind: "lane", bound: this.vector, lane });
    this.yields = /Generator/.test(Object.prototype.toString.call(func));
    this.coalescer = new Coalescer({
      maxBatchSize,
      maxWaitMs,
      maxConcurrentBatches,
      timers: platformTimers,
      open: (key, config) => this.callFor(key, config),
      send: (call, free) => this.inContext(() => call.send(free)),
    });
  }

  static override lc_name(): string {
    return "RunnableBatched";
  }

  override get node(): RunnableNode {
    return { kind: "batched", ...this.fields };
  }

  override get label(): string {
    return this.name ?? (this.func.name || this.getName());
  }

  override get laneName(): string | undefined {
    return this.away?.laneName;
  }

  override run(input: RunInput, ctx: RunContext): RunOutput | PromiseLike<RunOutput> {
    const { coalescer, batchSizeOf, crowd } = this;
    const weight = batchSizeOf === undefined ? 1 : checkWeight(batchSizeOf(input));
    const signal = ctx.scope?.signal;
    if (signal?.aborted === true) throw abortError(signal);
    const { key, config } = sharingOf(ctx);
    const call = coalescer.place(key, config, weight);
    let output: Promise<unknown>;
    if (signal === undefined && !this.yields && !this.isolateErrors) {
      output = call.add(input);
    } else {
      const member = new Member(weight, signal, this.leave);
      call.addMember(input, member);
      output = member.output;
    }
    coalescer.added(call, crowd?.enter(output));
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
    const crowd = new Crowd(Number.POSITIVE_INFINITY, true);
    return super.batch.call(this.viewFor(crowd), inputs, options, batchOptions) as Promise<(RunOutput | Error)[]>;
  }

  override batchAsCompleted(
    inputs: readonly RunInput[],
    options?: Partial<CallOptions> | Partial<CallOptions>[],
    batchOptions?: Pick<RunnableBatchOptions, "maxConcurrency">,
  ): AsyncGenerator<[index: number, outcome: Outcome<RunOutput>], void> {
    const crowd = new Crowd(Number.POSITIVE_INFINITY, true);
    return super.batchAsCompleted.call(this.viewFor(crowd), inputs, options, batchOptions) as OutcomesOf<RunOutput>;
  }

  override batchStream(
    source: Iterable<RunInput> | AsyncIterable<RunInput>,
    options: Partial<CallOptions> & BatchStreamOptions = {},
  ): AsyncGenerator<[index: number, outcome: Outcome<RunOutput>], void> {
    const crowd = new Crowd(options.maxConcurrency ?? DEFAULT_STREAM_CONCURRENCY, false);
    const watched = isIterable(source) ? crowd.watch(source, () => this.coalescer.flush()) : source;
    return super.batchStream.call(this.viewFor(crowd), watched, options) as OutcomesOf<RunOutput>;
  }

  /**
   * Moves the function to a lane. The gathering stays in this thread, where the calls are made.
   *
   * @throws What `Runnable.withLane` throws.
   */
  override withLane(lane: LaneChoice): RunnableOnLane<RunInput, RunOutput, CallOptions> {
    const bound = new RunnableBatched({ ...this.fields, lane });
    return fromNode({ kind: "lane", bound, lane: "loop" }) as RunnableOnLane<RunInput, RunOutput, CallOptions>;
  }

  private callFor(key: string, config: RunnableConfig | undefined): SharedCall {
    const { label, isolateErrors, away, vector, yields } = this;
    const open = (inputs: unknown[], signal: AbortSignal | undefined): unknown => {
      const ctx = contextOf(config, signal);
      if (away !== undefined) return yields ? away.runStream(new Whole(inputs), ctx) : away.run(inputs, ctx);
      return ctx.propagates ? vector.start(inputs, ctx) : callOutside(() => vector.start(inputs, ctx));
    };
    return new SharedCall(key, { label, isolateErrors, open });
  }

  /** This runnable, as it runs the inputs of one batch. */
  private viewFor(crowd: Crowd): this {
    return Object.create(this, { crowd: { value: crowd } });
  }

  // Without a return type: RunnableBatchedFields would make the type of every runnable invariant in its input.
  private get fields() {
    const { func, name, maxBatchSize, maxWaitMs, maxConcurrentBatches, batchSizeOf, isolateErrors, lane, uses } = this;
    return { func, name, maxBatchSize, maxWaitMs, maxConcurrentBatches, batchSizeOf, isolateErrors, lane, uses };
  }
}

type OutcomesOf<Output> = AsyncGenerator<[index: number, outcome: Outcome<Output>], void>;

function isIterable(source: unknown): boolean {
  return typeof source === "string" || Symbol.iterator in Object(source) || Symbol.asyncIterator in Object(source);
}

/** The lambda of a function, or the one that is given. */
function lambdaOf(func: unknown): Pick<RunnableLambda, "func"> & Partial<Pick<RunnableLambda, "name" | "uses">> {
  if (typeof func === "function") return { func: func as LambdaFunc<unknown, unknown> };
  if (func instanceof RunnableLambda) return func;
  const expected = "a function of an array of inputs, or a lambda of one";
  throw runlaneError("RUNLANE_INVALID_STEPS", { where: "RunnableBatched", expected, received: describe(func) });
}

function checkCount(option: string, value: unknown): void {
  if (value === Number.POSITIVE_INFINITY || (Number.isInteger(value) && (value as number) >= 1)) return;
  throw invalid(option, "an integer of at least 1, or Infinity", value);
}

function checkWeight(weight: unknown): number {
  if (typeof weight === "number" && weight >= 0) return weight;
  throw invalid("batchSizeOf", "a function that gives a number of at least 0", weight);
}

function invalid(option: string, expected: string, received: unknown): Error {
  return invalidOption("RunnableBatched", option, expected, received);
}

defineKind("batched", (node) => new RunnableBatched(node));
