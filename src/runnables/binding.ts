import type { Chunks } from "../core/chunks.ts";
import { mergeConfigs, type RunnableConfig, validateConfig } from "../core/config.ts";
import { openContext, PLAIN, type RunContext } from "../core/context.ts";
import { startCall } from "../core/start-step.ts";
import type { Step } from "../core/step.ts";
import { openStream } from "../core/stream.ts";
import { coerce, toStep } from "./coerce.ts";
import { defineKind, type RunnableNode } from "./registry.ts";
import { Runnable } from "./runnable.ts";
import type { RunnableInterface, RunnableLike } from "./types.ts";

/** What a binding is made of. */
export interface RunnableBindingArgs<RunInput, RunOutput, CallOptions extends RunnableConfig = RunnableConfig> {
  bound: RunnableLike<RunInput, RunOutput, CallOptions>;
  /** Call options that every run gets, over those of the call. */
  kwargs?: Partial<CallOptions> | undefined;
  /** A config that every run gets, under the config of the call. */
  config: RunnableConfig;
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
> extends Runnable<RunInput, RunOutput, CallOptions> {
  readonly bound: RunnableInterface<RunInput, RunOutput, CallOptions>;
  readonly config: RunnableConfig;
  readonly kwargs: Partial<CallOptions> | undefined;
  private readonly step: Step;

  /** @throws RUNLANE_NOT_RUNNABLE, RUNLANE_INVALID_CONFIG */
  constructor(fields: RunnableBindingArgs<RunInput, RunOutput, CallOptions>) {
    super();
    this.bound = coerce(fields.bound, "The bound of a RunnableBinding");
    this.config = fields.config ?? {};
    this.kwargs = fields.kwargs;
    validateConfig(this.config);
    validateConfig(this.kwargs ?? {});
    this.step = toStep(this.bound);
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
    return { kind: "binding", bound: this.bound, config: this.config, kwargs: this.kwargs };
  }

  override getName(suffix?: string): string {
    return this.bound.getName(suffix);
  }

  override get label(): string {
    return this.config.runName ?? this.step.label;
  }

  override run(input: RunInput, ctx: RunContext): RunOutput | PromiseLike<RunOutput> {
    const inner = this.open(ctx);
    if (inner.scope === null || inner.scope === ctx.scope) return startCall<RunOutput>(this.step, input, inner);
    return inner.scope.guard(() => startCall<RunOutput>(this.step, input, inner));
  }

  override runStream(chunks: Chunks<RunInput>, ctx: RunContext): Chunks<RunOutput> {
    const inner = this.open(ctx);
    const { scope } = inner;
    if (scope === null || scope === ctx.scope) return this.step.runStream(chunks, inner) as Chunks<RunOutput>;
    try {
      scope.check();
      return guardChunks(this.step.runStream(chunks, inner) as Chunks<RunOutput>, inner);
    } catch (error) {
      scope.close();
      throw error;
    }
  }

  /** Joins two chunks as the bound runnable joins them. */
  override _concatOutputChunks<O>(first: O, second: O): O {
    const bound = this.bound as Partial<Runnable>;
    return bound._concatOutputChunks === undefined
      ? super._concatOutputChunks(first, second)
      : bound._concatOutputChunks(first, second);
  }

  override withConfig(config: Partial<CallOptions>): RunnableBinding<RunInput, RunOutput, CallOptions> {
    return new RunnableBinding({ bound: this.bound, kwargs: this.kwargs, config: mergeConfigs(this.config, config) });
  }

  private open(ctx: RunContext): RunContext {
    const merged = mergeConfigs(this.config, ctx.config, this.kwargs);
    // Every context has a recursion limit; one that is merely the default does not replace the binding's.
    const { recursionLimit } = this.config;
    if (recursionLimit !== undefined && ctx.config.recursionLimit === PLAIN.recursionLimit)
      merged.recursionLimit = recursionLimit;
    const inner = openContext(merged, { pacer: ctx.pacer });
    // The signal of the call around is the scope of the call around, unless the binding brings a signal or a timeout of its own.
    return merged.timeout === undefined && merged.signal === ctx.config.signal
      ? inner.with({ scope: ctx.scope, observer: ctx.observer })
      : inner.with({ observer: ctx.observer });
  }
}

/** The chunks of a run with a signal or a timeout of its own. */
async function* guardChunks<T>(chunks: Chunks<T>, ctx: RunContext): AsyncGenerator<T, void> {
  yield* await openStream(chunks, ctx.scope);
}

defineKind("binding", (node) => new RunnableBinding(node));
