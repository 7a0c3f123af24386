import { callWithin, iterateWithin } from "../core/ambient.ts";
import { type Chunks, collect, toChunks, Whole } from "../core/chunks.ts";
import type { RunnableConfig } from "../core/config.ts";
import type { RunContext } from "../core/context.ts";
import { describe, runlaneError } from "../core/errors.ts";
import { TRANSFORMS, type Trace } from "../core/step.ts";
import type { LambdaOptions } from "./lambda.ts";
import { defineKind, type RunnableNode } from "./registry.ts";
import { Runnable } from "./runnable.ts";

/** Turns a stream of input chunks into a stream of output chunks. */
export type TransformFunc<RunInput, RunOutput> = (
  chunks: AsyncIterable<RunInput>,
  // biome-ignore lint/suspicious/noExplicitAny: extra keys are call options of any type
  config: RunnableConfig & Record<string, any>,
) => AsyncIterable<RunOutput>;

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

  /** @throws RUNLANE_INVALID_STEPS */
  constructor(fields: { transform: TransformFunc<RunInput, RunOutput>; name?: string | undefined }) {
    super();
    if (typeof fields?.transform !== "function") {
      throw runlaneError("RUNLANE_INVALID_STEPS", {
        where: "RunnableGenerator",
        expected: "a function as transform",
        received: describe(fields?.transform),
      });
    }
    this.func = fields.transform;
    if (fields.name !== undefined) this.name = fields.name;
  }

  static override lc_name(): string {
    return "RunnableGenerator";
  }

  /**
   * Wraps a function from chunks to chunks.
   *
   * @param options `name`: what the step is called. `lane`: where it runs; there it gets its input as one chunk, and its output
   *   streams.
   * @throws RUNLANE_INVALID_STEPS, and what `withLane` throws
   */
  static from<RunInput, RunOutput>(
    transform: TransformFunc<RunInput, RunOutput>,
    options?: { name?: string | undefined },
  ): RunnableGenerator<RunInput, RunOutput>;
  static from<RunInput, RunOutput>(
    transform: TransformFunc<RunInput, RunOutput>,
    options: LambdaOptions,
  ): Runnable<RunInput, RunOutput>;
  static from(transform: TransformFunc<unknown, unknown>, options: LambdaOptions = {}): Runnable {
    const generator = new RunnableGenerator({ transform, name: options.name });
    return options.lane === undefined ? generator : generator.withLane(options.lane);
  }

  override get node(): RunnableNode {
    return { kind: "generator", name: this.name, transform: this.func };
  }

  override get label(): string {
    return this.name ?? (this.func.name || this.getName());
  }

  override get trace(): Trace {
    return TRANSFORMS;
  }

  override run(input: RunInput, ctx: RunContext): RunOutput | PromiseLike<RunOutput> {
    return collect(this.runStream(new Whole(input), ctx), ctx);
  }

  override runStream(chunks: Chunks<RunInput>, ctx: RunContext): Chunks<RunOutput> {
    const { config } = ctx.descend();
    return ctx.propagates ? this.streamWithin(chunks, config) : toChunks(this.func(chunks, config));
  }

  /** The function's code runs when its chunks are asked for, and calls made in it inherit the config then too. */
  private streamWithin(chunks: Chunks<RunInput>, config: RunnableConfig): Chunks<RunOutput> {
    return iterateWithin(config, toChunks(callWithin(config, () => this.func(chunks, config))));
  }
}

defineKind("generator", (node) => new RunnableGenerator(node));
