import { OwnBatchHandle } from "../../batching/own-batch.ts";
import type { RunContext } from "../../core/context.ts";
import type { FeedHandle, InputSource } from "../../core/input-source.ts";
import { type Serialized, serialized } from "../../core/serialization/serializable.ts";
import type { Step, Trace } from "../../core/step.ts";
import { asGenerator, type Chunks, join, SingleChunk } from "../../core/streams/chunks.ts";
import { hasJoin, type Join, joinByHook, joinOf } from "../../core/streams/joins.ts";
import { openChunks } from "../../core/streams/open-chunks.ts";
import { graphOfPart } from "../../graph/parts.ts";
import type { Placement } from "../../plan/placement.ts";
import { defineKind, type RunnableNode } from "../registry.ts";
import { Runnable } from "../runnable.ts";
import type { RunnableInterface } from "../types.ts";

/**
 * A LangChain runnable as a step: run through its own `invoke`, streamed through its own `transform`. It gets a copy of the config,
 * since LangChain's code may write to it.
 */
class RunnableForeign extends Runnable {
  private readonly runnable: RunnableInterface;

  constructor({ runnable }: { runnable: RunnableInterface }) {
    super();
    this.runnable = runnable;
  }

  override get node(): RunnableNode {
    return { kind: "foreign", runnable: this.runnable };
  }

  override toJSON(): Serialized {
    return serialized(this.runnable);
  }

  override getName(suffix?: string): string {
    return this.runnable.getName(suffix);
  }

  get placement(): Placement {
    const why = this.stages === undefined ? "called through its own methods" : "its own batch is given many inputs";
    return { lane: "loop", isInline: true, why: `LangChain's: ${why}` };
  }

  /** A batch is handed on to a `batch` that does better than calling `invoke` for each input. */
  get stages(): readonly Step[] | undefined {
    return hasOwnBatch(this.runnable) ? [this] : undefined;
  }

  openFeed(feed: InputSource, { config, observer }: RunContext): FeedHandle {
    const runMany = (inputs: unknown[]) => this.runnable.batch(inputs, { ...config }, { returnExceptions: true });
    return new OwnBatchHandle(feed, runMany, this.label, observer?.stage?.(this));
  }

  /** None: LangChain's runnables report their own runs. */
  override get trace(): Trace | undefined {
    return undefined;
  }

  override run(input: unknown, ctx: RunContext): Promise<unknown> {
    return this.runnable.invoke(input, { ...ctx.config });
  }

  override runStream(chunks: Chunks<unknown>, ctx: RunContext): Chunks<unknown> {
    // For whole inputs too, as in LangChain's chains: its passthrough, for one, reports chunks in `transform` only.
    return hasJoin(chunks) ? this.transformJoined(chunks, ctx) : this.transformed(chunks, ctx);
  }

  private transformed(chunks: Chunks<unknown>, ctx: RunContext): AsyncGenerator<unknown> {
    return this.runnable.transform(asGenerator(chunks), { ...ctx.config });
  }

  /** Streams by `transform` of LangChain, which joins chunks by its own rules; where this stream has other rules, joins them first. */
  private async *transformJoined(chunks: Chunks<unknown>, ctx: RunContext): AsyncGenerator<unknown, void> {
    const opened = await openChunks(() => chunks);
    const isSpecial = joinOf(opened)?.isSpecial === true;
    yield* this.transformed(isSpecial ? new SingleChunk(await join(opened, ctx)) : opened, ctx);
  }

  /** LangChain's hook, where the class has one of its own. */
  override get ownJoin(): Join | undefined {
    const { runnable } = this;
    return hasOwnHook(runnable) ? joinByHook(runnable) : undefined;
  }
}

/**
 * Whether a runnable's class has a `batch` of its own. Those of LangChain's own compositions only call others; a binding's is as good as
 * that of what it binds.
 */
function hasOwnBatch(runnable: RunnableInterface): boolean {
  const { bound } = runnable as { bound?: RunnableInterface };
  if (isComposition(runnable)) return bound !== undefined && hasOwnBatch(bound);
  return ownersOf(runnable, "batch") > 1;
}

type Hooked = Parameters<typeof joinByHook>[0];

/** Whether a runnable's class has a hook of its own to join chunks. */
function hasOwnHook(runnable: object): runnable is Hooked {
  const { bound, last } = runnable as { bound?: object; last?: object };
  if (!isComposition(runnable)) return ownersOf(runnable, "_concatOutputChunks") > 1;
  // The hooks of LangChain's compositions only ask the steps inside.
  const inner = bound ?? last;
  return inner !== undefined && hasOwnHook(inner);
}

/** Whether a runnable is one of LangChain's own compositions. */
function isComposition(runnable: object): boolean {
  return (runnable as { lc_namespace?: readonly string[] }).lc_namespace?.join("/") === "langchain_core/runnables";
}

/** The number of classes of an object that have a method; the last of them is the base class. */
function ownersOf(thing: object, method: string): number {
  let owners = 0;
  for (let object: object | null = thing; object !== null; object = Object.getPrototypeOf(object))
    if (Object.hasOwn(object, method)) owners++;
  return owners;
}

defineKind("foreign", {
  type: RunnableForeign,
  fields: { runnable: "step" },
  opaque: true,
  stays: "is LangChain's, and its inside is not known",
  saved: "LangChain's runnables save themselves",
  draw: (_runnable, { runnable }: { runnable: RunnableInterface }, config) => graphOfPart(runnable, config),
});
