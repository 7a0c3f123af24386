import { callWithin, storage } from "../../core/ambient.ts";
import type { RunnableConfig } from "../../core/config.ts";
import { PLAIN, type RunContext } from "../../core/context.ts";
import { describe, runlaneError } from "../../core/errors/errors.ts";
import { type SyncFunction, TRANSFORMS, type Trace } from "../../core/step.ts";
import type { Chunks } from "../../core/streams/chunks.ts";
import { Aggregate, laterChunks } from "../../core/streams/joins.ts";
import { wholeOf } from "../../core/streams/last-chunk.ts";
import { ignoreRejection, isThenable } from "../../core/thenable.ts";
import { auto } from "../../lanes/auto/auto-settings.ts";
import type { Lane } from "../../lanes/lane.ts";
import { managerFor } from "../../observe/callbacks.ts";
import type { Placement } from "../../plan/placement.ts";
import type { Used } from "../../resources/declaration.ts";
import { withUses } from "../../shipping/tree/uses.ts";
import { AutoStep } from "../lane/auto-step.ts";
import { A_FUNCTION } from "../load/saved-class.ts";
import { defineKind, fromNode, type RunnableNode } from "../registry.ts";
import { Runnable } from "../runnable.ts";
import type { RunnableInterface } from "../types.ts";
import type { RunnableBatched } from "./batched.ts";
import type { BatchedFunc, BatchedOptions } from "./batched-options.ts";
import { checkUses } from "./check-uses.ts";
import { type ExportInput, type ExportOutput, moduleFunction } from "./from-module.ts";
import type { LambdaFunc, LambdaOptions, LambdaUses, RunnableLambdaFields } from "./lambda-options.ts";
import { runReturned, streamReturned } from "./returned.ts";
import { takesConfig } from "./takes-config.ts";

/**
 * Makes a step of a function: sync, async, or a generator of chunks. A sync function costs one call, and its chain one promise.
 *
 * The result of the function decides what happens: a value is the output; a promise is awaited; a generator, an async iterable or
 * an iterator streams its chunks (and `invoke` joins them); a runnable is run on the same input, one level of `recursionLimit`
 * deeper. The function's second argument is the config: frozen, with `signal`, `configurable` and the call options in it. Pass it
 * on to runnables that the function calls.
 *
 * LangSmith's `traceable` functions report their own runs, so the lambda of one reports none.
 *
 * @example
 * ```ts
 * import { RunnableLambda } from "runlane";
 *
 * const length = RunnableLambda.from((text: string) => text.length);
 * await length.invoke("four"); // 4
 *
 * const letters = RunnableLambda.from(function* (text: string) {
 *   yield* text;
 * });
 * for await (const letter of await letters.stream("abc")) console.log(letter);
 * ```
 */
export class RunnableLambda<
  // biome-ignore lint/suspicious/noExplicitAny: LangChain's own defaults
  RunInput = any,
  // biome-ignore lint/suspicious/noExplicitAny: LangChain's own defaults
  RunOutput = any,
  CallOptions extends RunnableConfig = RunnableConfig,
