import type { RunnableConfig } from "../../core/config.ts";
import type { RunContext } from "../../core/context.ts";
import { startCall, streamCall } from "../../core/start-step.ts";
import type { Step } from "../../core/step.ts";
import type { Chunks } from "../../core/streams/chunks.ts";
import { laterChunks } from "../../core/streams/joins.ts";
import { isThenable } from "../../core/thenable.ts";
import type { RunnableInterface, RunnableLike } from "../types.ts";
import { WrappedStage } from "../wrapped-stage.ts";
import { RunnableWrapper } from "../wrapper.ts";

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
> extends RunnableWrapper<RunInput, RunOutput, CallOptions> {
  /** The runnable that runs when the config asks for no other. */
  readonly default: RunnableInterface<RunInput, RunOutput, CallOptions>;

  /** @throws RUNLANE_NOT_RUNNABLE */
  constructor(runnable: RunnableLike<RunInput, RunOutput, CallOptions>, where: string) {
    super(runnable, where);
    this.default = this.wrapped;
  }

  /** The step that a call's config asks for. */
  protected abstract choose(ctx: RunContext): Step | PromiseLike<Step>;

  /** The context in which that step runs. */
  protected contextOf(ctx: RunContext): RunContext {
    return ctx;
  }

  /** None: which step runs, and on which lane, is known in each call only. */
  override get laneName(): undefined {
    return undefined;
  }

  override get timeoutOwner(): undefined {
    return undefined;
  }

  protected override wrapStages(stages: readonly Step[] | undefined): readonly Step[] | undefined {
    const [stage] = stages ?? [];
    if (stage === undefined || stages?.length !== 1) return undefined;
    return [
      new WrappedStage(stage, {
        run: (input, ctx) => this.run(input as RunInput, ctx),
        openFeed: (feed, ctx) => {
          const step = this.choose(ctx);
          return isThenable(step) ? undefined : step.openFeed?.(feed, this.contextOf(ctx));
        },
      }),
    ];
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
      ? laterChunks(async () => streamCall<RunOutput>(await (step as PromiseLike<Step>), chunks, inner))
      : streamCall<RunOutput>(step, chunks, inner);
  }
}
