import { type Admittance, Limiter, type Limits } from "../../batching/limiter.ts";
import { SharedLimiter } from "../../batching/shared-limiter.ts";
import { sharedLimits } from "../../batching/shared-limits.ts";
import { platformTimers } from "../../batching/timers.ts";
import type { RunnableConfig } from "../../core/config.ts";
import type { RunContext } from "../../core/context.ts";
import { describe, invalidOption, runlaneError } from "../../core/errors/errors.ts";
import type { FeedHandle, InputSource } from "../../core/input-source.ts";
import { startCall, streamCall } from "../../core/start-step.ts";
import type { Step } from "../../core/step.ts";
import type { Chunks } from "../../core/streams/chunks.ts";
import { handingOn } from "../../core/streams/joins.ts";
import { isThenable } from "../../core/thenable.ts";
import type { Placement } from "../../plan/placement.ts";
import { defineKind, type RunnableNode } from "../registry.ts";
import type { RunnableInterface, RunnableLike } from "../types.ts";
import { WrappedSource, WrappedStage } from "../wrapped-stage.ts";
import { RunnableWrapper } from "../wrapper.ts";

/** The fields that a {@link RunnableLimited} is constructed from. */
export interface RunnableLimitedFields<RunInput, RunOutput, CallOptions extends RunnableConfig = RunnableConfig>
  extends Limits {
  /** The runnable that the limits are for. */
  bound: RunnableLike<RunInput, RunOutput, CallOptions>;
}

/**
 * A runnable of which only so much runs at once, or starts in a second. This is what `withLimits` makes. The limits hold for all calls
 * through this instance together, whichever chains it stands in: one instance is one budget, say for the API behind it.
 *
 * - Who has to wait does so in turn with other callers: an `invoke` that comes while a batch of 10,000 waits is served after the next
 *   few of them. Inputs of one call are one caller.
 * - An input whose signal aborts or whose timeout passes while it waits leaves the queue at once. A timeout of the call counts from
 *   its start, waiting included.
 * - An input holds its place until its run has ended, even if its caller has left; a stream until its last chunk, or until its reader
 *   leaves.
 * - With the scope `"cluster"`, all threads and machines share the limits that name the same `key` and use the same broker. Each start asks there
 *   first, so sync steps wait too. A program that is lost gives its places back after ten seconds. While the broker is away, nothing starts.
 * - As long as nobody waits, a sync step stays sync. `config.maxConcurrency` holds besides, and what waits here counts there.
 *
 * Observers see the runs of what is inside; they start when the waiting is over. A run that waits for another run through the same
 * instance, inside itself, waits for ever if no more may run at once.
 *
 * @example
 * ```ts
 * import { RunnableLambda } from "runlane";
 *
 * const embed = RunnableLambda.from(async (text: string) => text.length).withLimits({ maxConcurrency: 4, ratePerSecond: 50 });
 * const search = RunnableLambda.from((query: string) => query.trim()).pipe(embed);
 * await Promise.all([search.invoke("cats"), embed.batch(["a", "b"])]); // four at once, of both
 * ```
 */
export class RunnableLimited<
  // biome-ignore lint/suspicious/noExplicitAny: LangChain's own defaults
  RunInput = any,
  // biome-ignore lint/suspicious/noExplicitAny: LangChain's own defaults
  RunOutput = any,
  CallOptions extends RunnableConfig = RunnableConfig,
