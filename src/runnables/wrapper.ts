import type { RunnableConfig } from "../core/config.ts";
import type { RunContext } from "../core/context.ts";
import { startCall, streamCall } from "../core/start-step.ts";
import type { Step, Trace } from "../core/step.ts";
import type { Chunks } from "../core/streams/chunks.ts";
import { type Join, laterChunks } from "../core/streams/joins.ts";
import { openStream } from "../core/streams/runnable-stream.ts";
import { ignoreRejection, isThenable } from "../core/thenable.ts";
import { coerce, outputJoinOf, toStep } from "./coerce.ts";
import { Runnable } from "./runnable.ts";
import type { RunnableInterface, RunnableLike } from "./types.ts";
import { WrappedStage } from "./wrapped-stage.ts";

/**
 * A runnable around another one, which has its name, its runs and its lane. By itself it changes nothing: a subclass says in
 * {@link enter} in which context the inside runs. What holds of the inside then holds of the wrapper without a further word: where it
 * runs and whose time counts, and that a batch goes through its stages.
 *
 * A subclass that does more than change the context, and therefore overrides `run`, overrides {@link wrapStages} too, or says by
 * {@link forwardsStages} that its inputs go one by one.
 */
export abstract class RunnableWrapper<
  // biome-ignore lint/suspicious/noExplicitAny: LangChain's own defaults
  RunInput = any,
  // biome-ignore lint/suspicious/noExplicitAny: LangChain's own defaults
  RunOutput = any,
  CallOptions extends RunnableConfig = RunnableConfig,
> extends Runnable<RunInput, RunOutput, CallOptions> {
  /** @internal The wrapped runnable. */
  protected readonly wrapped: RunnableInterface<RunInput, RunOutput, CallOptions>;
  protected readonly step: Step;
  private wrappedStages: { readonly stages: readonly Step[] | undefined } | undefined;

  /** @param where The name of the wrapped runnable in errors. @throws RUNLANE_NOT_RUNNABLE */
  constructor(wrapped: RunnableLike<RunInput, RunOutput, CallOptions>, where: string) {
    super();
    this.wrapped = coerce(wrapped, where);
    this.step = toStep(this.wrapped);
  }

  override getName(suffix?: string): string {
    return this.wrapped.getName(suffix);
  }

  override get label(): string {
    return this.step.label;
  }

  /** None of its own: the wrapped runnable reports the runs. */
  override get trace(): Trace | undefined {
    return undefined;
  }

  override get laneName(): string | undefined {
    return this.step.laneName;
  }

  override get timeoutOwner(): Step | undefined {
    return this.step.timeoutOwner;
  }

  get stages(): readonly Step[] | undefined {
    this.wrappedStages ??= { stages: this.forwardsStages ? this.wrapStages(this.step.stages) : undefined };
    return this.wrappedStages.stages;
  }

  override run(input: RunInput, ctx: RunContext): RunOutput | PromiseLike<RunOutput> {
    return this.runWrapped(input, ctx);
  }

  override runStream(chunks: Chunks<RunInput>, ctx: RunContext): Chunks<RunOutput> {
    return this.streamWrapped(chunks, ctx);
  }

  /** The context in which the wrapped runnable runs. */
  protected enter(ctx: RunContext): RunContext | PromiseLike<RunContext> {
    return ctx;
  }

  /** Whether {@link enter} may be called once for all inputs of a batch, and gives the context at once. */
  protected get forwardsStages(): boolean {
    return true;
  }

  /**
   * The stages that a batch goes through, instead of single runs.
   *
   * @param stages The stages of the wrapped runnable; undefined where its inputs go one by one.
   */
  protected wrapStages(stages: readonly Step[] | undefined): readonly Step[] | undefined {
    return stages?.map((stage) => {
      return new WrappedStage(stage, {
        run: (input, ctx) => stage.run(input, this.enter(ctx) as RunContext),
        openFeed: (feed, ctx) => stage.openFeed?.(feed, this.enter(ctx) as RunContext),
      });
    });
  }

  /** Runs the wrapped runnable in its context. @param tag The tag that tells observers its place. */
  protected runWrapped(input: RunInput, ctx: RunContext, tag?: string): RunOutput | PromiseLike<RunOutput> {
    const inner = this.enter(ctx);
    return isThenable(inner)
      ? (inner as PromiseLike<RunContext>).then((entered) => this.runIn(entered, input, ctx, tag))
      : this.runIn(inner as RunContext, input, ctx, tag);
  }

  private runIn(
    inner: RunContext,
    input: RunInput,
    ctx: RunContext,
    tag: string | undefined,
  ): RunOutput | PromiseLike<RunOutput> {
    if (inner.scope === null || inner.scope === ctx.scope) return startCall<RunOutput>(this.step, input, inner, tag);
    return inner.scope.guard(() => startCall<RunOutput>(this.step, input, inner, tag));
  }

  /** The chunks of the wrapped runnable, run in its context. */
  protected streamWrapped(chunks: Chunks<RunInput>, ctx: RunContext, tag?: string): Chunks<RunOutput> {
    const inner = this.enter(ctx);
    return isThenable(inner)
      ? this.streamEntered(inner as PromiseLike<RunContext>, chunks, ctx, tag)
      : this.streamIn(inner as RunContext, chunks, ctx, tag);
  }

  private streamEntered(
    entering: PromiseLike<RunContext>,
    chunks: Chunks<RunInput>,
    ctx: RunContext,
    tag: string | undefined,
  ): AsyncGenerator<RunOutput, void> {
    ignoreRejection(entering);
    return laterChunks(async () => this.streamIn(await entering, chunks, ctx, tag));
  }

  private streamIn(
    inner: RunContext,
    chunks: Chunks<RunInput>,
    ctx: RunContext,
    tag: string | undefined,
  ): Chunks<RunOutput> {
    const { scope } = inner;
    if (scope === null || scope === ctx.scope) return streamCall<RunOutput>(this.step, chunks, inner, tag);
    try {
      scope.check();
      const out = streamCall<RunOutput>(this.step, chunks, inner, tag);
      return laterChunks(() => openStream(out, scope));
    } catch (error) {
      scope.close();
      throw error;
    }
  }

  protected override get innerJoin(): Join | undefined {
    return outputJoinOf(this.wrapped);
  }
}