> extends Runnable<RunInput, RunOutput, CallOptions> {
  readonly func: LambdaFunc<RunInput, RunOutput, CallOptions>;
  readonly uses: LambdaUses | undefined;
  /** The function as it is called: bound to its resources. */
  private readonly callee: LambdaFunc<RunInput, RunOutput, CallOptions>;
  /** The number of runs left until one is timed, or moved to another lane: see {@link AutoStep}. */
  private unattended = 0;
  private auto: AutoStep | undefined;
  private takesConfig: boolean | undefined;

  /** @throws RUNLANE_INVALID_STEPS when `func` is no function, RUNLANE_INVALID_OPTION when `uses` is no object. */
  constructor(fields: RunnableLambdaFields<RunInput, RunOutput, CallOptions>) {
    super();
    if (typeof fields?.func !== "function") {
      throw runlaneError("RUNLANE_INVALID_STEPS", {
        where: "RunnableLambda",
        expected: "a function as func",
        received: describe(fields?.func),
      });
    }
    const { func, uses } = fields;
    this.func = func;
    this.uses = uses;
    this.callee = uses === undefined ? func : (withUses(func, checkUses(uses, "RunnableLambda")) as typeof func);
    if (fields.name !== undefined) this.name = fields.name;
    if (TRACEABLE in fields.func && !(this instanceof RunnableTraceable)) {
      // As in LangChain. A class apart costs the lambdas of other functions nothing.
      // biome-ignore lint/correctness/noConstructorReturn: see above
      return new RunnableTraceable(fields as unknown as RunnableLambdaFields<unknown, unknown>) as unknown as this;
    }
  }

  static override lc_name(): string {
    return "RunnableLambda";
  }

  /**
   * Wraps a function.
   *
   * @param options `name`: the name of the step. `lane`: where it runs. `uses`: what the function needs from around it; it finds that
   *   in `config.uses`, on a lane and on the event loop. Of a {@link resource} there it finds the value, and its first call waits for
   *   the load.
   * @throws RUNLANE_INVALID_STEPS, RUNLANE_INVALID_OPTION, and what `withLane` throws
   * @example
   * ```ts
   * import { RunnableLambda } from "runlane";
   *
   * const limit = 1000;
   * const count = RunnableLambda.from(
   *   (text: string, { uses }) => Math.min(text.split(" ").length, uses.limit),
   *   { uses: { limit }, lane: "thread" },
   * );
   * await count.invoke("to be or not to be"); // 6
   * ```
   */
  static from<RunInput, RunOutput, CallOptions extends RunnableConfig = RunnableConfig>(
    func: LambdaFunc<RunInput, RunOutput, CallOptions>,
    options?: { name?: string | undefined },
  ): RunnableLambda<RunInput, RunOutput, CallOptions>;
  static from<RunInput, RunOutput, Uses extends LambdaUses, CallOptions extends RunnableConfig = RunnableConfig>(
    func: LambdaFunc<RunInput, RunOutput, CallOptions & { uses: Used<Uses> }>,
    options: LambdaOptions & { uses: Uses },
  ): Runnable<RunInput, RunOutput, CallOptions>;
  static from<RunInput, RunOutput, CallOptions extends RunnableConfig = RunnableConfig>(
    func: LambdaFunc<RunInput, RunOutput, CallOptions>,
    options: LambdaOptions,
  ): Runnable<RunInput, RunOutput, CallOptions>;
  static from(func: LambdaFunc<unknown, unknown>, options: LambdaOptions = {}): Runnable {
    const { name, uses, lane } = options;
    const lambda = new RunnableLambda({ func, name, uses });
    return lane === undefined ? lambda : lambda.withLane(lane);
  }

  /**
   * Makes a step of an export of a module, a function or a runnable (LangChain's too): the way to run on a lane what needs imports.
   * Each thread imports the module itself, this one when the step first runs on the event loop.
   *
   * @param url The module's `file:` URL. Where `./score.js` does not exist, `./score.ts` is taken.
   * @param exportName The name of the export; `"default"` for the default one.
   * @param options `name`: the name of the step. `lane`: where it runs. `uses`: what the function finds in `config.uses`.
   * @throws RUNLANE_INVALID_OPTION, RUNLANE_MODULE_NOT_FOUND; runs throw RUNLANE_EXPORT_NOT_FOUND, and what the module throws when
   *   it is imported.
   * @example
   * ```ts
   * import { RunnableLambda } from "runlane";
   *
   * const score = RunnableLambda.fromModule<typeof import("./score.js"), "score">(
   *   new URL("./score.js", import.meta.url),
   *   "score",
   *   { lane: "thread" },
   * );
   * ```
   */
  static fromModule<Module, Name extends keyof Module & string>(
    url: string | URL,
    exportName: Name,
    options?: LambdaOptions,
  ): Runnable<ExportInput<Module[Name]>, ExportOutput<Module[Name]>>;
  static fromModule(url: string | URL, exportName: string, options?: LambdaOptions): Runnable;
  static fromModule(url: string | URL, exportName: string, options: LambdaOptions = {}): Runnable {
    return RunnableLambda.from(moduleFunction(url, exportName), options);
  }

  /**
   * Makes a step of a vectorised function: calls that arrive together are answered by one call of it. See {@link RunnableBatched}.
   *
   * @param func Takes an array of inputs and gives one output for each, in order: as an array, or as a generator that yields them. An
   *   `Error` in the place of an output fails that input alone. A lambda that `fromModule` made of an export will do too.
   * @throws RUNLANE_INVALID_STEPS, RUNLANE_INVALID_OPTION, and what `withLane` throws; runs throw RUNLANE_BATCH_MISMATCH.
   * @example
   * ```ts
   * import { RunnableLambda } from "runlane";
   *
   * const lengths = RunnableLambda.batched((texts: string[]) => texts.map((text) => text.length), { maxWaitMs: 0 });
   * await Promise.all([lengths.invoke("a"), lengths.invoke("bb")]); // one call: [1, 2]
   * ```
   */
  static batched<RunInput, RunOutput, Uses extends LambdaUses, CallOptions extends RunnableConfig = RunnableConfig>(
    func: BatchedFunc<RunInput, RunOutput, CallOptions & { uses: Used<Uses> }>,
    options: BatchedOptions<RunInput> & { uses: Uses },
  ): RunnableBatched<RunInput, Exclude<RunOutput, Error>, CallOptions>;
  static batched<RunInput, RunOutput, CallOptions extends RunnableConfig = RunnableConfig>(
    func: BatchedFunc<RunInput, RunOutput, CallOptions>,
    options?: BatchedOptions<RunInput>,
  ): RunnableBatched<RunInput, Exclude<RunOutput, Error>, CallOptions>;
  static batched<RunInput, RunOutput>(
    func: RunnableInterface<RunInput[], readonly RunOutput[]>,
    options?: BatchedOptions<RunInput>,
  ): RunnableBatched<RunInput, Exclude<RunOutput, Error>>;
  static batched(func: unknown, options: BatchedOptions = {}): RunnableBatched {
    return fromNode({ kind: "batched", func, ...options }) as RunnableBatched;
  }

  override get node(): RunnableNode {
    return { kind: "lambda", name: this.name, func: this.func, uses: this.uses };
  }

  override get label(): string {
    return this.name ?? (this.func.name || this.getName());
  }

  override get trace(): Trace | undefined {
    return TRANSFORMS;
  }

  get placement(): Placement {
    this.auto ??= new AutoStep(this);
    return this.auto.placement;
  }

  get currentLane(): Lane | undefined {
    return this.auto?.lane;
  }

  /** The lane that `auto` has moved the step to, if it has. */
  override get laneName(): string | undefined {
    return this.currentLane?.name;
  }

  override run(input: RunInput, ctx: RunContext): RunOutput | PromiseLike<RunOutput> {
    const out = this.start(input, ctx);
    return isThenable(out) ? out.then((settled) => this.finish(settled, input, ctx)) : (out as RunOutput);
  }

  override start(input: RunInput, ctx: RunContext): unknown {
    const out = this.unattended-- > 0 ? this.callFunc(input, ctx) : this.attend(input, ctx);
    if (typeof out !== "object" && typeof out !== "function") return out;
    return out === null || isThenable(out) ? out : runReturned(out, input, ctx, this);
  }

  /** None for a lambda that has moved to a lane, and for one of a subclass: those are more than their function. */
  get syncFunctions(): readonly SyncFunction[] | undefined {
    if (Object.getPrototypeOf(this) !== RunnableLambda.prototype || this.auto?.stage.state === "offloaded")
      return undefined;
    return [this.callee as SyncFunction];
  }

  resume(_at: number, out: unknown, input: RunInput, ctx: RunContext): Promise<RunOutput> {
    return Promise.resolve(out).then((settled) => this.finish(settled, input, ctx));
  }

  expectSlow(): void {
    this.unattended = 0;
  }

  /** Runs an input and times it, or runs it on the lane that the timing has led to. */
  private attend(input: RunInput, ctx: RunContext): unknown {
    this.unattended = 0;
    if (!auto.enabled || ctx.pinned) return this.callFunc(input, ctx);
    this.auto ??= new AutoStep(this);
    const out = this.auto.run(input, ctx, () => this.callFunc(input, ctx));
    this.unattended = this.auto.pause;
    return out;
  }

  // Not called `call`: a step may also be a function, which has a method of that name, and types would be inferred from it.
  protected callFunc(input: RunInput, ctx: RunContext): unknown {
    if (!ctx.propagates) return this.callee(input, ctx.functionConfig as CallOptions);
    this.takesConfig ??= takesConfig(this.callee);
    if (storage() !== undefined) return this.callWithin(input, ctx.functionConfig);
    return this.callee(input, (this.takesConfig ? ctx : PLAIN).functionConfig as CallOptions);
  }

  /** Apart from {@link callFunc}, whose variables a closure would put on the heap: 3 ns a call. */
  private callWithin(input: RunInput, config: RunnableConfig): unknown {
    return callWithin(config, () => this.callee(input, config as CallOptions));
  }

  override finish(settled: unknown, input: RunInput, ctx: RunContext): RunOutput | PromiseLike<RunOutput> {
    if ((typeof settled !== "object" && typeof settled !== "function") || settled === null) return settled as RunOutput;
    return runReturned(settled, input, ctx, this);
  }

  /** A function takes whole inputs: chunks are joined first, and where they cannot be, the last one is the input. */
  override runStream(chunks: Chunks<RunInput>, ctx: RunContext): Chunks<RunOutput> {
    const whole = wholeOf(chunks);
    return whole === undefined ? this.streamAggregated(chunks, ctx) : this.streamWhole(whole.value, ctx);
  }

  private streamAggregated(chunks: Chunks<RunInput>, ctx: RunContext): AsyncGenerator<RunOutput, void> {
    return laterChunks(async () => {
      const aggregate = Aggregate.of(chunks);
      for await (const chunk of chunks) {
        aggregate.add(chunk);
        ctx.scope?.check();
      }
      return this.streamWhole(aggregate.value as RunInput, ctx);
    });
  }

  protected override streamWhole(input: RunInput, ctx: RunContext): Chunks<RunOutput> {
    const out = this.unattended-- > 0 ? this.callFunc(input, ctx) : this.attend(input, ctx);
    if (!isThenable(out)) return streamReturned(out, input, ctx, this);
    ignoreRejection(out);
    return laterChunks(async () => streamReturned(await out, input, ctx, this));
  }
}

/** The key of the mark that LangSmith puts on the functions made by `traceable`. */
const TRACEABLE = "langsmith:traceable";

/**
 * The lambda of a `traceable` function, which nests its run by the callbacks of the config if it gets the config first. Without a
 * tracer in it the function would take the config for its input.
 */
class RunnableTraceable extends RunnableLambda {
  static override lc_name(): string {
    return "RunnableTraceable";
  }

  override get trace(): undefined {
    return undefined;
  }

  protected override callFunc(input: unknown, ctx: RunContext): unknown {
    const func = this.func as (...args: unknown[]) => unknown;
    const config = ctx.functionConfig;
    const callbacks = managerFor(config);
    const isTraced = callbacks?.handlers.some(({ name }) => name === "langchain_tracer");
    if (isTraced === true) return func({ ...config, callbacks }, input);
    return ctx.propagates ? callWithin(config, () => func(input)) : func(input);
  }
}

defineKind("lambda", {
  type: RunnableLambda,
  fields: { name: "data", func: "function", uses: "uses" },
  saved: A_FUNCTION,
});