> extends RunnableWrapper<RunInput, RunOutput, CallOptions> {
  readonly bound: RunnableInterface<RunInput, RunOutput, CallOptions>;
  readonly maxConcurrency: number | undefined;
  readonly ratePerSecond: number | undefined;
  readonly burst: number | undefined;
  readonly scope: Limits["scope"];
  /** The name of the limits, where other machines share them. */
  readonly key: string | undefined;
  readonly broker: string | undefined;
  private readonly limiter: Admittance;

  /** @throws RUNLANE_NOT_RUNNABLE, RUNLANE_INVALID_OPTION */
  constructor(fields: RunnableLimitedFields<RunInput, RunOutput, CallOptions>) {
    super(fields.bound, "The bound of a RunnableLimited");
    const { maxConcurrency, ratePerSecond, burst, scope, key, broker } = fields;
    this.bound = this.wrapped;
    checkLimits(fields);
    this.maxConcurrency = maxConcurrency;
    this.ratePerSecond = ratePerSecond;
    this.burst = burst;
    this.scope = scope;
    this.key = key;
    this.broker = broker;
    this.limiter = limiterOf(fields);
  }

  static override lc_name(): string {
    return "RunnableLimited";
  }

  override get node(): RunnableNode {
    const { bound, maxConcurrency, ratePerSecond, burst, scope, key, broker } = this;
    return { kind: "limited", bound, maxConcurrency, ratePerSecond, burst, scope, key, broker };
  }

  /** The time of a call counts from its start, waiting included. */
  override get timeoutOwner(): undefined {
    return undefined;
  }

  get placement(): Placement {
    return { lane: "loop", isInline: true, why: this.limitsText };
  }

  private get limitsText(): string {
    const limits: string[] = [];
    if (this.maxConcurrency !== undefined) limits.push(`at most ${this.maxConcurrency} at once`);
    if (this.ratePerSecond !== undefined) limits.push(`at most ${this.ratePerSecond} per second`);
    return `starts ${limits.join(", ")}${this.scope === "cluster" ? `, on all machines (${this.key})` : ""}`;
  }

  /** A lane gets its inputs as they are let in. A place is held until the end of the run, through all stages if there are several. */
  protected override wrapStages(stages: readonly Step[] | undefined): readonly Step[] | undefined {
    const [stage] = stages ?? [];
    if (stage === undefined || stages?.length !== 1) return undefined;
    return [
      new WrappedStage(stage, {
        run: (input, ctx) => this.run(input as RunInput, ctx),
        openFeed: (feed, ctx) => LimitedSource.open(stage, feed, ctx, this.limiter),
        why: this.limitsText,
      }),
    ];
  }

  /** The number of inputs that wait for their start. A batch on a lane brings its inputs one after the other, so few of them wait here. */
  get waiting(): number {
    return this.limiter.waiting;
  }

  /** How many inputs run now. */
  get running(): number {
    return this.limiter.running;
  }

  override run(input: RunInput, ctx: RunContext): RunOutput | PromiseLike<RunOutput> {
    return this.limiter.tryEnter() ? this.runEntered(input, ctx) : this.runLater(input, ctx);
  }

  private async runLater(input: RunInput, ctx: RunContext): Promise<RunOutput> {
    await this.awaitStart(ctx);
    return this.runEntered(input, ctx);
  }

  private runEntered(input: RunInput, ctx: RunContext): RunOutput | PromiseLike<RunOutput> {
    const { limiter } = this;
    let out: RunOutput | PromiseLike<RunOutput>;
    try {
      out = startCall<RunOutput>(this.step, input, ctx);
    } catch (error) {
      limiter.leave();
      throw error;
    }
    if (!isThenable(out)) {
      limiter.leave();
      return out;
    }
    return (out as PromiseLike<RunOutput>).then(
      (value) => {
        limiter.leave();
        return value;
      },
      (error) => {
        limiter.leave();
        throw error;
      },
    );
  }

  // A generator starts, and takes its place, when its first chunk is asked for: one that nobody reads could not give its place back.
  override runStream(chunks: Chunks<RunInput>, ctx: RunContext): AsyncGenerator<RunOutput, void> {
    return handingOn((from) => this.streamEntering(() => from(streamCall<RunOutput>(this.step, chunks, ctx)), ctx));
  }

  private async *streamEntering(open: () => Chunks<RunOutput>, ctx: RunContext): AsyncGenerator<RunOutput, void> {
    if (!this.limiter.tryEnter()) await this.awaitStart(ctx);
    try {
      yield* open();
    } finally {
      this.limiter.leave();
    }
  }

  /** Waits for the start of one input. */
  private async awaitStart(ctx: RunContext): Promise<void> {
    await this.limiter.enter(callerOf(ctx), ctx.scope?.signal);
    try {
      ctx.scope?.check();
    } catch (error) {
      this.limiter.leave();
      throw error;
    }
  }
}

/** The inputs of a batch on their way to a lane, let in as the limits allow. */
class LimitedSource extends WrappedSource {
  private handle: FeedHandle | undefined;
  /** Inputs that may start and have not been taken yet. */
  private granted = 0;
  private asking = false;

  static open(stage: Step, feed: InputSource, ctx: RunContext, limiter: Admittance): FeedHandle | undefined {
    const source = new LimitedSource(feed, ctx, limiter);
    source.handle = stage.openFeed?.(source, ctx);
    const { handle } = source;
    if (handle === undefined) return undefined;
    return {
      wake: () => handle.wake(),
      stop() {
        source.giveBack(0);
        handle.stop();
      },
    };
  }

