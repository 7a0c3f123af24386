import type { RunContext } from "../../core/context.ts";
import { describe, runlaneError } from "../../core/errors/errors.ts";
import { startCall, streamCall } from "../../core/start-step.ts";
import type { Step, Trace } from "../../core/step.ts";
import { type Chunks, SingleChunk } from "../../core/streams/chunks.ts";
import { choice, type Drawable } from "../../graph/parts.ts";
import { coerce, toStep } from "../coerce.ts";
import { defineKind, type RunnableNode } from "../registry.ts";
import { Runnable } from "../runnable.ts";
import type { RunnableInterface, RunnableLike } from "../types.ts";

/** The input of a router: the key of the runnable to use, and the input for it. */
export interface RouterInput {
  /** The key of the runnable to use. */
  key: string;
  /** The input for that runnable. */
  // biome-ignore lint/suspicious/noExplicitAny: each runnable has its own
  input: any;
}

/**
 * Sends each input to the runnable that its key names. It has no run of its own: a `runName` of the call names that runnable's run.
 *
 * @example
 * ```ts
 * import { RouterRunnable } from "runlane";
 *
 * const router = new RouterRunnable({ runnables: { double: (x: number) => x * 2, square: (x: number) => x * x } });
 * await router.batch([{ key: "double", input: 3 }, { key: "square", input: 3 }]); // [6, 9]
 * ```
 */
export class RouterRunnable<
  RunInput extends RouterInput = RouterInput,
  // biome-ignore lint/suspicious/noExplicitAny: each runnable has its own input
  RunnableInput = any,
  // biome-ignore lint/suspicious/noExplicitAny: LangChain's own defaults
  RunOutput = any,
> extends Runnable<RunInput, RunOutput> {
  readonly runnables: Readonly<Record<string, RunnableInterface<RunnableInput, RunOutput>>>;
  private readonly routes: ReadonlyMap<string, Step>;

  /** @throws RUNLANE_NOT_RUNNABLE */
  // biome-ignore lint/suspicious/noExplicitAny: each runnable has its own input
  constructor(fields: { runnables: Record<string, RunnableLike<any, RunOutput>> }) {
    super();
    const entries = Object.entries(fields.runnables).map(
      ([key, runnable]) => [key, coerce(runnable, `The runnable "${key}" of a RouterRunnable`)] as const,
    );
    this.runnables = Object.freeze(Object.fromEntries(entries));
    this.routes = new Map(entries.map(([key, runnable]) => [key, toStep(runnable)]));
  }

  static override lc_name(): string {
    return "RouterRunnable";
  }

  override get node(): RunnableNode {
    return { kind: "router", name: this.name, runnables: this.runnables };
  }

  /** None: the chosen runnable reports the runs. */
  override get trace(): Trace | undefined {
    return undefined;
  }

  override run(input: RunInput, ctx: RunContext): RunOutput | PromiseLike<RunOutput> {
    return startCall<RunOutput>(this.route(input), input.input, ctx);
  }

  protected override streamWhole(input: RunInput, ctx: RunContext): Chunks<RunOutput> {
    return streamCall<RunOutput>(this.route(input), new SingleChunk(input.input), ctx);
  }

  /** The step that an input names. @throws RUNLANE_INVALID_INPUT, RUNLANE_UNKNOWN_ROUTE */
  private route(input: RunInput): Step {
    if (typeof input !== "object" || input === null || !("key" in input)) {
      throw runlaneError("RUNLANE_INVALID_INPUT", {
        where: this.getName(),
        expected: "an object with a key and an input",
        received: describe(input),
      });
    }
    const step = this.routes.get(input.key);
    if (step !== undefined) return step;
    const expected = [...this.routes.keys()].join(", ") || "none";
    throw runlaneError("RUNLANE_UNKNOWN_ROUTE", { received: describe(input.key), expected });
  }
}

// The class has the name that LangChain gave it.
defineKind("router", {
  type: RouterRunnable,
  fields: { name: "data", runnables: "stepMap" },
  conditional: ["runnables"],
  saved: { fields: ({ runnables }) => ({ runnables }), maps: ["runnables"] },
  draw: (runnable, { runnables }: { runnables: Record<string, Drawable> }, config) =>
    choice(runnable, Object.entries(runnables), config),
});
