import type { RunnableBatchOptions } from "../batching/inputs.ts";
import type { RunnableConfig } from "../core/config.ts";
import type { Chunked } from "../core/streams/chunks.ts";

/**
 * The methods of every runnable, Runlane's and LangChain's alike. A step that is not Runlane's own is recognised by this shape and its
 * `lc_runnable` mark, never by its class.
 */
export interface RunnableInterface<
  // biome-ignore lint/suspicious/noExplicitAny: LangChain's own defaults
  RunInput = any,
  // biome-ignore lint/suspicious/noExplicitAny: LangChain's own defaults
  RunOutput = any,
  CallOptions extends RunnableConfig = RunnableConfig,
> {
  /** Whether the runnable can be saved in LangChain's form. */
  lc_serializable: boolean;
  /** LangChain's address of the class. */
  lc_id: string[];
  /** Runs one input. */
  invoke(input: RunInput, options?: Partial<CallOptions>): Promise<RunOutput>;
  /** Runs many inputs, and gives their outputs in order. */
  batch(
    inputs: RunInput[],
    options?: Partial<CallOptions> | Partial<CallOptions>[],
    batchOptions?: RunnableBatchOptions,
  ): Promise<(RunOutput | Error)[]>;
  /** Runs one input and gives the chunks of its output. */
  stream(
    input: RunInput,
    options?: Partial<CallOptions>,
  ): Promise<ReadableStream<RunOutput> & AsyncIterable<RunOutput>>;
  /** Turns a stream of input chunks into a stream of output chunks. */
  transform(generator: AsyncGenerator<RunInput>, options: Partial<CallOptions>): AsyncGenerator<RunOutput>;
  /** The name of the runnable, followed by `suffix`. */
  getName(suffix?: string): string;
}

/** The result of a function that is a step: an output, its chunks, a runnable that makes it of the same input, or a promise of these. */
export type LambdaResult<RunInput, RunOutput> =
  | SettledResult<RunInput, RunOutput>
  | Promise<SettledResult<RunInput, RunOutput>>;

type SettledResult<RunInput, RunOutput> = RunOutput | Chunked<RunOutput> | RunnableInterface<RunInput, RunOutput>;

/** A function that can be a step. Its second argument is the config of the run. */
export type RunnableFunc<RunInput, RunOutput, CallOptions extends RunnableConfig = RunnableConfig> = (
  input: RunInput,
  // biome-ignore lint/suspicious/noExplicitAny: extra keys are call options of any type
  options: CallOptions & Record<string, any>,
) => LambdaResult<RunInput, RunOutput>;

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

/**
 * A function whose result is looked at as a whole. {@link RunnableFunc} finds the type of an output in each part of a result, and does
 * not know what to do with parts that differ: a runnable here, a number there.
 */
export type StepFunc<RunInput, Result> = (
  input: RunInput,
  // biome-ignore lint/suspicious/noExplicitAny: extra keys are call options of any type
  options: RunnableConfig & Record<string, any>,
) => Result;

/** The output of a step whose function returns this: the output of a runnable, the value of a promise, the chunks of a generator. */
export type OutputOfResult<Result> =
  Result extends PromiseLike<infer Settled>
    ? OutputOfResult<Settled>
    : // biome-ignore lint/suspicious/noExplicitAny: any input will do here
      Result extends RunnableInterface<any, infer Output>
      ? Output
      : Result extends Chunked<infer Chunk>
        ? Awaited<Chunk>
        : Result;

/**
 * The output of a step that was given as a function with this result, or, without one, as something with this output. By an index, so
 * that what the step is assigned to says nothing of the result.
 */
export type StepOutput<RunOutput, Result> = Exclude<
  [Result] extends [never] ? RunOutput : { all: OutputOfResult<Result> }[Result extends never ? never : "all"],
  Error
>;

declare const ADDED: unique symbol;

/** Marks, in types only, a step that adds keys to an object and keeps all others, also those that it does not know of. */
export interface AddsKeys<Mapping> {
  readonly [ADDED]?: Mapping | undefined;
}

/** The argument of `pipe`. */
export type NextStep<RunOutput, NewRunOutput, Result, Added> =
  | RunnableLike<RunOutput, NewRunOutput>
  | StepFunc<RunOutput, Result>
  | (RunnableInterface<RunOutput, NewRunOutput> & AddsKeys<Added>);

/** The output of a chain after `pipe`. For the index see {@link StepOutput}. */
export type Piped<RunOutput, NewRunOutput, Result, Added> = [Added] extends [never]
  ? StepOutput<NewRunOutput, Result>
  : { all: Assigned<RunOutput, Added> }[Added extends never ? never : "all"];

/** The type of an object with the keys of a mapping added, each with its step's output. */
export type Assigned<Base, Mapping> = Omit<Base, keyof Mapping> & { [Key in keyof Mapping]: OutputOf<Mapping[Key]> };

/** The output of something that can be a step. */
// biome-ignore lint/suspicious/noExplicitAny: any input will do here
export type OutputOf<Like> = Like extends RunnableLike<any, infer Output> ? Output : never;

// A class of the user's, which only says what it does: its runnables are nodes by themselves.
