import { MAX_DELAY_MS } from "../../batching/timers.ts";
import type { RunnableConfig } from "../../core/config.ts";
import { describe, invalidOption, runlaneError } from "../../core/errors/errors.ts";
import type { RunnableInterface } from "../types.ts";
import { RunnableLambda } from "./lambda.ts";
import type { LambdaFunc, LambdaUses } from "./lambda-options.ts";
import type { LaneChoice } from "./on-lane.ts";

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

/** The options of a batched runnable: how inputs are gathered to calls of its function, and where that runs. */
// biome-ignore lint/suspicious/noExplicitAny: any input, unless the function's is known
export interface BatchedOptions<RunInput = any> {
  /** The number of inputs that one call gets at most; with `batchSizeOf`, the sum of their sizes. @default 32 */
  maxBatchSize?: number | undefined;
  /**
   * The time in milliseconds that an input waits at most for others to share its call. With 0, it waits for those that come in the same
   * turn of microtasks: `Promise.all` over calls shares, and a call alone is one microtask late. @default 10
   */
  maxWaitMs?: number | undefined;
  /** The number of calls that run at once at most. Inputs that come meanwhile gather for the next one. @default 1 */
  maxConcurrentBatches?: number | undefined;
  /**
   * The size of one input, where `maxBatchSize` limits tokens or bytes and not inputs: `(text) => text.length`. An input that is larger than
   * `maxBatchSize` by itself goes alone. @default each input has the size 1
   */
  batchSizeOf?: ((input: RunInput) => number) | undefined;
  /** Whether a call that throws is repeated with each of its inputs alone, so that only the inputs at fault fail. @default false */
  isolateErrors?: boolean | undefined;
  /**
   * Groups inputs by their configs: those for which this returns the same value may share a call. `() => ""` lets all inputs share;
   * `({ configurable }) => configurable?.tenant` keeps tenants apart. The function's own config is what the configs of its inputs have in
   * common.
   *
   * @default all of `configurable`, `tags`, `metadata` and the call options, but for what LangGraph adds for each task
   */
  shareBy?: ((config: RunnableConfig) => unknown) | undefined;
  /** The name of the step. @default the function's name in tables, "RunnableBatched" in run names */
  name?: string | undefined;
  /** The lane of the function: a call, with all its inputs, is one input of the lane. @default the event loop */
  lane?: LaneChoice | undefined;
  /** The resources and data that the function finds in `config.uses`, wherever it runs. @default none */
  uses?: LambdaUses | undefined;
}

/** The fields that a {@link RunnableBatched} is constructed from. */
export interface RunnableBatchedFields<RunInput, RunOutput, CallOptions extends RunnableConfig = RunnableConfig>
  extends BatchedOptions<RunInput> {
  /** The function, or a lambda around one, as `RunnableLambda.fromModule` makes it of an export. */
  func: BatchedFunc<RunInput, RunOutput | Error, CallOptions> | RunnableInterface<RunInput[], (RunOutput | Error)[]>;
}

/** The fields of a batched runnable, checked and complete. @throws RUNLANE_INVALID_STEPS, RUNLANE_INVALID_OPTION */
export function checkBatched<RunInput, RunOutput, CallOptions extends RunnableConfig>(
  fields: RunnableBatchedFields<RunInput, RunOutput, CallOptions>,
) {
  const lambda = lambdaOf(fields?.func);
  const func = lambda.func as BatchedFunc<RunInput, RunOutput | Error, CallOptions>;
  const { name = lambda.name, uses = lambda.uses, lane, batchSizeOf, shareBy, isolateErrors = false } = fields;
  const { maxBatchSize = 32, maxWaitMs = 10, maxConcurrentBatches = 1 } = fields;
  checkCount("maxBatchSize", maxBatchSize);
  checkCount("maxConcurrentBatches", maxConcurrentBatches);
  if (!(typeof maxWaitMs === "number" && maxWaitMs >= 0 && maxWaitMs <= MAX_DELAY_MS))
    throw invalid("maxWaitMs", `a number of milliseconds from 0 to ${MAX_DELAY_MS}`, maxWaitMs);
  if (batchSizeOf !== undefined && typeof batchSizeOf !== "function")
    throw invalid("batchSizeOf", "a function", batchSizeOf);
  if (shareBy !== undefined && typeof shareBy !== "function") throw invalid("shareBy", "a function", shareBy);
  if (typeof isolateErrors !== "boolean") throw invalid("isolateErrors", "a boolean", isolateErrors);
  return { func, name, uses, lane, maxBatchSize, maxWaitMs, maxConcurrentBatches, batchSizeOf, shareBy, isolateErrors };
}

/** The size of an input as `batchSizeOf` gave it, checked. @throws RUNLANE_INVALID_OPTION */
export function checkWeight(weight: unknown): number {
  if (typeof weight === "number" && weight >= 0) return weight;
  throw invalid("batchSizeOf", "a function that gives a number of at least 0", weight);
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

function invalid(option: string, expected: string, received: unknown): Error {
  return invalidOption("RunnableBatched", option, expected, received);
}
