import type { RunnableConfig } from "../core/config.ts";
import { coerce, isRunnable } from "./coerce.ts";
import { defineKind, fromNode, type RunnableClass, type RunnableNode } from "./registry.ts";
import type { Assigned, NextStep, Piped, RunnableMapLike } from "./types.ts";
import { RunnableWrapping } from "./wrapping.ts";

/**
 * A step of a pipeline: anything with an input and an output that can be invoked, batched, streamed and composed.
 *
 * The way to make one is to wrap a function ({@link RunnableLambda}) or to compose others. A subclass overrides `invoke`, as in
 * LangChain, or `run`, which may return its output without a promise.
 *
 * @typeParam RunInput The input of one run.
 * @typeParam RunOutput The output of one run.
 * @typeParam CallOptions The options of a call: {@link RunnableConfig} and whatever else the runnable understands.
 * @example
 * ```ts
 * import { RunnableLambda } from "runlane";
 *
 * const chain = RunnableLambda.from((text: string) => text.split(" ")).pipe((words) => words.length);
 * await chain.invoke("to be or not to be"); // 6
 * await chain.batch(["a b", "c"]); // [2, 1]
 * ```
 */
export abstract class Runnable<
  // biome-ignore lint/suspicious/noExplicitAny: LangChain's own defaults
  RunInput = any,
  // biome-ignore lint/suspicious/noExplicitAny: LangChain's own defaults
  RunOutput = any,
  CallOptions extends RunnableConfig = RunnableConfig,
> extends RunnableWrapping<RunInput, RunOutput, CallOptions> {
  /** Whether `thing` is a runnable, LangChain's or Runlane's. */
  // biome-ignore lint/suspicious/noExplicitAny: anything may be asked about
  static isRunnable(thing: any): thing is Runnable {
    return isRunnable(thing);
  }

  /** This runnable as plain data: its kind and its fields. */
  override get node(): RunnableNode {
    return { kind: "custom", runnable: this };
  }

  /**
   * The sequence of this runnable and the next.
   *
   * @throws RUNLANE_NOT_RUNNABLE
   * @example
   * ```ts
   * import { RunnableLambda } from "runlane";
   *
   * const chain = RunnableLambda.from((x: number) => x + 1).pipe((x) => x * 2);
   * await chain.invoke(1); // 4
   * ```
   */
  pipe<NewRunOutput, Result = never, Added = never>(
    next: NextStep<RunOutput, NewRunOutput, Result, Added>,
  ): Runnable<RunInput, Piped<RunOutput, NewRunOutput, Result, Added>> {
    return fromNode({ kind: "sequence", steps: [this, coerce(next, "The argument of pipe")] }) as Runnable<
      RunInput,
      Piped<RunOutput, NewRunOutput, Result, Added>
    >;
  }

  /**
   * Adds keys to an object: each is made by its own step from the whole object.
   *
   * @example
   * ```ts
   * import { RunnableLambda } from "runlane";
   *
   * const measure = RunnableLambda.from((text: string) => ({ text })).assign({
   *   length: ({ text }: { text: string }) => text.length,
   * });
   * await measure.invoke("abc"); // { text: "abc", length: 3 }
   * ```
   */
  assign<Mapping extends RunnableMapLike<RunOutput, Record<string, unknown>>>(
    mapping: Mapping,
  ): Runnable<RunInput, Assigned<RunOutput, Mapping>> {
    return this.pipe(fromNode({ kind: "assign", mapper: mapping })) as Runnable<RunInput, Assigned<RunOutput, Mapping>>;
  }

  /**
   * Takes one value of an object by its key, or an object of several.
   *
   * @example
   * ```ts
   * import { RunnableLambda } from "runlane";
   *
   * const measure = RunnableLambda.from((text: string) => ({ text, length: text.length }));
   * await measure.pick("length").invoke("abc"); // 3
   * ```
   */
  pick<Key extends keyof RunOutput & string>(key: Key): Runnable<RunInput, RunOutput[Key]>;
  pick<Key extends keyof RunOutput & string>(keys: readonly Key[]): Runnable<RunInput, Pick<RunOutput, Key>>;
  // biome-ignore lint/suspicious/noExplicitAny: LangChain's signature, for outputs whose keys are not known
  pick(keys: string | string[]): Runnable<RunInput, any>;
  pick(keys: string | readonly string[]): Runnable {
    return this.pipe(fromNode({ kind: "pick", keys }));
  }

  /**
   * Makes a runnable that takes an array of inputs and runs this one on each.
   *
   * @example
   * ```ts
   * import { RunnableLambda } from "runlane";
   *
   * const doubleAll = RunnableLambda.from((x: number) => x * 2).map();
   * await doubleAll.invoke([1, 2]); // [2, 4]
   * ```
   */
  map(): Runnable<RunInput[], RunOutput[], CallOptions> {
    return fromNode({ kind: "each", bound: this }) as Runnable<RunInput[], RunOutput[], CallOptions>;
  }
}

defineKind("custom", {
  type: Runnable as unknown as RunnableClass<Runnable>,
  build: (node: { runnable: Runnable }) => node.runnable,
  fields: { runnable: "local" },
  opaque: true,
  saved: "its class is not Runlane's",
});
