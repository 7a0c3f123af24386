import { asGenerator, type Chunks } from "../core/chunks.ts";
import type { RunContext } from "../core/context.ts";
import { type Serialized, serialized } from "../core/serializable.ts";
import type { Trace } from "../core/step.ts";
import type { Placement } from "../plan/placement.ts";
import { defineKind, type RunnableNode } from "./registry.ts";
import { Runnable } from "./runnable.ts";
import type { RunnableInterface } from "./types.ts";

/**
 * A LangChain runnable as a step: run through its own `invoke`, streamed through its own `transform`. It gets a copy of the config,
 * since LangChain's code may write to it.
 */
class ForeignRunnable extends Runnable {
  constructor(private readonly runnable: RunnableInterface) {
    super();
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
    return { lane: "loop", isHere: true, why: "LangChain's: called through its own methods" };
  }

  /** It reports its own runs. */
  override get trace(): Trace | undefined {
    return undefined;
  }

  override run(input: unknown, ctx: RunContext): Promise<unknown> {
    return this.runnable.invoke(input, { ...ctx.config });
  }

  override runStream(chunks: Chunks<unknown>, ctx: RunContext): Chunks<unknown> {
    // For whole inputs too, as in LangChain's chains: its passthrough, for one, reports chunks in `transform` only.
    return this.runnable.transform(asGenerator(chunks), { ...ctx.config });
  }
}

defineKind("foreign", (node) => new ForeignRunnable(node.runnable));
