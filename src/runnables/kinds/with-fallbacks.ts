import type { RunnableConfig } from "../../core/config.ts";
import type { RunContext } from "../../core/context.ts";
import { describe, invalidOption, runlaneError } from "../../core/errors/errors.ts";
import { startStep, streamStep } from "../../core/start-step.ts";
import type { Step } from "../../core/step.ts";
import { type Chunks, SingleChunk } from "../../core/streams/chunks.ts";
import { laterChunks } from "../../core/streams/joins.ts";
import { openChunks } from "../../core/streams/open-chunks.ts";
import { isThenable } from "../../core/thenable.ts";
import { Graph } from "../../graph/graph.ts";
import { type Drawable, embed } from "../../graph/parts.ts";
import { anySchema } from "../../graph/schema.ts";
import { coerce, toStep } from "../coerce.ts";
import { unsaved } from "../load/saved-class.ts";
import { defineKind, type RunnableNode } from "../registry.ts";
import { Runnable } from "../runnable.ts";
import type { RunnableInterface, RunnableLike } from "../types.ts";

/** A class of errors. */
// biome-ignore lint/suspicious/noExplicitAny: constructors of errors take whatever they like
export type ErrorClass = abstract new (...args: any[]) => Error;

/** The errors after which a run goes on with a fallback, and how the fallback gets to know them. */
export interface FallbackPolicy {
  /**
   * The errors that a fallback is for: instances of these classes, or those for which the function returns true. Any other one is
   * thrown at once. @default every error
   */
  exceptionsToHandle?: readonly ErrorClass[] | ((error: unknown) => boolean) | undefined;
  /**
   * The key of the input under which a fallback finds the error of the runnable before it. The input must then be an object. It is
   * copied, never changed. @default none
   */
  exceptionKey?: string | undefined;
}

/** The options of `withFallbacks`, which takes a plain list of fallbacks too. */
export interface FallbackOptions<Fallbacks = readonly RunnableLike[]> extends FallbackPolicy {
  /** The runnables to try, in order, when the runnable before them has failed. */
  fallbacks: Fallbacks;
}

/** The fields that a {@link RunnableWithFallbacks} is constructed from. */
export interface RunnableWithFallbacksFields<RunInput, RunOutput>
  extends FallbackOptions<readonly RunnableLike<RunInput, RunOutput>[]> {
  /** The runnable that is tried first. */
  runnable: RunnableLike<RunInput, RunOutput>;
}

/**
 * Tries a runnable and, when it fails, its fallbacks in order. This is what `withFallbacks` makes. When all fail, the first error
 * is thrown. When the call is aborted or its time is up, nothing more is tried.
 *
 * In a batch each input falls back on its own. When streaming, a fallback takes over until the first chunk has come; an error after
 * it passes through.
 *
 * @example
 * ```ts
 * import { RunnableLambda } from "runlane";
 *
 * const strict = RunnableLambda.from((text: string): unknown => JSON.parse(text));
 * const lenient = strict.withFallbacks([(text: string) => ({ text })]);
 * await lenient.batch(['{"a":1}', "oops"]); // [{ a: 1 }, { text: "oops" }]
 * ```
 */
export class RunnableWithFallbacks<
  // biome-ignore lint/suspicious/noExplicitAny: LangChain's own defaults
  RunInput = any,
  // biome-ignore lint/suspicious/noExplicitAny: LangChain's own defaults
  RunOutput = any,
  CallOptions extends RunnableConfig = RunnableConfig,
