import type { Step } from "../core/step.ts";
import type { Placed } from "../plan/placement.ts";
import { Plan, type PlanStage, type PlanStep } from "../plan/plan.ts";
import { slotsIn } from "../resources/resource.ts";
import { childrenOf } from "./children.ts";
import { toStep } from "./coerce.ts";
import type { RunnableNode } from "./registry.ts";
import type { RunnableInterface } from "./types.ts";

/** Kinds whose inside runs by itself. */
const OPAQUE = new Set(["lambda", "foreign", "custom"]);

/** A step that says what it is made of and where it runs. */
type Described = Step & Placed & { readonly node?: RunnableNode };

/** How a runnable runs a batch. */
export function explain(runnable: object): Plan {
  const step = toStep(runnable as RunnableInterface) as Described;
  const stages = (step.stages ?? [step]) as readonly Described[];
  const warnings = stages.flatMap(({ placement }) => placement?.figures?.()?.hints ?? []);
  return new Plan(step.label, stages.map(stageOf), [...new Set(warnings)]);
}

function stageOf(stage: Described): PlanStage {
  const placement = stage.placement;
  const steps: PlanStep[] = [];
  collect(stage, 0, undefined, steps);
  return {
    lane: placement?.lane ?? "loop",
    steps,
    fused: placement?.fused === true,
    chunk: placement?.figures?.()?.chunk,
  };
}

/** Adds a step and what is in it. What is inside a lane runs there. */
function collect(step: Described, depth: number, around: Placed["placement"], steps: PlanStep[]): void {
  const { path, placement: own, node } = step;
  const placement = around ?? own;
  if (path !== undefined) {
    for (const inner of path)
      collect(inner as Described, depth, placement?.isHere === false ? placement : around, steps);
    return;
  }
  if (node?.kind === "lane") {
    collect(toStep(node.bound as RunnableInterface) as Described, depth, placement, steps);
    return;
  }
  steps.push({
    name: step.label,
    depth,
    lane: placement?.lane ?? "loop",
    why: placement?.why ?? "runs where it is called",
    resources: resourcesIn(node),
  });
  if (node === undefined || OPAQUE.has(node.kind)) return;
  for (const child of childrenOf(node))
    collect(toStep(child as RunnableInterface) as Described, depth + 1, around, steps);
}

function resourcesIn(node: RunnableNode | undefined): string[] {
  return slotsIn((node?.uses ?? {}) as Record<string, unknown>).map(([, { name }]) => name);
}
