import type { Limits } from "../batching/limiter.ts";
import type { RunnableConfig } from "../core/config.ts";
import type { JsonSchema } from "../core/schema/json-schema.ts";
import type { SchemaInput, SchemaOutput, StandardSchema } from "../core/schema/standard-schema.ts";
import { RootListener, type RunListeners } from "../observe/listeners.ts";
import { RunnableInspection } from "./inspection.ts";
import type { RunnableCache } from "./kinds/cache.ts";
import type { CacheOptions } from "./kinds/cache-store.ts";
import type {
  Alternative,
  ConfigurableChoice,
  OutputOfAlternatives,
  RunnableConfigurableAlternatives,
} from "./kinds/configurable-alternatives.ts";
import type { ConfigurableFieldMap, RunnableConfigurableFields } from "./kinds/configurable-fields.ts";
import type { RunnableLimited } from "./kinds/limited.ts";
import type { LaneChoice, RunnableOnLane } from "./kinds/on-lane.ts";
import type { RetryOptions, RunnableRetry } from "./kinds/retry.ts";
import type { AsToolFields, RunnableToolLike } from "./kinds/tool-like.ts";
import type { ToolSchemaOf } from "./kinds/tool-schema.ts";
import type { FallbackOptions, RunnableWithFallbacks } from "./kinds/with-fallbacks.ts";
import type { TypeSchemas } from "./kinds/with-types.ts";
import { fromNode } from "./registry.ts";
import type { Runnable } from "./runnable.ts";
import type { OutputOf, RunnableLike } from "./types.ts";

/** The part of a runnable that wraps it: in limits, retries, a cache, a lane, and so on. The runnable itself stays as it is. */
export abstract class RunnableWrapping<
  RunInput,
  RunOutput,
  CallOptions extends RunnableConfig,
