import { kindOf, type RunnableNode } from "../core/kinds.ts";
import type { Graph } from "./graph.ts";
import { box, type Drawable, graphOfPart, isDrawable } from "./parts.ts";

/** A runnable with a node. */
export interface Described extends Drawable {
  readonly node: RunnableNode;
}

/** Draws a kind, from the runnable, its node, and the config of `getGraph`. */
// biome-ignore lint/suspicious/noExplicitAny: each kind has its own fields
export type Draw = (runnable: Described, node: any, config: unknown) => Graph;

/** The graph of a runnable, as its kind draws it; without that, the graph of the runnable inside, or one box. */
export function graphOf(runnable: Described, config?: unknown): Graph {
  const { node } = runnable;
  const draw = kindOf(node)?.draw as Draw | undefined;
  if (draw !== undefined) return draw(runnable, node, config);
  return isDrawable(node.bound) ? graphOfPart(node.bound, config) : box(runnable);
}
