import type { RunnableConfig } from "../../core/config.ts";
import type { RunContext } from "../../core/context.ts";
import { startCall, streamCall } from "../../core/start-step.ts";
import type { Step, Trace } from "../../core/step.ts";
import type { Chunks } from "../../core/streams/chunks.ts";
import { isThenable } from "../../core/thenable.ts";
import { coerce, toStep } from "../coerce.ts";
import { Runnable } from "../runnable.ts";
import type { RunnableInterface, RunnableLike } from "../types.ts";

/**
 * A runnable that decides by the `configurable` of each call's config what to run. It has no run of its own: observers see what was
 * chosen.
 */
export abstract class RunnableConfigurable<
  // biome-ignore lint/suspicious/noExplicitAny: LangChain's own defaults
  RunInput = any,
  // biome-ignore lint/suspicious/noExplicitAny: LangChain's own defaults
  RunOutput = any,
  CallOptions extends RunnableConfig = RunnableConfig,
> extends Runnable<RunInput, RunOutput, CallOptions> {
  /** What runs when the config asks for nothing else. */
  readonly default: RunnableInterface<RunInput, RunOutput, CallOptions>;
  protected readonly defaultStep: Step;

  /** @throws RUNLANE_NOT_RUNNABLE */
  constructor(runnable: RunnableLike<RunInput, RunOutput, CallOptions>, where: string) {
    super();
    this.default = coerce(runnable, where);
    this.defaultStep = toStep(this.default);
  }

  /** The step that a call's config asks for. */
  protected abstract choose(ctx: RunContext): Step | PromiseLike<Step>;

  /** The context in which that step runs. */
  protected contextOf(ctx: RunContext): RunContext {
    return ctx;
  }

  override getName(suffix?: string): string {
    return this.default.getName(suffix);
  }

  override get label(): string {
    return this.defaultStep.label;
  }

  /** What was chosen has the runs. */
  override get trace(): Trace | undefined {
    return undefined;
  }

  override run(input: RunInput, ctx: RunContext): RunOutput | PromiseLike<RunOutput> {
    const step = this.choose(ctx);
    const inner = this.contextOf(ctx);
    if (!isThenable(step)) return startCall<RunOutput>(step, input, inner);
    return (step as PromiseLike<Step>).then((made) => startCall<RunOutput>(made, input, inner));
  }

  override runStream(chunks: Chunks<RunInput>, ctx: RunContext): Chunks<RunOutput> {
    const step = this.choose(ctx);
    const inner = this.contextOf(ctx);
    return isThenable(step)
      ? streamMade(step as PromiseLike<Step>, chunks, inner)
      : streamCall<RunOutput>(step, chunks, inner);
  }

  /** Joins two chunks as the default joins them. */
  override _concatOutputChunks<O>(first: O, second: O): O {
    return this.concatAs(this.default as Partial<Runnable>, first, second);
  }
}

async function* streamMade<Out>(
  step: PromiseLike<Step>,
  chunks: Chunks<unknown>,
  ctx: RunContext,
): AsyncGenerator<Out, void> {
  yield* streamCall<Out>(await step, chunks, ctx);
}
