import { runlaneError } from "../core/errors/errors.ts";
import { setOwn } from "../core/own.ts";
import { drawMermaid } from "./mermaid.ts";
import { toJsonSchema } from "./schema.ts";
import type {
  DrawMermaidOptions,
  DrawMermaidPngOptions,
  Edge,
  GraphRunnable,
  Node,
  RunnableIOSchema,
} from "./types.ts";

/** The ends of an embedded graph, as its new surroundings know them. */
export type GraphEnd = Pick<Node, "id" | "data"> | undefined;

/**
 * A graph of runnables: what `getGraph()` gives. It has LangChain's methods, and its graphs and LangChain's can be put into each
 * other.
 *
 * @example
 * ```ts
 * import { RunnableLambda } from "runlane";
 *
 * const chain = RunnableLambda.from((text: string) => text.trim()).pipe({ size: (text: string) => text.length });
 * console.log(chain.getGraph().drawMermaid());
 * ```
 */
export class Graph {
  nodes: Record<string, Node>;
  edges: Edge[];

  constructor(params?: { nodes: Record<string, Node>; edges: Edge[] }) {
    this.nodes = params?.nodes ?? {};
    this.edges = params?.edges ?? [];
  }

  /** The graph as plain data. Nodes without a readable id are numbered. */
  // biome-ignore lint/suspicious/noExplicitAny: LangChain's own type
  toJSON(): Record<string, any> {
    const nodes = Object.values(this.nodes);
    const ids = new Map<string, string | number>(nodes.map(({ id }, index) => [id, isUuid(id) ? index : id]));
    return {
      nodes: nodes.map((node) => ({
        id: ids.get(node.id),
        ...describeData(node.data),
        ...(node.metadata ? { metadata: node.metadata } : {}),
      })),
      edges: this.edges.map(({ source, target, data, conditional }) => ({
        source: ids.get(source),
        target: ids.get(target),
        ...(data === undefined ? {} : { data }),
        ...(conditional === undefined ? {} : { conditional }),
      })),
    };
  }

  /**
   * Adds a node.
   *
   * @param id Its id, which is also its name. @default a new UUID, and the runnable's or schema's name
   * @throws RUNLANE_INVALID_STEPS when there is a node with the id.
   */
  // biome-ignore lint/suspicious/noExplicitAny: LangChain's own type
  addNode(data: GraphRunnable | RunnableIOSchema, id?: string, metadata?: Record<string, any>): Node {
    if (id !== undefined && Object.hasOwn(this.nodes, id)) {
      const received = `"${id}", which is there already`;
      throw runlaneError("RUNLANE_INVALID_STEPS", { where: "Graph.addNode", expected: "a new id", received });
    }
    const node = { id: id ?? crypto.randomUUID(), data, name: nameOf(data, id), metadata };
    setOwn(this.nodes, node.id, node);
    return node;
  }

  /** Removes a node and its edges. */
  removeNode(node: Pick<Node, "id">): void {
    delete this.nodes[node.id];
    this.edges = this.edges.filter(({ source, target }) => source !== node.id && target !== node.id);
  }

  /**
   * Adds an edge.
   *
   * @param data Its label.
   * @param conditional Whether it is taken only sometimes.
   * @param back Whether it leads back: see {@link Edge}.
   * @throws RUNLANE_INVALID_STEPS when one of the nodes is not in the graph.
   */
  addEdge(source: Pick<Node, "id">, target: Pick<Node, "id">, data?: string, conditional?: boolean, back?: true): Edge {
    for (const { id } of [source, target]) {
      if (Object.hasOwn(this.nodes, id)) continue;
      const received = `"${id}", which is not in it`;
      throw runlaneError("RUNLANE_INVALID_STEPS", { where: "Graph.addEdge", expected: "nodes of the graph", received });
    }
    const edge: Edge = { source: source.id, target: target.id, data, conditional, ...(back && { back }) };
    this.edges.push(edge);
    return edge;
  }

  /** The one node that no edge leads to, or `undefined` when there is none or more than one. */
  firstNode(): Node | undefined {
    return this.loneEnd("source", "target");
  }

  /** The one node that no edge starts from, or `undefined` when there is none or more than one. */
  lastNode(): Node | undefined {
    return this.loneEnd("target", "source");
  }

  /** The one node that is not at the `far` side of any edge, as if the node `without` and its edges were not there. */
  private loneEnd(near: "source" | "target", far: "source" | "target", without?: string): Node | undefined {
    const reached = new Set(this.edges.filter((edge) => !edge.back && edge[near] !== without).map((edge) => edge[far]));
    const found = Object.values(this.nodes).filter(({ id }) => id !== without && !reached.has(id));
    return found.length === 1 ? found[0] : undefined;
  }

