import { runUniform } from "../../batching/batch.ts";
import { Gather } from "../../batching/gather.ts";
import type { RunnableConfig } from "../../core/config.ts";
import type { RunContext } from "../../core/context.ts";
import { describe, runlaneError } from "../../core/errors/errors.ts";
import { startStep } from "../../core/start-step.ts";
import type { Step } from "../../core/step.ts";
import { graphOfPart, looped } from "../../graph/parts.ts";
import type { RunListeners } from "../../observe/listeners.ts";
import { coerce, toStep } from "../coerce.ts";
import { defineKind, type RunnableNode } from "../registry.ts";
import { Runnable } from "../runnable.ts";
import type { RunnableInterface, RunnableLike } from "../types.ts";

/**
 * Takes an array and runs one runnable on each element: a batch inside a run. This is what `map()` makes. The elements share the
 * `maxConcurrency` of the call.
 *
 * @example
 * ```ts
 * import { RunnableLambda } from "runlane";
 *
 * const lengths = RunnableLambda.from((word: string) => word.length).map();
 * await lengths.invoke(["a", "bb"]); // [1, 2]
 * ```
 */
export class RunnableEach<
  // biome-ignore lint/suspicious/noExplicitAny: LangChain's own defaults
  RunInputItem = any,
  // biome-ignore lint/suspicious/noExplicitAny: LangChain's own defaults
  RunOutputItem = any,
  CallOptions extends RunnableConfig = RunnableConfig,
> extends Runnable<RunInputItem[], RunOutputItem[], CallOptions> {
  readonly bound: RunnableInterface<RunInputItem, RunOutputItem>;
  private readonly step: Step;

  /** @throws RUNLANE_NOT_RUNNABLE */
  constructor(fields: { bound: RunnableLike<RunInputItem, RunOutputItem> }) {
    super();
    this.bound = coerce(fields.bound, "The bound of a RunnableEach");
    this.step = toStep(this.bound);
  }

  static override lc_name(): string {
    return "RunnableEach";
  }

  override get node(): RunnableNode {
    return { kind: "each", name: this.name, bound: this.bound };
  }

  override run(given: RunInputItem[], ctx: RunContext): RunOutputItem[] | PromiseLike<RunOutputItem[]> {
    if (!Array.isArray(given)) {
      throw runlaneError("RUNLANE_INVALID_INPUT", {
        where: this.getName(),
        expected: "an array",
        received: describe(given),
      });
    }
    // A copy: elements start later too, and the array belongs to whoever made it.
    const inputs = [...given];
    const { step } = this;
    const { slot } = ctx;
    const outputs =
      slot === null
        ? runUniform(step, inputs, ctx)
        : new Gather(inputs.length, (index, own) => startStep(step, inputs[index], ctx.with({ slot: own })), {
            slot,
          }).run();
    return outputs as RunOutputItem[] | Promise<RunOutputItem[]>;
  }

  /** The listeners are told of the run of each element. */
  override withListeners(listeners: RunListeners): RunnableEach<RunInputItem, RunOutputItem, CallOptions> {
    const bound = super.withListeners.call(this.bound as unknown as this, listeners);
    return new RunnableEach({ bound: bound as unknown as RunnableInterface<RunInputItem, RunOutputItem> });
  }
}

defineKind("each", {
  type: RunnableEach,
  fields: { name: "data", bound: "step" },
  conditional: ["bound"],
  batches: "bound",
  saved: { fields: ({ bound }) => ({ bound }) },
  draw: (_runnable, { bound }: { bound: Runnable }, config) => looped(graphOfPart(bound, config), "each"),
});
