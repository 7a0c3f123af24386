import { Runnable as LangChainRunnable, type RunnableConfig } from "@langchain/core/runnables";
import type { Graph } from "@langchain/core/runnables/graph";
import { IterableReadableStream } from "@langchain/core/utils/stream";
import type { Runnable } from "../../runnables/runnable.ts";

/** A Runlane runnable in the clothes of LangChain's class. */
class Adapted<RunInput, RunOutput> extends LangChainRunnable<RunInput, RunOutput> {
  override lc_serializable = false;
  lc_namespace = ["langchain_core", "runnables"];

  constructor(private readonly inner: Runnable<RunInput, RunOutput>) {
    super();
    if (inner.name !== undefined) this.name = inner.name;
  }

  static override lc_name(): string {
    return "RunlaneRunnable";
  }

  override getName(suffix?: string): string {
    return this.inner.getName(suffix);
  }

  override invoke(input: RunInput, options?: Partial<RunnableConfig>): Promise<RunOutput> {
    return this.inner.invoke(input, options);
  }

  override async batch(...args: Parameters<LangChainRunnable<RunInput, RunOutput>["batch"]>): Promise<never[]> {
    return (await this.inner.batch(...(args as Parameters<Runnable<RunInput, RunOutput>["batch"]>))) as never[];
  }

  override async stream(
    input: RunInput,
    options?: Partial<RunnableConfig>,
  ): Promise<IterableReadableStream<RunOutput>> {
    // Its other way in, from a stream, does not pass on that the consumer leaves.
    return IterableReadableStream.fromAsyncGenerator(chunksOf(await this.inner.stream(input, options)));
  }

  override async *_streamIterator(input: RunInput, options?: Partial<RunnableConfig>): AsyncGenerator<RunOutput> {
    yield* this.inner._streamIterator(input, options);
  }

  override transform(generator: AsyncGenerator<RunInput>, options: Partial<RunnableConfig>): AsyncGenerator<RunOutput> {
    return this.inner.transform(generator, options);
  }

  override _concatOutputChunks<O>(first: O, second: O): O {
    return this.inner._concatOutputChunks(first, second);
  }

  override getGraph(config?: RunnableConfig): Graph {
    return this.inner.getGraph(config) as unknown as Graph;
  }
}

async function* chunksOf<T>(stream: AsyncIterable<T>): AsyncGenerator<T> {
  yield* stream;
}

/**
 * A Runlane runnable as an instance of LangChain's `Runnable`, for the few of LangChain's functions whose types (or `instanceof`)
 * ask for the class itself. Everywhere else a Runlane runnable is accepted as it is.
 *
 * @example
 * ```ts
 * import { RunnableEach } from "@langchain/core/runnables";
 * import { RunnableLambda } from "runlane";
 * import { toLangChain } from "runlane/langchain";
 *
 * const double = RunnableLambda.from((x: number) => x * 2);
 * await new RunnableEach({ bound: toLangChain(double) }).invoke([1, 2]); // [2, 4]
 * ```
 */
export function toLangChain<RunInput, RunOutput>(
  runnable: Runnable<RunInput, RunOutput>,
): LangChainRunnable<RunInput, RunOutput> {
  return new Adapted(runnable);
}