  /**
   * Adds all nodes and edges of another graph, without an edge between the two.
   *
   * @param prefix Put before its ids, and drawn as a frame around it. Not used when all its ids are UUIDs.
   * @returns The first and the last of the nodes that were added.
   */
  extend(graph: Graph, prefix = ""): GraphEnd[] {
    const prefixed =
      prefix === "" || Object.values(graph.nodes).every(({ id }) => isUuid(id))
        ? (id: string) => id
        : (id: string) => `${prefix}:${id}`;
    for (const [id, node] of Object.entries(graph.nodes)) this.nodes[prefixed(id)] = { ...node, id: prefixed(id) };
    // Not by a new array: 10,000 steps, one after the other, would take seconds.
    for (const edge of graph.edges)
      this.edges.push({ ...edge, source: prefixed(edge.source), target: prefixed(edge.target) });
    return [graph.firstNode(), graph.lastNode()].map((end) => end && { id: prefixed(end.id), data: end.data });
  }

  /** Removes the first node if it leads, without a label, to one node only, which is then the first. */
  trimFirstNode(): void {
    this.trim("source", "target");
  }

  /** Removes the last node if one node only leads to it, without a label, which is then the last. */
  trimLastNode(): void {
    this.trim("target", "source");
  }

  private trim(near: "source" | "target", far: "source" | "target"): void {
    const end = this.loneEnd(near, far);
    const next = end && this.loneEnd(near, far, end.id);
    // LangChain does not look at the edges, and loses labels and those that lead to another node.
    const edges = this.edges.filter((edge) => edge[near] === end?.id);
    if (next && edges.every((edge) => edge[far] === next.id && !edge.data)) this.removeNode(end);
  }

  /** The same graph with names for ids, where a name is unique. */
  reid(): Graph {
    const nodes = Object.entries(this.nodes);
    const uses = new Map<string, number>();
    for (const [, { name }] of nodes) uses.set(name, (uses.get(name) ?? 0) + 1);
    const names = new Map(nodes.map(([id, { name }]) => [id, isUuid(id) && uses.get(name) === 1 ? name : id]));
    const named = (id: string): string => names.get(id) ?? id;
    return new Graph({
      nodes: Object.fromEntries(nodes.map(([id, node]) => [named(id), { ...node, id: named(id) }])),
      edges: this.edges.map((edge) => ({ ...edge, source: named(edge.source), target: named(edge.target) })),
    });
  }

  /** The graph as Mermaid text. @throws RUNLANE_INVALID_OPTION when `wrapLabelNWords` is less than 1. */
  drawMermaid(params?: DrawMermaidOptions): string {
    const graph = this.reid();
    return drawMermaid(graph.nodes, graph.edges, {
      ...params,
      firstNode: graph.firstNode()?.id,
      lastNode: graph.lastNode()?.id,
    });
  }

  /**
   * The graph as a picture, drawn in this process: nothing is sent anywhere. It needs the packages `beautiful-mermaid` and
   * `@resvg/resvg-js`.
   *
   * @returns An `image/png`, two pixels for one.
   * @throws RUNLANE_RENDERER_MISSING, RUNLANE_INVALID_OPTION when `backgroundColor` is no CSS color.
   */
  async drawMermaidPng(params?: DrawMermaidPngOptions): Promise<Blob> {
    const { drawPng } = await import("./png.ts");
    return drawPng(this, params);
  }
}

function isRunnable(data: GraphRunnable | RunnableIOSchema): data is GraphRunnable {
  return Boolean((data as { lc_runnable?: unknown }).lc_runnable);
}

function nameOf(data: GraphRunnable | RunnableIOSchema, id: string | undefined): string {
  if (id !== undefined && !isUuid(id)) return id;
  return isRunnable(data) ? data.getName().replace(/^Runnable/, "") : (data.name ?? "UnknownSchema");
}

function describeData(data: GraphRunnable | RunnableIOSchema): { type: string; data: Record<string, unknown> } {
  return isRunnable(data)
    ? { type: "runnable", data: { id: data.lc_id, name: data.getName() } }
    : { type: "schema", data: { ...toJsonSchema(data.schema), title: data.name } };
}

/** The form of a UUID, as RFC 9562 has it. */
const UUID =
  /^(?:[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}|0{8}(?:-0{4}){3}-0{12}|f{8}(?:-f{4}){3}-f{12})$/i;

/** Whether an id says nothing to a reader, so that graphs may replace it by a name. */
export function isUuid(id: string): boolean {
  return UUID.test(id);
}
