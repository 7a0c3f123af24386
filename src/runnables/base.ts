import "../observe/callbacks.ts";
import { isAmbient, isMeasuring } from "../core/ambient.ts";
import type { RunnableConfig } from "../core/config.ts";
import { openContext, PLAIN, type RunContext, saysNothing } from "../core/context.ts";
import { runlaneError } from "../core/errors/errors.ts";
import { startCall, streamCall } from "../core/start-step.ts";
import { JOINS, type Step, type Trace } from "../core/step.ts";
import { asGenerator, type Chunks, join, promised, SingleChunk } from "../core/streams/chunks.ts";
import { Joiner } from "../core/streams/concat.ts";
import { type Join, joinByHook, laterChunks } from "../core/streams/joins.ts";
import { isKnown, wholeOf } from "../core/streams/last-chunk.ts";
import { openStream, type RunnableStream } from "../core/streams/runnable-stream.ts";
import { isThenable } from "../core/thenable.ts";
import { RUNLANE_STEP } from "./coerce.ts";
import { LangChainHooks } from "./langchain-hooks.ts";
import type { RunnableNode } from "./registry.ts";

/**
 * How a runnable runs one input, or a stream of chunks. {@link RunnableBatches} adds how it runs many, {@link RunnableInspection} what it
 * tells of itself, {@link RunnableWrapping} what it can be wrapped in, and {@link Runnable} how runnables compose.
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
  extends LangChainHooks<RunInput, RunOutput, CallOptions>
  implements Step<RunInput, RunOutput>
{
  /** The name of this runnable and its runs. @default the name of its class */
  declare name?: string;
  /** LangChain's mark of a runnable. */
  declare protected lc_runnable: boolean;

  /** This runnable as plain data: its kind and its fields. */
  abstract get node(): RunnableNode;

  /** The name of this step in tables and errors: its given name, or a better one than its class's where there is one. */
  get label(): string {
    return this.getName();
  }

  /** How this runnable's runs are reported to callbacks: a subclass that overrides `run` has runs of its own. */
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
   * @returns The output. Rejects with the error of a step, with a `TimeoutError` or an `AbortError`.
   * @example
   * ```ts
   * import { RunnableLambda } from "runlane";
   *
   * const shout = RunnableLambda.from((text: string) => text.toUpperCase());
   * await shout.invoke("hi", { timeout: 1_000 }); // "HI"
   * ```
   */
  invoke(input: RunInput, options?: Partial<CallOptions>): Promise<RunOutput> {
    try {
      if ((options === undefined || (options !== null && saysNothing(options))) && !isAmbient()) {
        return Promise.resolve(this.run(input, PLAIN));
      }
      return Promise.resolve(runNow(this, input, openCall(this, options)));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Runs one input and streams the chunks of its output. Waits for the first chunk, so an early failure rejects the call itself.
   *
   * @returns A web `ReadableStream` that is async iterable. A step that does not stream gives one chunk.
   * @example
   * ```ts
   * import { RunnableLambda } from "runlane";
   *
   * const spell = RunnableLambda.from(function* (word: string) {
   *   yield* word;
   * });
   * for await (const letter of await spell.stream("abc")) console.log(letter); // a, b, c
   * ```
   */
  async stream(input: RunInput, options?: Partial<CallOptions>): Promise<RunnableStream<RunOutput>> {
    return this.openStream(new SingleChunk(input), options);
  }

  /**
   * Turns a stream of input chunks into a stream of output chunks.
   *
   * @example
   * ```ts
   * import { RunnableGenerator } from "runlane";
   *
   * const shout = RunnableGenerator.from(async function* (words: AsyncIterable<string>) {
   *   for await (const word of words) yield word.toUpperCase();
   * });
   * async function* source() {
   *   yield "run";
   *   yield "lane";
   * }
   * for await (const word of shout.transform(source())) console.log(word); // RUN, LANE
   * ```
   */
  // LangChain's signature stands first: without it, what is made of runnables could not infer a common input.
  transform(generator: AsyncGenerator<RunInput>, options?: Partial<CallOptions>): AsyncGenerator<RunOutput>;
  transform(generator: AsyncIterable<RunInput>, options?: Partial<CallOptions>): AsyncGenerator<RunOutput>;
  async *transform(generator: AsyncIterable<RunInput>, options?: Partial<CallOptions>): AsyncGenerator<RunOutput> {
    yield* await this.openStream(generator, options);
  }

  private async openStream(
    input: Chunks<RunInput>,
    options: Partial<CallOptions> | undefined,
  ): Promise<RunnableStream<RunOutput>> {
    const ctx = openCall(this, options);
    let chunks: Chunks<RunOutput>;
    try {
      ctx.scope?.check();
      chunks = this.streamsOtherwise(input) ? this.streamGathered(input, ctx) : streamCall(this, input, ctx);
      if (!isKnown(chunks)) ctx.scope?.share();
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

  /** @internal LangChain's hook, where a class has one of its own. */
  get ownJoin(): Join | undefined {
    return this._concatOutputChunks === RunnableBase.prototype._concatOutputChunks ? undefined : joinByHook(this);
  }

  /** @internal The join of the output's chunks, as far as that is known without a stream of them. */
  get outputJoin(): Join | undefined {
    return this.ownJoin ?? this.innerJoin;
  }

  /** The join of the output's chunks, as the steps inside have it. */
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

function openCall(step: Step, options: Partial<RunnableConfig> | undefined): RunContext {
  return isMeasuring() ? openContext(options, { step }) : openContext(options);
}

function runNow<Out>(step: Step<unknown, Out>, input: unknown, ctx: RunContext): Out | PromiseLike<Out> {
  const { scope } = ctx;
  return scope === null ? startCall(step, input, ctx) : scope.guard(() => startCall(step, input, ctx));
}

/**
 * Invokes a runnable like its `invoke`, but returns the output itself when no step had to wait, and throws what failed meanwhile.
 * Classes with an `invoke` of their own are asked by that.
 */
export function invokeNow<In, Out>(
  runnable: RunnableBase<In, Out>,
  input: In,
  options: Partial<RunnableConfig>,
): Out | PromiseLike<Out> {
  if (runnable.invoke !== RunnableBase.prototype.invoke) return runnable.invoke(input, options);
  return runNow(runnable, input, openCall(runnable, options));
}
