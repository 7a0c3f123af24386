import { Backoff, type BackoffOptions } from "../../core/backoff.ts";
import { mergeConfigs, type RunnableConfig } from "../../core/config.ts";
import type { RunContext } from "../../core/context.ts";
import { invalidOption } from "../../core/errors/errors.ts";
import { Scope } from "../../core/scope.ts";
import { abortError } from "../../core/signal.ts";
import { startStep, streamStep } from "../../core/start-step.ts";
import { COMPOSES, type Step, type Trace } from "../../core/step.ts";
import { type Chunks, SingleChunk } from "../../core/streams/chunks.ts";
import { handingOn } from "../../core/streams/joins.ts";
import { openChunks } from "../../core/streams/open-chunks.ts";
import { Rewind } from "../../core/streams/rewind.ts";
import { isThenable } from "../../core/thenable.ts";
import { wait } from "../../core/wait.ts";
import { looped } from "../../graph/parts.ts";
import { unsaved } from "../load/saved-class.ts";
import { defineKind, type RunnableNode } from "../registry.ts";
import { WrappedStage } from "../wrapped-stage.ts";
import { BOUND_FIELDS, drawBound, RunnableBinding, type RunnableBindingArgs } from "./binding.ts";
import { RetriedSource, type RunAgain } from "./retried-source.ts";

/** A function that is called after each failed attempt, the last one included. An error that it throws ends the run. */
// biome-ignore lint/suspicious/noExplicitAny: LangChain's signature: anything can be thrown
export type RunnableRetryFailedAttemptHandler<RunInput = any> = (error: any, input: RunInput) => unknown;

/** When and how often to try again. */
// biome-ignore lint/suspicious/noExplicitAny: any input, unless the runnable's is known
export interface RetryPolicy<RunInput = any> {
  /** Called after each failed attempt, and waited for. It may throw to end the run. @default none */
  onFailedAttempt?: RunnableRetryFailedAttemptHandler<RunInput> | undefined;
  /**
   * Whether an error is worth another attempt.
   *
   * @param attempt The number of the attempt that failed, from 1.
   * @default every error is
   */
  retryIf?: ((error: unknown, attempt: number) => boolean | PromiseLike<boolean>) | undefined;
  /** The waits between attempts. An error's own `retryAfterMs` is the least to wait after it. @default from 1 s, doubled each time */
  backoff?: BackoffOptions | undefined;
}

/** The options of `withRetry`. */
// biome-ignore lint/suspicious/noExplicitAny: any input, unless the runnable's is known
export interface RetryOptions<RunInput = any> extends RetryPolicy<RunInput> {
  /** The number of attempts at most, the first one included; `Infinity` for no limit. @default 3 */
  stopAfterAttempt?: number | undefined;
}

/** The fields that a {@link RunnableRetry} is constructed from. */
export interface RunnableRetryFields<RunInput, RunOutput, CallOptions extends RunnableConfig = RunnableConfig>
  extends Omit<RunnableBindingArgs<RunInput, RunOutput, CallOptions>, "config">,
    RetryPolicy<RunInput> {
  /** A config that every attempt gets, under the config of the call. @default {} */
  config?: RunnableConfig | undefined;
  /** The number of attempts at most, the first one included; `Infinity` for no limit. @default 3 */
  maxAttemptNumber?: number | undefined;
}

/**
 * Runs a runnable again when it fails. This is what `withRetry` makes.
 *
 * Whatever was thrown is retried, `TypeError`s and values that are no errors included, unless `retryIf` refuses. The wait after
 * the n-th attempt is 1 second times 2 to the power of n - 1, times a random factor from 1 to 2, unless `backoff` says otherwise.
 * When all attempts failed, the error of the last one is thrown. In a batch each input is retried on its own. A stream is retried
 * until its first chunk has come; an error after it passes through.
 *
 * A signal or a timeout of the call ends the run at once, also while it waits. A timeout that is bound to the retry counts for
 * each attempt.
 *
 * @example
 * ```ts
 * import { RunnableLambda } from "runlane";
 *
 * let calls = 0;
 * const flaky = RunnableLambda.from((name: string) => {
 *   if (++calls < 3) throw new Error("not yet");
 *   return `Hello ${name}`;
 * });
 * await flaky.withRetry({ stopAfterAttempt: 3, backoff: { initialDelayMs: 1 } }).invoke("Ada"); // "Hello Ada"
 * ```
 */
export class RunnableRetry<
  // biome-ignore lint/suspicious/noExplicitAny: LangChain's own defaults
  RunInput = any,
  // biome-ignore lint/suspicious/noExplicitAny: LangChain's own defaults
  RunOutput = any,
  CallOptions extends RunnableConfig = RunnableConfig,