> extends Runnable<RunInput, RunOutput, CallOptions> {
  readonly runnable: RunnableInterface<RunInput, RunOutput>;
  readonly fallbacks: readonly RunnableInterface<RunInput, RunOutput>[];
  readonly exceptionsToHandle: FallbackPolicy["exceptionsToHandle"];
  readonly exceptionKey: string | undefined;
  private readonly steps: readonly Step[];
  private readonly handles: (error: unknown) => boolean;

  /** @throws RUNLANE_NOT_RUNNABLE, RUNLANE_INVALID_STEPS, RUNLANE_INVALID_OPTION */
  constructor(fields: RunnableWithFallbacksFields<RunInput, RunOutput>) {
    super();
    const { runnable, fallbacks, exceptionsToHandle, exceptionKey } = fields;
    if (!Array.isArray(fallbacks as unknown)) {
      throw runlaneError("RUNLANE_INVALID_STEPS", {
        where: "RunnableWithFallbacks",
        expected: "an array of fallbacks",
        received: describe(fallbacks),
      });
    }
    if (exceptionKey !== undefined && typeof exceptionKey !== "string")
      throw invalid("exceptionKey", "a string", exceptionKey);
    this.runnable = coerce(runnable, "The runnable of a RunnableWithFallbacks");
    this.fallbacks = Object.freeze(
      fallbacks.map((fallback, index) => coerce(fallback, `Fallback ${index + 1} of a RunnableWithFallbacks`)),
    );
    this.exceptionsToHandle = exceptionsToHandle;
    this.exceptionKey = exceptionKey;
    this.handles = handlerOf(exceptionsToHandle);
    this.steps = [...this.runnables()].map(toStep);
  }

  static override lc_name(): string {
    return "RunnableWithFallbacks";
  }

  override get node(): RunnableNode {
    const { name, runnable, fallbacks, exceptionsToHandle, exceptionKey } = this;
    return { kind: "withFallbacks", name, runnable, fallbacks, exceptionsToHandle, exceptionKey };
  }

  /** The runnable and its fallbacks, in the order in which they are tried. */
  *runnables(): IterableIterator<RunnableInterface<RunInput, RunOutput>> {
    yield this.runnable;
    yield* this.fallbacks;
  }

  override run(input: RunInput, ctx: RunContext): RunOutput | PromiseLike<RunOutput> {
    this.checkInput(input);
    return this.runFrom(0, input, ctx, undefined);
  }

  /**
   * Tries the steps from number `from` on, in a loop: there may be many. `first` is the error of the first step, when that has failed
   * already.
   */
  private runFrom(
    from: number,
    given: RunInput,
    ctx: RunContext,
    first: Failure | undefined,
  ): RunOutput | PromiseLike<RunOutput> {
    let input = given;
    let failure = first;
    for (let index = from; ; index++) {
      try {
        const out = startStep<RunOutput>(this.steps[index] as Step, input, ctx);
        if (!isThenable(out)) return out;
        return (out as PromiseLike<RunOutput>).then(undefined, (error) => {
          const accepted = this.accept(error, ctx, failure, index);
          return this.runFrom(index + 1, inputAfter(this.exceptionKey, error, input), ctx, accepted);
        });
      } catch (error) {
        failure = this.accept(error, ctx, failure, index);
        input = inputAfter(this.exceptionKey, error, input);
      }
    }
  }

  protected override streamWhole(input: RunInput, ctx: RunContext): AsyncGenerator<RunOutput, void> {
    return laterChunks(async () => {
      this.checkInput(input);
      return this.openFirst(input, ctx);
    });
  }

  /** The stream of the first step that gets as far as a first chunk. */
  private async openFirst(input: RunInput, ctx: RunContext): Promise<AsyncGenerator<RunOutput, void>> {
    let first: Failure | undefined;
    let given = input;
    for (let index = 0; ; index++) {
      const whole: Chunks<RunInput> = new SingleChunk(given);
      try {
        return await openChunks(() => streamStep<RunOutput>(this.steps[index] as Step, whole, ctx));
      } catch (error) {
        first = this.accept(error, ctx, first, index);
        given = inputAfter(this.exceptionKey, error, given);
      }
    }
  }

  /** Decides that the next step is to be tried. Throws when it is not: no step is left, or the error is not for a fallback. */
  private accept(error: unknown, ctx: RunContext, first: Failure | undefined, index: number): Failure {
    ctx.scope?.check();
    if (!this.handles(error)) throw error;
    const failure = first ?? { error };
    if (index === this.steps.length - 1) throw failure.error;
    return failure;
  }

  /** @throws RUNLANE_INVALID_INPUT when the error of a step would find no place in the input. */
  private checkInput(input: RunInput): void {
    if (this.exceptionKey === undefined) return;
    if (typeof input === "object" && input !== null && !Array.isArray(input)) return;
    throw runlaneError("RUNLANE_INVALID_INPUT", {
      where: this.getName(),
      expected: `an object, since its exceptionKey is ${JSON.stringify(this.exceptionKey)},`,
      received: describe(input),
    });
  }
}

/** The error of the first step, which may be any value, `undefined` too. */
interface Failure {
  readonly error: unknown;
}

function handlerOf(which: FallbackPolicy["exceptionsToHandle"]): (error: unknown) => boolean {
  if (which === undefined) return () => true;
  if (typeof which === "function") return which;
  if (Array.isArray(which) && which.every((errors) => typeof errors === "function"))
    return (error) => which.some((errors) => error instanceof errors);
  throw invalid("exceptionsToHandle", "an array of error classes, or a function of an error", which);
}

function invalid(option: string, expected: string, received: unknown): Error {
  return invalidOption("RunnableWithFallbacks", option, expected, received);
}

/** The input of the next step. No method: one that returns `RunInput` would make the type of every runnable invariant. */
function inputAfter<Input>(exceptionKey: string | undefined, error: unknown, input: Input): Input {
  return exceptionKey === undefined ? input : { ...input, [exceptionKey]: error };
}

defineKind("withFallbacks", {
  type: RunnableWithFallbacks,
  fields: {
    name: "data",
    runnable: "step",
    fallbacks: "steps",
    exceptionsToHandle: "errorClasses",
    exceptionKey: "data",
  },
  conditional: ["fallbacks"],
  saved: {
    fields: ({ runnable, fallbacks, exceptionsToHandle, exceptionKey }) => ({
      runnable,
      fallbacks,
      exceptionsToHandle: unsaved(exceptionsToHandle),
      exceptionKey,
    }),
  },
  draw(runnable, fields: { runnable: Drawable; fallbacks: readonly Drawable[] }, config) {
    const graph = new Graph();
    const input = graph.addNode(anySchema(runnable.getName("Input")));
    const parts = [fields.runnable, ...fields.fallbacks].map((part) => embed(graph, part, config));
    const output = graph.addNode(anySchema(runnable.getName("Output")));
    parts.forEach(([first, last], index) => {
      const before = parts[index - 1];
      if (before === undefined) graph.addEdge(input, first);
      else graph.addEdge(before[1], first, `fallback ${index}`, true);
      graph.addEdge(last, output);
    });
    return graph;
  },
});
