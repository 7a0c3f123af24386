import { iterateWithin, storage } from "../../core/ambient.ts";
import type { RunContext } from "../../core/context.ts";
import { type Chunked, type Chunks, isChunked, SingleChunk, toChunks } from "../../core/streams/chunks.ts";
import { isThenable } from "../../core/thenable.ts";
import type { Placement } from "../../plan/placement.ts";
import { A_FUNCTION } from "../load/saved-class.ts";
import { defineKind, type RunnableNode } from "../registry.ts";
import { RunnableLambda } from "./lambda.ts";

/**
 * @internal The function of a batched runnable, as a step of its own: it takes the inputs of one call together. What the function
 * yields is one output each, and never joined: `run` gives them as a list, a stream gives them as they come.
 */
export class RunnableBatchFunction extends RunnableLambda<unknown[], unknown> {
  static override lc_name(): string {
    return "RunnableBatched";
  }

  override get node(): RunnableNode {
    return { ...super.node, kind: "batchFunction" };
  }

  override get placement(): Placement {
    return { lane: "loop", isInline: true, why: "runs where its inputs are gathered" };
  }

  /** The array is the function's: it may sort it, drain it or keep it, while the engine goes on with its own. */
  protected override callFunc(inputs: unknown[], ctx: RunContext): unknown {
    return super.callFunc([...inputs], ctx);
  }

  /** The outputs of the function as it gives them: a list, a promise of a list, or an iteration. */
  override start(inputs: unknown[], ctx: RunContext): unknown {
    return this.iterating(this.callFunc(inputs, ctx), ctx);
  }

  override finish(settled: unknown, inputs: unknown[]): unknown {
    return isIteration(settled) ? listed(settled, inputs.length) : settled;
  }

  override run(inputs: unknown[], ctx: RunContext): unknown {
    const outputs = this.start(inputs, ctx);
    return isThenable(outputs) ? outputs.then((settled) => this.finish(settled, inputs)) : this.finish(outputs, inputs);
  }

  protected override streamWhole(inputs: unknown[], ctx: RunContext): Chunks<unknown> {
    const outputs = this.start(inputs, ctx);
    if (isIteration(outputs)) return toChunks(outputs);
    return new SingleChunk(outputs);
  }

  /** A generator's code runs when its outputs are asked for, and inherits the config of the call then too. */
  private iterating(outputs: unknown, ctx: RunContext): unknown {
    if (!ctx.propagates || storage() === undefined) return outputs;
    if (isThenable(outputs)) return outputs.then((settled) => this.iterating(settled, ctx));
    return isIteration(outputs) ? iterateWithin(ctx.functionConfig, toChunks(outputs)) : outputs;
  }
}

function isIteration(outputs: unknown): outputs is Chunked<unknown> {
  return typeof outputs === "object" && outputs !== null && !isThenable(outputs) && isChunked(outputs);
}

/** All outputs of a generator, but never more than one too many: a generator that yields too many may do so for ever. */
async function listed(outputs: Chunked<unknown>, inputs: number): Promise<unknown[]> {
  const list: unknown[] = [];
  for await (const output of toChunks(outputs)) {
    list.push(output);
    if (list.length > inputs) break;
  }
  return list;
}

defineKind("batchFunction", {
  type: RunnableBatchFunction,
  fields: { name: "data", func: "function", uses: "uses" },
  saved: A_FUNCTION,
});
