import { kindOf, type RunnableNode } from "../core/kinds.ts";
import type { Graph } from "./graph.ts";
import { box, type Drawable, graphOfPart, isDrawable } from "./parts.ts";

/** A runnable that says what it is made of. */
export interface Described extends Drawable {
  readonly node: RunnableNode;
}

/** How a kind is drawn, from the runnable, its node, and the config of `getGraph`. */
// biome-ignore lint/suspicious/noExplicitAny: each kind has its own fields
export type Draw = (runnable: Described, node: any, config: unknown) => Graph;

/** The graph of a runnable, as its kind draws it. One that does not say how shows what it is wrapped around, or itself as one box. */
export function graphOf(runnable: Described, config?: unknown): Graph {
  const { node } = runnable;
  const draw = kindOf(node)?.draw as Draw | undefined;
  if (draw !== undefined) return draw(runnable, node, config);
  return isDrawable(node.bound) ? graphOfPart(node.bound, config) : box(runnable);
}
