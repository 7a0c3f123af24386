import { kindOf } from "../../core/kinds.ts";
import type { Step } from "../../core/step.ts";
import type { Lane } from "../../lanes/lane.ts";
import type { Placed } from "../../plan/placement.ts";
import { toStep } from "../coerce.ts";
import type { RunnableNode } from "../registry.ts";
import type { RunnableInterface } from "../types.ts";
import { childrenOf } from "./children.ts";

/** The lanes that a runnable and the steps in it use now, each once, in the order of the steps. */
export function lanesOf(runnable: object): Lane[] {
  const lanes = new Set<Lane>();
  const seen = new Set<Step>();
  const look = (step: Step & Placed & { readonly node?: RunnableNode }): void => {
    if (seen.has(step)) return;
    seen.add(step);
    const { currentLane, node } = step;
    // The steps inside run on that lane, too.
    if (currentLane !== undefined) lanes.add(currentLane);
    else if (node !== undefined && kindOf(node)?.opaque !== true)
      for (const child of childrenOf(node)) look(toStep(child as RunnableInterface));
  };
  look(toStep(runnable as RunnableInterface));
  return [...lanes];
}