  private constructor(
    source: InputSource,
    private readonly ctx: RunContext,
    private readonly limiter: Admittance,
  ) {
    super(source);
  }

  override get waiting(): number {
    const { source, limiter } = this;
    const { waiting } = source;
    while (this.granted < waiting && limiter.tryEnter()) this.granted++;
    if (this.granted === 0 && waiting > 0) this.ask();
    return Math.min(this.granted, waiting);
  }

  /** Queues for the next start, in turn with other callers. */
  private ask(): void {
    if (this.asking) return;
    this.asking = true;
    this.limiter.enter(callerOf(this.ctx), this.ctx.scope?.signal).then(
      () => {
        this.asking = false;
        this.granted++;
        this.giveBack(this.source.waiting);
        if (this.granted > 0) this.handle?.wake();
      },
      () => {
        // The call has been aborted, and says so by itself.
      },
    );
  }

  /** Lets go of starts that nobody is left for. */
  private giveBack(needed: number): void {
    for (; this.granted > needed; this.granted--) this.limiter.leave();
  }

  override take(): number {
    this.granted--;
    return super.take();
  }

  override fulfil(key: number, output: unknown): void {
    this.limiter.leave();
    super.fulfil(key, output);
  }

  override reject(key: number, error: unknown): void {
    this.limiter.leave();
    super.reject(key, error);
  }
}

/**
 * The object that stands for the caller. The inputs of one call have contexts of their own where they have timeouts, callbacks or slots.
 * All of them share the metadata object of their config, and nested calls inherit it.
 */
function callerOf(ctx: RunContext): object {
  return ctx.config.metadata ?? ctx;
}

function limiterOf({ scope, key, broker, ...limits }: Limits): Admittance {
  if (scope !== "cluster") return new Limiter(limits, platformTimers);
  const { maxConcurrency, ratePerSecond, burst } = limits;
  const limit = { name: key!, maxConcurrency, ratePerSecond, burst };
  return new SharedLimiter(limit, sharedLimits.open!(broker), platformTimers);
}

function checkLimits(limits: Limits): void {
  const { maxConcurrency, ratePerSecond, burst, scope, key, broker } = limits;
  if (scope !== undefined && scope !== "thread" && scope !== "cluster")
    throw invalidOption("withLimits", "scope", '"thread" or "cluster"', scope);
  if (scope === "cluster") {
    if (sharedLimits.open === undefined)
      throw invalidOption("withLimits", "scope", '"thread", unless the module imports "runlane/cluster" first', scope);
    if (typeof key !== "string" || key === "")
      throw invalidOption(
        "withLimits",
        "key",
        'the name that the limits have on all machines, where the scope is "cluster"',
        key,
      );
  } else if (key !== undefined || broker !== undefined)
    throw invalidOption("withLimits", "scope", '"cluster" where there is a key or a broker', scope);
  if (maxConcurrency === undefined && ratePerSecond === undefined) {
    const expected = "an object with maxConcurrency, ratePerSecond or both";
    const received = describe(burst === undefined ? {} : { burst });
    throw runlaneError("RUNLANE_INVALID_OPTION", { where: "withLimits", option: "the argument", expected, received });
  }
  if (maxConcurrency !== Number.POSITIVE_INFINITY) checkCount("maxConcurrency", maxConcurrency);
  if (ratePerSecond !== undefined && !(typeof ratePerSecond === "number" && ratePerSecond > 0))
    throw invalidOption("withLimits", "ratePerSecond", "a number above 0", ratePerSecond);
  checkCount("burst", burst);
  if (burst !== undefined && ratePerSecond === undefined)
    throw invalidOption("withLimits", "burst", "left out where there is no ratePerSecond", burst);
}

function checkCount(option: string, value: unknown): void {
  if (value === undefined || (Number.isInteger(value) && (value as number) >= 1)) return;
  throw invalidOption("withLimits", option, "an integer of at least 1", value);
}

defineKind("limited", {
  type: RunnableLimited,
  fields: {
    bound: "step",
    maxConcurrency: "data",
    ratePerSecond: "data",
    burst: "data",
    scope: "data",
    key: "data",
    broker: "data",
  },
  stays:
    "has limits that all calls of this thread share; put withLimits around the step with the lane, or limit the lane itself: threads({ max })",
  saved: "its limits belong to the calls of one program",
});
