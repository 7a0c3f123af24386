import { mergeConfigs, type RunnableConfig, validateConfig } from "../../core/config.ts";
import { openContext, PLAIN, type RunContext } from "../../core/context.ts";
import type { Draw } from "../../graph/graph-of.ts";
import { graphOfPart, rebound } from "../../graph/parts.ts";
import { defineKind, fromNode, type KindDefinition, type RunnableNode } from "../registry.ts";
import { Runnable } from "../runnable.ts";
import type { RunnableInterface, RunnableLike } from "../types.ts";
import { RunnableWrapper } from "../wrapper.ts";
import type { RetryOptions, RunnableRetry } from "./retry.ts";

/** Makes a config for one run from the config that the run has so far. */
export type ConfigFactory = (config: RunnableConfig) => RunnableConfig | PromiseLike<RunnableConfig>;

/** The fields that a {@link RunnableBinding} is constructed from. */
export interface RunnableBindingArgs<RunInput, RunOutput, CallOptions extends RunnableConfig = RunnableConfig> {
  /** The runnable that the config and the options are bound to. */
  bound: RunnableLike<RunInput, RunOutput, CallOptions>;
  /** Call options that every run gets, over those of the call. */
  kwargs?: Partial<CallOptions> | undefined;
  /** A config that every run gets, under the config of the call. */
  config: RunnableConfig;
  /** Make more config from the merged one at the start of each run. */
  configFactories?: readonly ConfigFactory[] | undefined;
}

/**
 * A runnable with a config and call options bound to it. This is what `withConfig` and `bind` make. A `timeout` of its own counts
 * from the start of the bound run.
 *
 * @example
 * ```ts
 * import { RunnableLambda } from "runlane";
 *
 * const greet = RunnableLambda.from((name: string, config) => `${config.greeting}, ${name}`);
 * await greet.bind({ greeting: "Hello" }).invoke("Ada"); // "Hello, Ada"
 * ```
 */
export class RunnableBinding<
  // biome-ignore lint/suspicious/noExplicitAny: LangChain's own defaults
  RunInput = any,
  // biome-ignore lint/suspicious/noExplicitAny: LangChain's own defaults
  RunOutput = any,
  CallOptions extends RunnableConfig = RunnableConfig,