> extends RunnableInspection<RunInput, RunOutput, CallOptions> {
  /**
   * Binds call options: every run gets them.
   *
   * @example
   * ```ts
   * import { RunnableLambda } from "runlane";
   *
   * const greet = RunnableLambda.from((name: string, { greeting }) => `${greeting}, ${name}`);
   * await greet.bind({ greeting: "Hello" }).invoke("Ada"); // "Hello, Ada"
   * ```
   */
  bind(kwargs: Partial<CallOptions>): Runnable<RunInput, RunOutput, CallOptions> {
    return fromNode({ kind: "binding", bound: this, kwargs, config: {} }) as Runnable<RunInput, RunOutput, CallOptions>;
  }

  /**
   * Tells functions of the runs of this runnable: one when a run starts, one when it ends, one when it fails. Each gets the
   * {@link Run} and the config, and is waited for.
   *
   * @example
   * ```ts
   * import { RunnableLambda } from "runlane";
   *
   * const timed = RunnableLambda.from((x: number) => x * 2).withListeners({
   *   onEnd: (run) => console.log(run.name, (run.end_time ?? 0) - run.start_time, "ms"),
   * });
   * await timed.invoke(2);
   * ```
   */
  withListeners(listeners: RunListeners): Runnable<RunInput, RunOutput, CallOptions> {
    const configFactories = [(config: RunnableConfig) => ({ callbacks: [new RootListener(listeners, config)] })];
    const node = { kind: "binding", bound: this, config: {}, configFactories };
    return fromNode(node) as Runnable<RunInput, RunOutput, CallOptions>;
  }

  /**
   * Moves this runnable, with all that is in it, off the event loop: to a worker thread or a child process.
   *
   * @param lane `"thread"`, `"process"`, `"loop"`, or a pool that `threads()` or `processes()` made.
   * @throws RUNLANE_UNKNOWN_LANE, and RUNLANE_CAPTURED_VARIABLE or RUNLANE_NOT_SHIPPABLE when a function inside cannot run elsewhere
   * @example
   * ```ts
   * import { RunnableLambda } from "runlane";
   *
   * const hash = RunnableLambda.from(async (text: string) => {
   *   const { createHash } = await import("node:crypto");
   *   return createHash("sha256").update(text).digest("hex");
   * }).withLane("thread");
   * await hash.invoke("abc");
   * ```
   */
  withLane(lane: LaneChoice): RunnableOnLane<RunInput, RunOutput, CallOptions> {
    return fromNode({ kind: "onLane", bound: this, lane }) as RunnableOnLane<RunInput, RunOutput, CallOptions>;
  }

  /**
   * Limits how many inputs of this runnable run at once, and how many start per second: see {@link RunnableLimited}. All calls through
   * the result share the limits, and take turns when they have to wait.
   *
   * @throws RUNLANE_INVALID_OPTION
   * @example
   * ```ts
   * import { RunnableLambda } from "runlane";
   *
   * const ask = RunnableLambda.from(async (question: string) => `${question}!`).withLimits({ maxConcurrency: 8, ratePerSecond: 10 });
   * await ask.batch(["a", "b"]);
   * ```
   */
  withLimits(limits: Limits): RunnableLimited<RunInput, RunOutput, CallOptions> {
    return fromNode({ kind: "limited", bound: this, ...limits }) as RunnableLimited<RunInput, RunOutput, CallOptions>;
  }

  /**
   * Keeps the outputs of this runnable, so that an input which comes again is answered without a run: see {@link RunnableCache}.
   *
   * @throws RUNLANE_INVALID_OPTION
   * @example
   * ```ts
   * import { RunnableLambda } from "runlane";
   *
   * const embed = RunnableLambda.from(async (text: string) => [text.length]).withCache({ ttlMs: 3_600_000 });
   * await embed.invoke("cats");
   * await embed.invoke("cats"); // from the cache
   * ```
   */
  withCache(options: CacheOptions<RunInput> = {}): RunnableCache<RunInput, RunOutput, CallOptions> {
    return fromNode({ kind: "cache", bound: this, ...options }) as RunnableCache<RunInput, RunOutput, CallOptions>;
  }

  /**
   * Binds a config: every run gets it, merged with the config of the call.
   *
   * @throws RUNLANE_INVALID_CONFIG
   * @example
   * ```ts
   * import { RunnableLambda } from "runlane";
   *
   * const shout = RunnableLambda.from((text: string) => text.toUpperCase()).withConfig({ runName: "shout", tags: ["text"] });
   * await shout.invoke("hi"); // "HI", in a run named "shout"
   * ```
   */
  withConfig(config: Partial<CallOptions>): Runnable<RunInput, RunOutput, CallOptions> {
    return fromNode({ kind: "binding", bound: this, config }) as Runnable<RunInput, RunOutput, CallOptions>;
  }

  /**
   * Runs this runnable again when it fails: see {@link RunnableRetry}.
   *
   * @throws RUNLANE_INVALID_OPTION
   * @example
   * ```ts
   * import { RunnableLambda } from "runlane";
   *
   * const load = RunnableLambda.from(async (url: string) => (await fetch(url)).text()).withRetry({
   *   stopAfterAttempt: 5,
   *   retryIf: (error) => error instanceof TypeError,
   *   backoff: { initialDelayMs: 200, maxDelayMs: 5_000 },
   * });
   * ```
   */
  withRetry(options: RetryOptions<RunInput> = {}): RunnableRetry<RunInput, RunOutput, CallOptions> {
    const { stopAfterAttempt: maxAttemptNumber, ...rest } = options;
    const node = { kind: "retry", bound: this, maxAttemptNumber, ...rest };
    return fromNode(node) as RunnableRetry<RunInput, RunOutput, CallOptions>;
  }

  /**
   * Tries other runnables, in order, when this one fails: see {@link RunnableWithFallbacks}.
   *
   * @param fallbacks The fallbacks, or an object with them and with which errors they are for.
   * @throws RUNLANE_NOT_RUNNABLE, RUNLANE_INVALID_STEPS, RUNLANE_INVALID_OPTION
   * @example
   * ```ts
   * import { RunnableLambda } from "runlane";
   *
   * const parse = RunnableLambda.from((text: string): unknown => JSON.parse(text)).withFallbacks([(text: string) => text]);
   * await parse.invoke("no JSON"); // "no JSON"
   * ```
   */
  // biome-ignore lint/suspicious/noExplicitAny: any output will do here
  withFallbacks<Fallbacks extends readonly RunnableLike<RunInput, any>[]>(
    fallbacks: readonly [...Fallbacks] | FallbackOptions<readonly [...Fallbacks]>,
  ): RunnableWithFallbacks<RunInput, RunOutput | OutputOf<Fallbacks[number]>, CallOptions> {
    const options = "fallbacks" in fallbacks ? fallbacks : { fallbacks };
    return fromNode({ kind: "withFallbacks", runnable: this, ...options }) as RunnableWithFallbacks<
      RunInput,
      RunOutput | OutputOf<Fallbacks[number]>,
      CallOptions
    >;
  }

  /**
   * Lets the config of a call set fields of this runnable: see {@link RunnableConfigurableFields}.
   *
   * @param fields The fields, each with the id under which `config.configurable` sets it.
   * @throws RUNLANE_INVALID_STEPS, RUNLANE_UNKNOWN_FIELD
   * @example
   * ```ts
   * import { RunnableLambda } from "runlane";
   *
   * const load = RunnableLambda.from((url: string) => url.length)
   *   .withRetry()
   *   .configurableFields({ maxAttemptNumber: { id: "attempts" } });
   * await load.invoke("data:,", { configurable: { attempts: 5 } });
   * ```
   */
  configurableFields(fields: ConfigurableFieldMap<this>): RunnableConfigurableFields<RunInput, RunOutput, CallOptions> {
    const node = { kind: "configurableFields", default: this, fields };
    return fromNode(node) as RunnableConfigurableFields<RunInput, RunOutput, CallOptions>;
  }

  /**
   * Lets the config of a call choose another runnable in place of this one: see {@link RunnableConfigurableAlternatives}.
   *
   * @param which The id under which `config.configurable` names the choice.
   * @param alternatives The runnables to choose from, by key, or functions that make one when it is chosen for the first time.
   * @throws RUNLANE_NOT_RUNNABLE, RUNLANE_INVALID_STEPS; runs throw RUNLANE_UNKNOWN_ALTERNATIVE.
   * @example
   * ```ts
   * import { RunnableLambda } from "runlane";
   *
   * const greet = RunnableLambda.from((name: string) => `Hello, ${name}`).configurableAlternatives(
   *   { id: "language", defaultKey: "english" },
   *   { french: RunnableLambda.from((name: string) => `Salut, ${name}`) },
   * );
   * await greet.invoke("Ada", { configurable: { language: "french" } }); // "Salut, Ada"
   * ```
   */
  // biome-ignore lint/suspicious/noExplicitAny: any output will do here
  configurableAlternatives<Alternatives extends Readonly<Record<string, Alternative<RunInput, any>>>>(
    which: ConfigurableChoice,
    alternatives: Alternatives,
  ): RunnableConfigurableAlternatives<RunInput, RunOutput | OutputOfAlternatives<Alternatives>, CallOptions> {
    const node = { kind: "configurableAlternatives", which, default: this, alternatives };
    return fromNode(node) as RunnableConfigurableAlternatives<
      RunInput,
      RunOutput | OutputOfAlternatives<Alternatives>,
      CallOptions
    >;
  }

  /**
   * Gives the runnable the types of schemas and validates by them: the input before each run, the output after it. A stream of a
   * runnable with an output schema has one chunk, the validated whole. Without schemas only the types change, at no cost.
   *
   * @param schemas Schemas of zod, valibot, arktype or another library that follows Standard Schema.
   * @throws RUNLANE_INVALID_SCHEMA; runs throw RUNLANE_VALIDATION_FAILED.
   * @example
   * ```ts
   * import { RunnableLambda } from "runlane";
   * import { z } from "zod";
   *
   * const parse = RunnableLambda.from((text: string): unknown => JSON.parse(text)).withTypes({ output: z.object({ id: z.number() }) });
   * (await parse.invoke('{"id":7}')).id; // 7
   * ```
   */
  withTypes<NewInput = RunInput, NewOutput = RunOutput>(): Runnable<NewInput, NewOutput, CallOptions>;
  withTypes<
    Input extends StandardSchema<unknown, RunInput> = StandardSchema<RunInput>,
    Output extends StandardSchema = StandardSchema<RunOutput>,
  >(schemas: TypeSchemas<Input, Output>): Runnable<SchemaInput<Input>, SchemaOutput<Output>, CallOptions>;
  withTypes(schemas: TypeSchemas = {}): Runnable {
    return fromNode({ kind: "withTypes", bound: this, types: schemas });
  }

  /**
   * Makes a tool of this runnable, for models to call: see {@link RunnableToolLike}.
   *
   * @throws RUNLANE_INVALID_SCHEMA; runs throw RUNLANE_INVALID_TOOL_INPUT.
   * @example
   * ```ts
   * import { RunnableLambda } from "runlane";
   * import { z } from "zod";
   *
   * const double = RunnableLambda.from(({ x }: { x: number }) => 2 * x).asTool({
   *   name: "double",
   *   description: "Doubles a number.",
   *   schema: z.object({ x: z.number() }),
   * });
   * await double.invoke({ type: "tool_call", name: "double", id: "call_1", args: { x: 2 } }); // 4
   * ```
   */
  asTool<Schema extends StandardSchema<unknown, RunInput> | JsonSchema>(
    fields: AsToolFields<Schema>,
  ): RunnableToolLike<ToolSchemaOf<Schema>, RunOutput> {
    return fromNode({ kind: "toolLike", ...fields, bound: this }) as unknown as RunnableToolLike<
      ToolSchemaOf<Schema>,
      RunOutput
    >;
  }
}
