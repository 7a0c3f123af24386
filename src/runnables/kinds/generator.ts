import { callWithin, iterateWithin } from "../../core/ambient.ts";
import type { RunnableConfig } from "../../core/config.ts";
import type { RunContext } from "../../core/context.ts";
import { describe, runlaneError } from "../../core/errors/errors.ts";
import { TRANSFORMS, type Trace } from "../../core/step.ts";
import { type Chunks, collect, SingleChunk, toChunks } from "../../core/streams/chunks.ts";
import { ignoreRejection, isThenable } from "../../core/thenable.ts";
import type { Used } from "../../resources/declaration.ts";
import { withUses } from "../../shipping/tree/uses.ts";
import { A_FUNCTION } from "../load/saved-class.ts";
import { defineKind, type RunnableNode } from "../registry.ts";
import { Runnable } from "../runnable.ts";
import { checkUses } from "./check-uses.ts";
import type { LambdaOptions, LambdaUses } from "./lambda-options.ts";

/** Turns a stream of input chunks into a stream of output chunks. */
export type TransformFunc<RunInput, RunOutput, Extra = unknown> = (
  chunks: AsyncIterable<RunInput>,
  // biome-ignore lint/suspicious/noExplicitAny: extra keys are call options of any type
  config: RunnableConfig & Extra & Record<string, any>,
) => AsyncIterable<RunOutput>;

type Awaitable<Value> = Value | PromiseLike<Value>;

/**
 * A step that works on a stream while it flows: it gets the chunks of its input as they come and yields chunks of its output. The
 * idea is Python LangChain's `RunnableGenerator`; a generator function given to `pipe` is a lambda, and waits for its whole input.
 *
 * @example
 * ```ts
 * import { RunnableGenerator } from "runlane";
 *
 * const shout = RunnableGenerator.from(async function* (chunks: AsyncIterable<string>) {
 *   for await (const chunk of chunks) yield chunk.toUpperCase();
 * });
 * await shout.invoke("abc"); // "ABC"
 * ```
 */
// biome-ignore lint/suspicious/noExplicitAny: LangChain's own defaults
export class RunnableGenerator<RunInput = any, RunOutput = any> extends Runnable<RunInput, RunOutput> {
  readonly func: TransformFunc<RunInput, RunOutput>;
  readonly uses: LambdaUses | undefined;
  /** The function as it is called: bound to its resources, which it may have to wait for. */
  private readonly callee: (...args: Parameters<typeof this.func>) => Awaitable<AsyncIterable<RunOutput>>;

  /** @throws RUNLANE_INVALID_STEPS when `transform` is no function, RUNLANE_INVALID_OPTION when `uses` is no object. */
  constructor(fields: {
    transform: TransformFunc<RunInput, RunOutput>;
    name?: string | undefined;
    /** The resources and data that the function finds in `config.uses`, as that of a lambda does. @default none */
    uses?: LambdaUses | undefined;
  }) {
    super();
    if (typeof fields?.transform !== "function") {
      throw runlaneError("RUNLANE_INVALID_STEPS", {
        where: "RunnableGenerator",
        expected: "a function as transform",
        received: describe(fields?.transform),
      });
    }
    const { transform, uses } = fields;
    this.func = transform;
    this.uses = uses;
    this.callee =
      uses === undefined ? transform : (withUses(transform, checkUses(uses, "RunnableGenerator")) as typeof transform);
    if (fields.name !== undefined) this.name = fields.name;
  }

  static override lc_name(): string {
    return "RunnableGenerator";
  }

  /**
   * Wraps a function from chunks to chunks.
   *
   * @param options `name`: the name of the step. `lane`: where it runs; there it gets its input as one chunk, and its output
   *   streams. `uses`: what the function finds in `config.uses`, as that of a lambda does.
   * @throws RUNLANE_INVALID_STEPS, and what `withLane` throws
   */
  static from<RunInput, RunOutput>(
    transform: TransformFunc<RunInput, RunOutput>,
    options?: { name?: string | undefined },
  ): RunnableGenerator<RunInput, RunOutput>;
  static from<RunInput, RunOutput, Uses extends LambdaUses>(
    transform: TransformFunc<RunInput, RunOutput, { uses: Used<Uses> }>,
    options: LambdaOptions & { uses: Uses },
  ): Runnable<RunInput, RunOutput>;
  static from<RunInput, RunOutput>(
    transform: TransformFunc<RunInput, RunOutput>,
    options: LambdaOptions,
  ): Runnable<RunInput, RunOutput>;
  // biome-ignore lint/suspicious/noExplicitAny: what it uses is known to the overloads
  static from(transform: TransformFunc<unknown, unknown, any>, options: LambdaOptions = {}): Runnable {
    const generator = new RunnableGenerator({ transform, name: options.name, uses: options.uses });
    return options.lane === undefined ? generator : generator.withLane(options.lane);
  }

  override get node(): RunnableNode {
    return { kind: "generator", name: this.name, transform: this.func, uses: this.uses };
  }

  override get label(): string {
    return this.name ?? (this.func.name || this.getName());
  }

  override get trace(): Trace {
    return TRANSFORMS;
  }

  override run(input: RunInput, ctx: RunContext): RunOutput | PromiseLike<RunOutput> {
    return collect(this.runStream(new SingleChunk(input), ctx), ctx);
  }

  override runStream(chunks: Chunks<RunInput>, ctx: RunContext): Chunks<RunOutput> {
    const config = ctx.functionConfig;
    return ctx.propagates ? this.streamWithin(chunks, config) : toChunks(later(this.callee(chunks, config)));
  }

  /** The function's code runs when its chunks are asked for, and calls made in it inherit the config then too. */
  private streamWithin(chunks: Chunks<RunInput>, config: RunnableConfig): Chunks<RunOutput> {
    return iterateWithin(config, toChunks(later(callWithin(config, () => this.callee(chunks, config)))));
  }
}

/** The chunks of a function that may have to wait for its resources first. */
function later<RunOutput>(chunks: Awaitable<AsyncIterable<RunOutput>>): AsyncIterable<RunOutput> {
  if (!isThenable(chunks)) return chunks as AsyncIterable<RunOutput>;
  ignoreRejection(chunks);
  return (async function* () {
    yield* await chunks;
  })() as AsyncIterable<RunOutput>;
}

defineKind("generator", {
  type: RunnableGenerator,
  fields: { name: "data", transform: "function", uses: "uses" },
  saved: A_FUNCTION,
});
