import { kindOf, type RunnableNode } from "../core/kinds.ts";
import { isStackOverflow } from "../core/stack-overflow.ts";
import { Graph, isUuid } from "./graph.ts";
import { anySchema } from "./schema.ts";
import type { GraphRunnable, Node } from "./types.ts";

/** A runnable of any library: the graph that it draws of itself is asked for. */
export interface Drawable extends GraphRunnable {
  getGraph?(config?: unknown): unknown;
  /** The name in tables, of Runlane's own runnables. */
  readonly label?: string;
}

/** The first and the last of the nodes that were put into a graph. */
export type Ends = readonly [first: Pick<Node, "id">, last: Pick<Node, "id">];

/** A graph of one box between input and output. */
export function box(runnable: GraphRunnable): Graph {
  const graph = new Graph();
  const input = graph.addNode(anySchema(`${runnable.getName()}Input`));
  const inside = graph.addNode(runnable);
  const output = graph.addNode(anySchema(`${runnable.getName()}Output`));
  graph.addEdge(input, inside);
  graph.addEdge(inside, output);
  return graph;
}

/**
 * The graph that a runnable draws of itself, as a copy. A runnable that can draw none, or one with several ends, which would not
 * fit between two others, is one box.
 */
export function graphOfPart(part: Drawable, config: unknown): Graph {
  const graph = copyOf(drawnBy(part, config));
  return graph?.firstNode() && graph.lastNode() ? graph : box(part);
}

function drawnBy(part: Drawable, config: unknown): unknown {
  try {
    return part.getGraph?.(config);
  } catch (error) {
    // Where the stack is full, the error that says so may not be made either: whoever has more room makes it.
    if (isStackOverflow(error) || (error as { code?: unknown } | null)?.code === "RUNLANE_TOO_DEEP") throw error;
    // LangGraph's remote graphs have the method, and throw because they would have to wait.
    return undefined;
  }
}

function copyOf(drawn: unknown): Graph | undefined {
  const { nodes, edges } = (drawn ?? {}) as Partial<Graph>;
  if (typeof nodes !== "object" || nodes === null || !Array.isArray(edges)) return undefined;
  return new Graph({ nodes: { ...nodes }, edges: [...edges] });
}

/**
 * Puts a part into a graph, without its input and output where a single node stands behind them.
 *
 * @param keep Which of input and output to leave in.
 */
export function embed(graph: Graph, part: Drawable, config: unknown, keep = { first: false, last: false }): Ends {
  // Not by a graph of its own, which is copied and trimmed: for 10,000 steps that is four fifths of the time.
  if (!keep.first && !keep.last && isOneBox(part)) {
    const node = graph.addNode(part);
    return [node, node];
  }
  const inner = graphOfPart(part, config);
  if (!keep.first) inner.trimFirstNode();
  if (!keep.last) inner.trimLastNode();
  return graph.extend(inner, freePrefix(graph, inner, part)) as unknown as Ends;
}

/** The mark of a method `getGraph` that draws as the kind of its runnable says, so that it need not be called. */
export const AS_KIND = Symbol("draws as its kind");

function isOneBox({ getGraph, node }: Drawable & { readonly node?: RunnableNode }): boolean {
  if (node === undefined || (getGraph as { [AS_KIND]?: true } | undefined)?.[AS_KIND] !== true) return false;
  return kindOf(node)?.draw === undefined && !isDrawable(node.bound);
}

/** A name for the frame around a part, if it has names for ids: two such parts may use the same ones. */
function freePrefix(graph: Graph, inner: Graph, part: Drawable): string {
  if (Object.keys(inner.nodes).every(isUuid)) return "";
  const name = part.getName().replaceAll(":", "_");
  let prefix = name;
  const isTaken = (id: string): boolean => id === prefix || id.startsWith(`${prefix}:`);
  for (let count = 2; Object.keys(graph.nodes).some(isTaken); count++) prefix = `${name}_${count}`;
  return prefix;
}

/** A box from which one of several ways is taken. */
export function choice(
  runnable: GraphRunnable,
  ways: readonly (readonly [label: string, part: Drawable])[],
  config: unknown,
): Graph {
  const graph = box(runnable);
  const [, fork, output] = Object.values(graph.nodes) as [Node, Node, Node];
  if (ways.length > 0) graph.edges.pop();
  for (const [label, part] of ways) {
    const [first, last] = embed(graph, part, config);
    graph.addEdge(fork, first, label, true);
    graph.addEdge(last, output);
  }
  return graph;
}

/** The graph with an edge from its end back to its start. */
export function looped(graph: Graph, label: string): Graph {
  const [first, last] = innerEnds(graph);
  graph.addEdge(last, first, label, true, true);
  return graph;
}

/**
 * The graph of a bound runnable, as that of its binding: if it is one box, the box is the binding. A name is given to the box and to
 * the input and output around it.
 */
export function rebound(graph: Graph, binding: GraphRunnable, name: string | undefined): Graph {
  const [first, last] = innerEnds(graph);
  if (first.id === last.id && "getName" in first.data) {
    const data = name === undefined ? binding : withName(binding, name);
    graph.nodes[first.id] = { ...first, name: name ?? first.name, data };
  }
  if (name === undefined) return graph;
  for (const [end, title] of [
    [graph.firstNode(), `${name}Input`],
    [graph.lastNode(), `${name}Output`],
  ] as const) {
    if (end === undefined || "getName" in end.data || !isUuid(end.id)) continue;
    graph.nodes[end.id] = { ...end, name: title, data: { ...end.data, name: title } };
  }
  return graph;
}

/** The graph with schemas for its input and its output, where they are given. */
export function withSchemas(graph: Graph, input: unknown, output: unknown): Graph {
  for (const [end, schema] of [
    [graph.firstNode(), input],
    [graph.lastNode(), output],
  ] as const) {
    if (end === undefined || "getName" in end.data || schema === undefined) continue;
    graph.nodes[end.id] = { ...end, data: { ...end.data, schema } };
  }
  return graph;
}

/** A stand-in for a runnable that differs in its name only. */
export function withName(runnable: GraphRunnable, name: string): GraphRunnable {
  return Object.create(runnable, { getName: { value: (suffix = "") => `${name}${suffix}` } });
}

/** The first and the last node inside a graph, between its input and its output. */
function innerEnds(graph: Graph): readonly [first: Node, last: Node] {
  const inner = new Graph({ nodes: { ...graph.nodes }, edges: graph.edges });
  inner.trimFirstNode();
  inner.trimLastNode();
  return [inner.firstNode() as Node, inner.lastNode() as Node];
}

/** Whether `thing` is a runnable of any library. */
export function isDrawable(thing: unknown): thing is Drawable {
  return typeof thing === "object" && thing !== null && Boolean((thing as { lc_runnable?: unknown }).lc_runnable);
}
