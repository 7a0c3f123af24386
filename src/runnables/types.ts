import type { RunnableBatchOptions } from "../batching/inputs.ts";
import type { RunnableConfig } from "../core/config.ts";
import type { Chunked } from "../core/streams/chunks.ts";

/**
 * What every runnable can do, Runlane's and LangChain's alike. A step that is not Runlane's own is recognised by this shape and its
 * `lc_runnable` mark, never by its class.
 */
export interface RunnableInterface<
  // biome-ignore lint/suspicious/noExplicitAny: LangChain's own defaults
  RunInput = any,
  // biome-ignore lint/suspicious/noExplicitAny: LangChain's own defaults
  RunOutput = any,
  CallOptions extends RunnableConfig = RunnableConfig,
> {
  lc_serializable: boolean;
  lc_id: string[];
  invoke(input: RunInput, options?: Partial<CallOptions>): Promise<RunOutput>;
  batch(
    inputs: RunInput[],
    options?: Partial<CallOptions> | Partial<CallOptions>[],
    batchOptions?: RunnableBatchOptions,
  ): Promise<(RunOutput | Error)[]>;
  stream(
    input: RunInput,
    options?: Partial<CallOptions>,
  ): Promise<ReadableStream<RunOutput> & AsyncIterable<RunOutput>>;
  transform(generator: AsyncGenerator<RunInput>, options: Partial<CallOptions>): AsyncGenerator<RunOutput>;
  getName(suffix?: string): string;
}

/** What a function of a lambda may return: an output, a promise of it, its chunks, or a runnable that makes it. */
export type LambdaResult<RunOutput> = RunOutput | Promise<RunOutput> | Chunked<RunOutput> | Promise<Chunked<RunOutput>>;

/** A function that can be a step. Its second argument is the config of the run. */
export type RunnableFunc<RunInput, RunOutput, CallOptions extends RunnableConfig = RunnableConfig> = (
  input: RunInput,
  // biome-ignore lint/suspicious/noExplicitAny: extra keys are call options of any type
  options: CallOptions & Record<string, any>,
) => LambdaResult<RunOutput>;

/** A plain object of steps: it stands for the parallel that runs them all on one input. */
export type RunnableMapLike<RunInput, RunOutput> = {
  [Key in keyof RunOutput]: RunnableLike<RunInput, RunOutput[Key]>;
};

/** Whatever can be made a step: a runnable, a function, or a plain object of these. */
// biome-ignore lint/suspicious/noExplicitAny: LangChain's own defaults
export type RunnableLike<RunInput = any, RunOutput = any, CallOptions extends RunnableConfig = RunnableConfig> =
  | RunnableInterface<RunInput, RunOutput, CallOptions>
  | RunnableFunc<RunInput, RunOutput, CallOptions>
  | RunnableMapLike<RunInput, RunOutput>;