> extends RunnableBinding<RunInput, RunOutput, CallOptions> {
  readonly maxAttemptNumber: number;
  readonly onFailedAttempt: RunnableRetryFailedAttemptHandler<RunInput> | undefined;
  readonly retryIf: RetryPolicy["retryIf"];
  readonly backoff: BackoffOptions | undefined;
  private readonly delays: Backoff;
  /** Whether neither config nor call options are bound, so that attempts run in the context of the call. */
  private readonly isUnbound: boolean;
  /** A bound signal: each attempt sees it, and the waits between them end with it too. */
  private readonly boundSignal: AbortSignal | undefined;

  /** @throws RUNLANE_NOT_RUNNABLE, RUNLANE_INVALID_CONFIG, RUNLANE_INVALID_OPTION */
  constructor(fields: RunnableRetryFields<RunInput, RunOutput, CallOptions>) {
    super({ ...fields, config: fields.config ?? {} });
    const { maxAttemptNumber = 3, onFailedAttempt, retryIf, backoff } = fields;
    if (maxAttemptNumber !== Number.POSITIVE_INFINITY && !(Number.isInteger(maxAttemptNumber) && maxAttemptNumber >= 1))
      throw invalid("the number of attempts", "an integer of at least 1, or Infinity", maxAttemptNumber);
    if (onFailedAttempt !== undefined && typeof onFailedAttempt !== "function")
      throw invalid("onFailedAttempt", "a function", onFailedAttempt);
    if (retryIf !== undefined && typeof retryIf !== "function") throw invalid("retryIf", "a function", retryIf);
    this.maxAttemptNumber = maxAttemptNumber;
    this.onFailedAttempt = onFailedAttempt;
    this.retryIf = retryIf;
    this.backoff = backoff;
    this.delays = new Backoff(backoff);
    const { config, kwargs, configFactories } = this;
    this.isUnbound =
      configFactories === undefined && Object.keys(config).length === 0 && Object.keys(kwargs ?? {}).length === 0;
    this.boundSignal = mergeConfigs({ signal: config.signal }, { signal: kwargs?.signal }).signal;
  }

  static override lc_name(): string {
    return "RunnableRetry";
  }

  override get node(): RunnableNode {
    return { kind: "retry", ...this.retryFields };
  }

  /** The attempts are runs inside the retry's own. */
  override get trace(): Trace {
    return COMPOSES;
  }

  /**
   * The first attempts of a batch feed a lane. Those that fail go on one by one.
   *
   * The time of a call spans all attempts. On a lane it counts from when a worker starts the first one, which the lane knows; what is
   * left of it then is a timeout of its own.
   */
  protected override wrapStages(stages: readonly Step[] | undefined): readonly Step[] | undefined {
    const [stage] = stages ?? [];
    if (stage === undefined || stages?.length !== 1 || !this.isUnbound) return undefined;
    const runAgain: RunAgain = (...failed) => this.runAgain(...failed);
    return [
      new WrappedStage(stage, {
        run: (input, ctx) => this.run(input as RunInput, ctx),
        openFeed: (feed, ctx) => stage.openFeed?.(new RetriedSource(feed, runAgain, ctx), ctx),
        why: `up to ${this.maxAttemptNumber} attempts`,
      }),
    ];
  }

  override run(input: RunInput, ctx: RunContext): RunOutput | PromiseLike<RunOutput> {
    const startedAt = ctx.scope?.keeper === undefined ? 0 : performance.now();
    try {
      const out = this.attempt(input, ctx, 1);
      if (!isThenable(out)) return out;
      return (out as PromiseLike<RunOutput>).then(undefined, (error) => this.runAgain(input, ctx, error, startedAt));
    } catch (error) {
      return this.runAgain(input, ctx, error, startedAt);
    }
  }

  /**
   * All attempts but the first, which failed with `error`.
   *
   * @param startedAt When that one started, if the step kept its time.
   */
  private runAgain(input: RunInput, ctx: RunContext, error: unknown, startedAt: number): Promise<RunOutput> {
    const { scope } = ctx;
    if (scope?.keeper === undefined) return this.tryOn(input, ctx, error);
    // The step says so by itself that the time is up.
    if (error instanceof DOMException && error.name === "TimeoutError") return Promise.reject(error);
    const leftMs = Math.max(1, (scope.timeoutMs as number) - (performance.now() - startedAt));
    const own = new Scope(scope.signal, leftMs);
    const inner = ctx.with({ config: { ...ctx.config, signal: own.signal }, scope: own });
    return Promise.resolve(own.guard(() => this.tryOn(input, inner, error)));
  }

  private async tryOn(input: RunInput, ctx: RunContext, error: unknown): Promise<RunOutput> {
    let failure = error;
    for (let attempt = 2; ; attempt++) {
      await this.awaitNext(failure, input, ctx, attempt - 1);
      try {
        return await this.attempt(input, ctx, attempt);
      } catch (error) {
        failure = error;
      }
    }
  }

  override runStream(chunks: Chunks<RunInput>, ctx: RunContext): AsyncGenerator<RunOutput, void> {
    return handingOn((from) => this.streamAgain(chunks, ctx, from));
  }

  private async *streamAgain(
    chunks: Chunks<RunInput>,
    ctx: RunContext,
    from: (source: Chunks<RunOutput>) => Chunks<RunOutput>,
  ): AsyncGenerator<RunOutput, void> {
    const rewind = chunks instanceof SingleChunk ? null : new Rewind(chunks);
    try {
      yield* from(await this.openStreamAgain(chunks, rewind, ctx));
    } finally {
      await rewind?.close();
    }
  }

  /** The stream of the first attempt that gets as far as a first chunk. */
  private async openStreamAgain(
    chunks: Chunks<RunInput>,
    rewind: Rewind<RunInput> | null,
    ctx: RunContext,
  ): Promise<AsyncGenerator<RunOutput, void>> {
    for (let attempt = 1; ; attempt++) {
      try {
        const opened = await openChunks(() => this.streamAttempt(rewind?.read() ?? chunks, ctx, attempt));
        rewind?.release();
        return opened;
      } catch (error) {
        if (rewind?.failed === true) throw error;
        const input = (rewind === null ? (chunks as SingleChunk<RunInput>).value : rewind.joined) as RunInput;
        await this.awaitNext(error, input, ctx, attempt);
      }
    }
  }

  private attempt(input: RunInput, ctx: RunContext, attempt: number): RunOutput | PromiseLike<RunOutput> {
    const tag = tagOf(attempt);
    return this.isUnbound
      ? startStep<RunOutput>(this.step, input, ctx, tag)
      : this.runWrapped(input, ctx.unnamed(), tag);
  }

  private streamAttempt(chunks: Chunks<RunInput>, ctx: RunContext, attempt: number): Chunks<RunOutput> {
    const tag = tagOf(attempt);
    return this.isUnbound
      ? streamStep<RunOutput>(this.step, chunks, ctx, tag)
      : this.streamWrapped(chunks, ctx.unnamed(), tag);
  }

  /** Waits until it is time for the next attempt. Throws when there will be none. */
  private async awaitNext(error: unknown, input: RunInput, ctx: RunContext, attempt: number): Promise<void> {
    const { scope } = ctx;
    this.checkSignals(ctx);
    await this.onFailedAttempt?.(error, input);
    if (attempt >= this.maxAttemptNumber) throw error;
    if (this.retryIf !== undefined && !(await this.retryIf(error, attempt))) throw error;
    const signals: AbortSignal[] = [];
    if (scope !== null) signals.push(scope.signal);
    if (this.boundSignal !== undefined) signals.push(this.boundSignal);
    await wait(this.delays.delayMs(attempt, error), signals);
  }

  /** Throws when the signal of the call, or the bound one, has aborted: that is no failure to try again after. */
  private checkSignals(ctx: RunContext): void {
    ctx.scope?.check();
    if (this.boundSignal?.aborted === true) throw abortError(this.boundSignal);
  }

  /** Binds more call options. The attempts stay as they are. */
  override bind(kwargs: Partial<CallOptions>): RunnableRetry<RunInput, RunOutput, CallOptions> {
    return new RunnableRetry({ ...this.retryFields, kwargs: { ...this.kwargs, ...kwargs } });
  }

  /** Binds more config. The attempts stay as they are. */
  override withConfig(config: Partial<CallOptions>): RunnableRetry<RunInput, RunOutput, CallOptions> {
    return new RunnableRetry({ ...this.retryFields, config: mergeConfigs(this.config, config) });
  }

  // Without a return type: RunnableRetryFields would make the type of every runnable invariant in its call options.
  private get retryFields() {
    const { bound, config, kwargs, configFactories, maxAttemptNumber, onFailedAttempt, retryIf, backoff } = this;
    return { bound, config, kwargs, configFactories, maxAttemptNumber, onFailedAttempt, retryIf, backoff };
  }
}

/** The tag that tells observers the number of an attempt; undefined for the first one. */
function tagOf(attempt: number): string | undefined {
  return attempt === 1 ? undefined : `retry:attempt:${attempt}`;
}

function invalid(option: string, expected: string, received: unknown): Error {
  return invalidOption("RunnableRetry", option, expected, received);
}

defineKind("retry", {
  type: RunnableRetry,
  fields: {
    name: "data",
    ...BOUND_FIELDS,
    maxAttemptNumber: "data",
    onFailedAttempt: "function",
    retryIf: "function",
    backoff: "data",
  },
  saved: {
    fields: ({ bound, config, kwargs = {}, maxAttemptNumber, retryIf, backoff }) => ({
      bound,
      config,
      kwargs,
      // JSON has no Infinity.
      maxAttemptNumber: maxAttemptNumber === Number.POSITIVE_INFINITY ? Number.MAX_SAFE_INTEGER : maxAttemptNumber,
      retryIf: unsaved(retryIf),
      backoff,
    }),
  },
  draw: (runnable, node, config) => looped(drawBound(runnable, node, config), "retry"),
});
