import { Limiter, type Limits } from "../../batching/limiter.ts";
import { platformTimers } from "../../batching/timers.ts";
import type { RunnableConfig } from "../../core/config.ts";
import type { RunContext } from "../../core/context.ts";
import { describe, invalidOption, runlaneError } from "../../core/errors/errors.ts";
import { startCall, streamCall } from "../../core/start-step.ts";
import type { Step, Trace } from "../../core/step.ts";
import type { Chunks } from "../../core/streams/chunks.ts";
import { isThenable } from "../../core/thenable.ts";
import type { Placement } from "../../plan/placement.ts";
import { coerce, toStep } from "../coerce.ts";
import { defineKind, type RunnableNode } from "../registry.ts";
import { Runnable } from "../runnable.ts";
import type { RunnableInterface, RunnableLike } from "../types.ts";

/** What a runnable with limits is made of. */
export interface RunnableLimitedFields<RunInput, RunOutput, CallOptions extends RunnableConfig = RunnableConfig>
  extends Limits {
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
> extends Runnable<RunInput, RunOutput, CallOptions> {
  readonly bound: RunnableInterface<RunInput, RunOutput, CallOptions>;
  readonly maxConcurrency: number | undefined;
  readonly ratePerSecond: number | undefined;
  readonly burst: number | undefined;
  private readonly step: Step;
  private readonly limiter: Limiter;

  /** @throws RUNLANE_NOT_RUNNABLE, RUNLANE_INVALID_OPTION */
  constructor(fields: RunnableLimitedFields<RunInput, RunOutput, CallOptions>) {
    super();
    const { bound, maxConcurrency, ratePerSecond, burst } = fields;
    this.bound = coerce(bound, "The bound of a RunnableLimited");
    checkLimits({ maxConcurrency, ratePerSecond, burst });
    this.maxConcurrency = maxConcurrency;
    this.ratePerSecond = ratePerSecond;
    this.burst = burst;
    this.step = toStep(this.bound);
    this.limiter = new Limiter({ maxConcurrency, ratePerSecond, burst }, platformTimers);
  }

  static override lc_name(): string {
    return "RunnableLimited";
  }

  override get node(): RunnableNode {
    const { bound, maxConcurrency, ratePerSecond, burst } = this;
    return { kind: "limited", bound, maxConcurrency, ratePerSecond, burst };
  }

  override getName(suffix?: string): string {
    return this.bound.getName(suffix);
  }

  override get label(): string {
    return this.step.label;
  }

  /** Its runs are those of the runnable inside. */
  override get trace(): Trace | undefined {
    return undefined;
  }

  override get laneName(): string | undefined {
    return this.step.laneName;
  }

  get placement(): Placement {
    const limits: string[] = [];
    if (this.maxConcurrency !== undefined) limits.push(`at most ${this.maxConcurrency} at once`);
    if (this.ratePerSecond !== undefined) limits.push(`at most ${this.ratePerSecond} per second`);
    return { lane: "loop", isInline: true, why: `starts ${limits.join(", ")}` };
  }

  /** How many inputs wait for their start. */
  get waiting(): number {
    return this.limiter.waiting;
  }

  override run(input: RunInput, ctx: RunContext): RunOutput | PromiseLike<RunOutput> {
    return this.limiter.tryEnter() ? this.runEntered(input, ctx) : this.runLater(input, ctx);
  }

  private async runLater(input: RunInput, ctx: RunContext): Promise<RunOutput> {
    await this.enter(ctx);
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
  override async *runStream(chunks: Chunks<RunInput>, ctx: RunContext): AsyncGenerator<RunOutput, void> {
    if (!this.limiter.tryEnter()) await this.enter(ctx);
    try {
      yield* streamCall<RunOutput>(this.step, chunks, ctx);
    } finally {
      this.limiter.leave();
    }
  }

  /** Joins two chunks as the bound runnable joins them. */
  override _concatOutputChunks<O>(first: O, second: O): O {
    return this.concatAs(this.bound as Partial<Runnable>, first, second);
  }

  /** Waits for the start of one input. */
  private async enter(ctx: RunContext): Promise<void> {
    await this.limiter.enter(callerOf(ctx), ctx.scope?.signal);
    try {
      ctx.scope?.check();
    } catch (error) {
      this.limiter.leave();
      throw error;
    }
  }
}

/**
 * What stands for the caller. The inputs of one call have contexts of their own where they have timeouts, callbacks or slots; what all
 * of them have in common, and what nested calls inherit, is the object with the metadata of their config.
 */
function callerOf(ctx: RunContext): object {
  return ctx.config.metadata ?? ctx;
}

function checkLimits(limits: Limits): void {
  const { maxConcurrency, ratePerSecond, burst } = limits;
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
  fields: { bound: "step", maxConcurrency: "data", ratePerSecond: "data", burst: "data" },
  stays:
    "has limits that all calls of this thread share; put withLimits around the step with the lane, or limit the lane itself: threads({ max })",
  saved: "its limits belong to the calls of one program",
});
