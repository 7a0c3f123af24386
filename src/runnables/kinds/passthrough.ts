import type { RunnableConfig } from "../../core/config.ts";
import type { RunContext } from "../../core/context.ts";
import { TRANSFORMS, type Trace } from "../../core/step.ts";
import { type Chunks, promised, SingleChunk } from "../../core/streams/chunks.ts";
import { Aggregate, joinedLike } from "../../core/streams/joins.ts";
import { isThenable } from "../../core/thenable.ts";
import { defineKind, type RunnableNode } from "../registry.ts";
import { Runnable } from "../runnable.ts";
import type { AddsKeys, Assigned, RunnableMapLike } from "../types.ts";
import { RunnableAssign } from "./assign.ts";
import { RunnableParallel } from "./parallel.ts";

/** Looks at an input on its way; what it returns is waited for and dropped. */
export type PassthroughFunc<RunInput> = (input: RunInput, config: RunnableConfig) => unknown;

/**
 * Hands its input on unchanged, chunk by chunk when streaming. A function given to it sees each input (when streaming, the joined
 * chunks, after the last of them).
 *
 * @example
 * ```ts
 * import { RunnableParallel, RunnablePassthrough } from "runlane";
 *
 * const both = RunnableParallel.from({ text: new RunnablePassthrough<string>(), length: (text: string) => text.length });
 * await both.invoke("abc"); // { text: "abc", length: 3 }
 * ```
 */
// biome-ignore lint/suspicious/noExplicitAny: LangChain's own defaults
export class RunnablePassthrough<RunInput = any> extends Runnable<RunInput, RunInput> {
  readonly func: PassthroughFunc<RunInput> | undefined;

  constructor(fields?: { func?: PassthroughFunc<RunInput> | undefined }) {
    super();
    this.func = fields?.func;
  }

  static override lc_name(): string {
    return "RunnablePassthrough";
  }

  /** A step that adds keys to an object: see {@link RunnableAssign}. */
  static assign<
    // biome-ignore lint/suspicious/noExplicitAny: the input is whatever the steps of the mapping take
    RunInput extends Record<string, any>,
    Mapping extends RunnableMapLike<RunInput, Record<string, unknown>>,
  >(
    mapping: Mapping & RunnableMapLike<RunInput, Record<string, unknown>>,
  ): RunnableAssign<RunInput, Assigned<RunInput, Mapping>> & AddsKeys<Mapping>;
  // LangChain's type parameters, for calls that spell them out.
  static assign<RunInput extends Record<string, unknown>, RunOutput extends Record<string, unknown>>(
    mapping: RunnableMapLike<RunInput, RunOutput>,
  ): RunnableAssign<RunInput, RunInput & RunOutput>;
  static assign(mapping: RunnableMapLike<Record<string, unknown>, Record<string, unknown>>): RunnableAssign {
    return new RunnableAssign(new RunnableParallel({ steps: mapping }));
  }

  override get node(): RunnableNode {
    return { kind: "passthrough", name: this.name, func: this.func };
  }

  override get trace(): Trace {
    return TRANSFORMS;
  }

  override run(input: RunInput, ctx: RunContext): RunInput | PromiseLike<RunInput> {
    if (this.func === undefined) return input;
    const looked = this.func(input, ctx.unnamed().config);
    return isThenable(looked) ? looked.then(() => input) : input;
  }

  override runStream(chunks: Chunks<RunInput>, ctx: RunContext): Chunks<RunInput> {
    if (this.func === undefined) return chunks;
    if (!(chunks instanceof SingleChunk)) return joinedLike(this.watch(chunks, ctx), chunks);
    const out = this.run(chunks.value, ctx);
    if (!isThenable(out)) return chunks;
    return promised(out as PromiseLike<RunInput>);
  }

  private async *watch(chunks: Chunks<RunInput>, ctx: RunContext): AsyncGenerator<RunInput, void> {
    const aggregate = Aggregate.of(chunks);
    for await (const chunk of chunks) {
      aggregate.add(chunk);
      yield chunk;
    }
    await this.run(aggregate.value as RunInput, ctx);
  }
}

defineKind("passthrough", {
  type: RunnablePassthrough,
  fields: { name: "data", func: "function" },
  saved: { fields: ({ func }) => (func === undefined ? {} : { func }) },
});