> extends RunnableWrapper<RunInput, RunOutput, CallOptions> {
  readonly bound: RunnableInterface<RunInput, RunOutput, CallOptions>;
  readonly config: RunnableConfig;
  readonly kwargs: Partial<CallOptions> | undefined;
  readonly configFactories: readonly ConfigFactory[] | undefined;

  /** @throws RUNLANE_NOT_RUNNABLE, RUNLANE_INVALID_CONFIG */
  constructor(fields: RunnableBindingArgs<RunInput, RunOutput, CallOptions>) {
    super(fields.bound, "The bound of a RunnableBinding");
    this.bound = this.wrapped;
    this.config = fields.config ?? {};
    this.kwargs = fields.kwargs;
    this.configFactories = fields.configFactories;
    validateConfig(this.config);
    validateConfig(this.kwargs ?? {});
  }

  static override lc_name(): string {
    return "RunnableBinding";
  }

  /** Whether `thing` is a binding, LangChain's or Runlane's. */
  // biome-ignore lint/suspicious/noExplicitAny: anything may be asked about
  static isRunnableBinding(thing: any): thing is RunnableBinding {
    return Runnable.isRunnable((thing as { bound?: unknown } | undefined)?.bound);
  }

  override get node(): RunnableNode {
    const { bound, config, kwargs, configFactories } = this;
    return { kind: "binding", bound, config, kwargs, configFactories };
  }

  override get label(): string {
    return this.config.runName ?? this.step.label;
  }

  /** False where a run has something of its own: config that is made anew for it, a signal, a timeout, an id, a limit or callbacks. */
  protected override get forwardsStages(): boolean {
    return (
      this.configFactories === undefined && !PER_RUN.some((key) => key in this.config || key in (this.kwargs ?? {}))
    );
  }

  /** Binds more call options. Of two for one key the later one counts. */
  override bind(kwargs: Partial<CallOptions>): RunnableBinding<RunInput, RunOutput, CallOptions> {
    const { bound, config, configFactories } = this;
    return new RunnableBinding({ bound, kwargs: { ...this.kwargs, ...kwargs }, config, configFactories });
  }

  override withConfig(config: Partial<CallOptions>): RunnableBinding<RunInput, RunOutput, CallOptions> {
    const { bound, kwargs, configFactories } = this;
    return new RunnableBinding({ bound, kwargs, config: mergeConfigs(this.config, config), configFactories });
  }

  /** Retries the bound runnable. What is bound holds for each attempt: a `timeout` counts from the attempt's start. */
  override withRetry(options: RetryOptions<RunInput> = {}): RunnableRetry<RunInput, RunOutput, CallOptions> {
    const { bound, config, kwargs, configFactories } = this;
    const { stopAfterAttempt: maxAttemptNumber, ...rest } = options;
    const node = { kind: "retry", bound, config, kwargs, configFactories, maxAttemptNumber, ...rest };
    return fromNode(node) as RunnableRetry<RunInput, RunOutput, CallOptions>;
  }

  protected override enter(ctx: RunContext): RunContext | Promise<RunContext> {
    const merged = mergeConfigs(this.config, ctx.config, this.kwargs);
    // Every context has a recursion limit; one that is merely the default does not replace the binding's.
    const { recursionLimit } = this.config;
    if (recursionLimit !== undefined && ctx.config.recursionLimit === PLAIN.recursionLimit)
      merged.recursionLimit = recursionLimit;
    const { timeout, metadata } = merged;
    if (timeout !== undefined && metadata !== undefined && (metadata.timeoutMs as number) > timeout)
      merged.metadata = { ...metadata, timeoutMs: timeout };
    return this.configFactories === undefined ? this.open(merged, ctx) : this.make(merged, ctx);
  }

  private async make(config: RunnableConfig, ctx: RunContext): Promise<RunContext> {
    const made = await Promise.all((this.configFactories ?? []).map((factory) => factory(config)));
    return this.open(mergeConfigs(config, ...made), ctx);
  }

  private open(config: RunnableConfig, ctx: RunContext): RunContext {
    // A single call's time counts from the call. Inputs of a batch, which all start now, may have to wait for a worker.
    const timeoutOwner = ctx.pacer === null ? undefined : this.step.timeoutOwner;
    // The signal of the call around is the scope of the call around, unless the binding brings a signal or a timeout of its own.
    if (config.timeout === undefined && config.signal === ctx.config.signal)
      return openContext(config, { pacer: ctx.pacer }).with({ scope: ctx.scope });
    // A timeout that the scope around has left to the timeoutOwner holds in the new scope too.
    const left = timeoutOwner !== undefined && ctx.scope?.keeper === timeoutOwner ? ctx.scope.timeoutMs : undefined;
    if (left !== undefined) config.timeout = Math.min(config.timeout ?? left, left);
    return openContext(config, { pacer: ctx.pacer, timeoutOwner });
  }
}

/** The keys of a config that each run has for itself. */
const PER_RUN = ["callbacks", "maxConcurrency", "runId", "signal", "timeout"];

/** @internal How the fields of bindings travel, those of retries too. */
export const BOUND_FIELDS: KindDefinition<RunnableBinding>["fields"] = {
  bound: "step",
  config: "config",
  kwargs: "config",
  configFactories: {
    stays: "has listeners, which stay in the thread that they listen in; add them around the step with the lane",
  },
};

/** @internal The graph of the bound runnable, under the name that is bound to it. */
export const drawBound: Draw = (runnable, { bound, config: own }: RunnableBindingArgs<unknown, unknown>, config) =>
  rebound(graphOfPart(bound as Runnable, config), runnable, own?.runName);

defineKind("binding", {
  type: RunnableBinding,
  fields: BOUND_FIELDS,
  transparent: true,
  saved: {
    // As in LangChain's form, what only has listeners has no kwargs.
    fields: ({ bound, config, kwargs, configFactories }) =>
      configFactories === undefined
        ? { bound, config, kwargs: kwargs ?? {} }
        : { bound, config, kwargs, configFactories },
    functions: ["configFactories"],
  },
  draw: drawBound,
});
