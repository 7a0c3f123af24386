import type { RunnableConfig } from "../../core/config.ts";
import type { RunContext } from "../../core/context.ts";
import { describe, runlaneError } from "../../core/errors/errors.ts";
import { fieldOf } from "../../core/own.ts";
import { TRANSFORMS, type Trace } from "../../core/step.ts";
import { type Chunks, SingleChunk } from "../../core/streams/chunks.ts";
import { joinedBy, joinedLike, joinOf, joinUnder } from "../../core/streams/joins.ts";
import { defineKind, type RunnableNode } from "../registry.ts";
import { Runnable } from "../runnable.ts";

/**
 * Takes one value out of an object by its key, or an object of several: keys that are not there are left out, and when none is
 * there, the output is `undefined`.
 *
 * @example
 * ```ts
 * import { RunnablePick } from "runlane";
 *
 * await new RunnablePick("a").invoke({ a: 1, b: 2 }); // 1
 * await new RunnablePick(["a"]).invoke({ a: 1, b: 2 }); // { a: 1 }
 * ```
 */
export class RunnablePick<
  // biome-ignore lint/suspicious/noExplicitAny: LangChain's own defaults
  RunInput extends Record<string, any> = Record<string, any>,
  // biome-ignore lint/suspicious/noExplicitAny: LangChain's own defaults
  RunOutput = any,
  CallOptions extends RunnableConfig = RunnableConfig,
> extends Runnable<RunInput, RunOutput, CallOptions> {
  readonly keys: string | readonly string[];

  /** @throws RUNLANE_INVALID_STEPS */
  constructor(fields: string | readonly string[] | { keys: string | readonly string[] }) {
    super();
    const keys =
      typeof fields === "object" && !Array.isArray(fields)
        ? (fields as { keys: string | readonly string[] }).keys
        : fields;
    if (typeof keys !== "string" && !Array.isArray(keys)) {
      throw runlaneError("RUNLANE_INVALID_STEPS", {
        where: "RunnablePick",
        expected: "a key or an array of keys",
        received: describe(keys),
      });
    }
    this.keys = keys as string | readonly string[];
  }

  static override lc_name(): string {
    return "RunnablePick";
  }

  override get node(): RunnableNode {
    return { kind: "pick", name: this.name, keys: this.keys };
  }

  override get trace(): Trace {
    return TRANSFORMS;
  }

  override run(input: RunInput, _ctx: RunContext): RunOutput {
    if (typeof input !== "object" || input === null) {
      throw runlaneError("RUNLANE_INVALID_INPUT", {
        where: this.getName(),
        expected: "an object",
        received: describe(input),
      });
    }
    if (typeof this.keys === "string") return fieldOf(input, this.keys) as RunOutput;
    const picked = this.keys
      .map((key) => [key, fieldOf(input, key)] as const)
      .filter(([, value]) => value !== undefined);
    return (picked.length === 0 ? undefined : Object.fromEntries(picked)) as RunOutput;
  }

  override runStream(chunks: Chunks<RunInput>, ctx: RunContext): Chunks<RunOutput> {
    if (chunks instanceof SingleChunk) return new SingleChunk(this.run(chunks.value, ctx));
    const { keys } = this;
    const picked = this.pickEach(chunks, ctx);
    if (typeof keys !== "string") return joinedLike(picked, chunks);
    return joinedBy(
      picked,
      joinUnder(keys, () => joinOf(chunks)),
    );
  }

  private async *pickEach(chunks: Chunks<RunInput>, ctx: RunContext): AsyncGenerator<RunOutput, void> {
    for await (const chunk of chunks) {
      const picked = this.run(chunk, ctx);
      if (picked !== undefined) yield picked;
    }
  }
}

defineKind("pick", {
  type: RunnablePick,
  fields: { name: "data", keys: "data" },
  saved: { fields: ({ keys }) => ({ keys }) },
});
