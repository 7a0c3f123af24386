import type { RunContext } from "../../core/context.ts";
import { describe, runlaneError } from "../../core/errors/errors.ts";
import { startStep, streamStep } from "../../core/start-step.ts";
import type { Step } from "../../core/step.ts";
import { type Chunks, SingleChunk } from "../../core/streams/chunks.ts";
import { laterChunks } from "../../core/streams/joins.ts";
import { isThenable } from "../../core/thenable.ts";
import { choice, type Drawable } from "../../graph/parts.ts";
import { coerce, toStep } from "../coerce.ts";
import { defineKind, type RunnableNode } from "../registry.ts";
import { Runnable } from "../runnable.ts";
import type { RunnableInterface, RunnableLike } from "../types.ts";

/** A condition and the runnable that runs when it holds. */
export type Branch<RunInput, RunOutput> = [
  RunnableInterface<RunInput, boolean>,
  RunnableInterface<RunInput, RunOutput>,
];

/** The same, of anything that can be a step. */
export type BranchLike<RunInput, RunOutput> = [RunnableLike<RunInput, boolean>, RunnableLike<RunInput, RunOutput>];

/**
 * Runs the first branch whose condition holds, else the default. What the branch returns is the output, falsy or not. When
 * streaming, the chosen branch streams.
 *
 * @example
 * ```ts
 * import { RunnableBranch } from "runlane";
 *
 * const sign = RunnableBranch.from([[(x: number) => x > 0, () => "plus"], [(x: number) => x < 0, () => "minus"], () => "zero"]);
 * await sign.invoke(-3); // "minus"
 * ```
 */
// biome-ignore lint/suspicious/noExplicitAny: LangChain's own defaults
export class RunnableBranch<RunInput = any, RunOutput = any> extends Runnable<RunInput, RunOutput> {
  readonly branches: readonly Branch<RunInput, RunOutput>[];
  readonly default: RunnableInterface<RunInput, RunOutput>;
  private readonly paths: readonly Path[];
  private readonly otherwise: Choice;

  /** @throws RUNLANE_NOT_RUNNABLE */
  constructor(fields: {
    branches: readonly BranchLike<RunInput, RunOutput>[];
    default: RunnableLike<RunInput, RunOutput>;
  }) {
    super();
    this.branches = Object.freeze(
      fields.branches.map(
        ([condition, step], index): Branch<RunInput, RunOutput> => [
          coerce(condition, `Condition ${index + 1} of a RunnableBranch`),
          coerce(step, `Branch ${index + 1} of a RunnableBranch`),
        ],
      ),
    );
    this.default = coerce(fields.default, "The default of a RunnableBranch");
    this.paths = this.branches.map(([condition, step], index) => ({
      condition: toStep(condition),
      tag: `condition:${index + 1}`,
      choice: { step: toStep(step), tag: `branch:${index + 1}` },
    }));
    this.otherwise = { step: toStep(this.default), tag: "branch:default" };
  }

  static override lc_name(): string {
    return "RunnableBranch";
  }

  /**
   * The branch of some `[condition, step]` pairs and, last, the default.
   *
   * @throws RUNLANE_INVALID_STEPS, RUNLANE_NOT_RUNNABLE
   */
  static from<RunInput, RunOutput>(
    branches: [...BranchLike<RunInput, RunOutput>[], RunnableLike<RunInput, RunOutput>],
  ): RunnableBranch<RunInput, RunOutput> {
    const pairs = Array.isArray(branches) ? (branches.slice(0, -1) as BranchLike<RunInput, RunOutput>[]) : [];
    if (
      !Array.isArray(branches) ||
      branches.length < 1 ||
      !pairs.every((pair) => Array.isArray(pair) && pair.length === 2)
    ) {
      throw runlaneError("RUNLANE_INVALID_STEPS", {
        where: "RunnableBranch.from",
        expected: "an array of [condition, step] pairs with the default as its last element",
        received: describe(branches),
      });
    }
    return new RunnableBranch({ branches: pairs, default: branches.at(-1) as RunnableLike<RunInput, RunOutput> });
  }

  override get node(): RunnableNode {
    return { kind: "branch", name: this.name, branches: this.branches, default: this.default };
  }

  override run(input: RunInput, ctx: RunContext): RunOutput | PromiseLike<RunOutput> {
    const chosen = this.choose(input, ctx, 0);
    if (!isThenable(chosen)) return startStep<RunOutput>(chosen.step, input, ctx, chosen.tag);
    return (chosen as PromiseLike<Choice>).then(({ step, tag }) => startStep<RunOutput>(step, input, ctx, tag));
  }

  override runStream(chunks: Chunks<RunInput>, ctx: RunContext): Chunks<RunOutput> {
    if (!(chunks instanceof SingleChunk)) return super.runStream(chunks, ctx);
    return this.streamWhole(chunks.value, ctx);
  }

  protected override streamWhole(input: RunInput, ctx: RunContext): AsyncGenerator<RunOutput, void> {
    return laterChunks(async () => {
      const { step, tag } = await this.choose(input, ctx, 0);
      return streamStep<RunOutput>(step, new SingleChunk(input), ctx, tag);
    });
  }

  /** The step of the first condition from `from` on that holds. */
  private choose(input: RunInput, ctx: RunContext, from: number): Choice | PromiseLike<Choice> {
    for (let index = from; index < this.paths.length; index++) {
      const { condition, tag, choice } = this.paths[index] as Path;
      const holds: unknown = startStep(condition, input, ctx, tag);
      if (isThenable(holds)) return holds.then((held) => (held ? choice : this.choose(input, ctx, index + 1)));
      if (holds) return choice;
    }
    return this.otherwise;
  }
}

/** A step that may be chosen, with the tag that tells observers its place. */
interface Choice {
  readonly step: Step;
  readonly tag: string;
}

/** A condition with the tag that tells observers its place, and the step that it decides about. */
interface Path {
  readonly condition: Step;
  readonly tag: string;
  readonly choice: Choice;
}

defineKind("branch", {
  type: RunnableBranch,
  fields: { name: "data", branches: "stepPairs", default: "step" },
  conditional: ["branches", "default"],
  saved: { fields: ({ branches, default: otherwise }) => ({ branches, default: otherwise }) },
  draw(runnable, fields: { branches: readonly (readonly [Drawable, Drawable])[]; default: Drawable }, config) {
    const branches = fields.branches.map(([condition, step], index): [string, Drawable] => {
      const { label } = condition;
      const named = label !== undefined && label !== condition.getName();
      return [named ? `condition ${index + 1}: ${label}` : `condition ${index + 1}`, step];
    });
    return choice(runnable, [...branches, ["default", fields.default]], config);
  },
});
