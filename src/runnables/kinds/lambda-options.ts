import type { RunnableConfig } from "../../core/config.ts";
import type { LambdaResult } from "../types.ts";
import type { LaneChoice } from "./on-lane.ts";

/** The function of a lambda: besides outputs, promises and chunks it may return a runnable, which then gets the same input. */
export type LambdaFunc<RunInput, RunOutput, CallOptions extends RunnableConfig = RunnableConfig> = (
  input: RunInput,
  // biome-ignore lint/suspicious/noExplicitAny: extra keys are call options of any type
  options: CallOptions & Record<string, any>,
) => LambdaResult<RunInput, RunOutput>;

/** The resources, data and functions that a function uses besides its input, by name. */
export type LambdaUses = Readonly<Record<string, unknown>>;

/** The options of a lambda. */
export interface LambdaOptions {
  /** The name of the step. @default the function's name in tables, "RunnableLambda" in run names */
  name?: string | undefined;
  /** The lane of the step: see `withLane`. @default the event loop */
  lane?: LaneChoice | undefined;
  /**
   * The resources, plain data and functions that the function finds in `config.uses`, wherever it runs. Of a resource it finds the value; a
   * function in it needs nothing from around it. @default none
   */
  uses?: LambdaUses | undefined;
}

/** The fields that a {@link RunnableLambda} is constructed from. */
export interface RunnableLambdaFields<RunInput, RunOutput, CallOptions extends RunnableConfig = RunnableConfig> {
  /** The function. */
  func: LambdaFunc<RunInput, RunOutput, CallOptions>;
  /** The name of the lambda and its runs. @default "RunnableLambda" in run names, the function's name in tables */
  name?: string | undefined;
  /**
   * The resources, plain data and functions that the function finds in `config.uses`, wherever it runs. Of a resource it finds the value; a
   * function in it needs nothing from around it. @default none
   */
  uses?: LambdaUses | undefined;
}
