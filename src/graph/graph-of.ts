import { fieldOf } from "../core/own.ts";
import { Graph } from "./graph.ts";
import {
  box,
  choice,
  type Drawable,
  type Ends,
  embed,
  graphOfPart,
  looped,
  rebound,
  withName,
  withSchemas,
} from "./parts.ts";
import { anySchema } from "./schema.ts";
import type { GraphRunnable, Node } from "./types.ts";

/** A runnable that says what it is made of. */
interface Described extends Drawable {
  readonly node: { readonly kind: string; readonly name?: string | undefined; readonly [field: string]: unknown };
}

/** What a drawing of a kind gets: the runnable, its fields, and the config of `getGraph`. */
// biome-ignore lint/suspicious/noExplicitAny: each kind has its own fields
type Draw = (runnable: Described, fields: any, config: unknown) => Graph;

/**
 * The graph of a runnable, drawn from what it says that it is made of. A runnable of a kind that is not known here shows the one
 * that it is wrapped around, or itself as one box.
 */
export function graphOf(runnable: Described, config?: unknown): Graph {
  const { node } = runnable;
  const draw = Object.hasOwn(DRAWINGS, node.kind) ? DRAWINGS[node.kind] : undefined;
  if (draw !== undefined) return draw(runnable, node, config);
  return isDrawable(node.bound) ? graphOfPart(node.bound, config) : box(runnable);
}

const DRAWINGS: Readonly<Record<string, Draw>> = {
  sequence(_runnable, { steps }: { steps: readonly Drawable[] }, config) {
    const graph = new Graph();
    let last: Ends[1] | undefined;
    steps.forEach((step, index) => {
      const ends = embed(graph, step, config, { first: index === 0, last: index === steps.length - 1 });
      if (last !== undefined) graph.addEdge(last, ends[0]);
      last = ends[1];
    });
    return graph;
  },

  parallel(_runnable, { name, steps }: { name?: string; steps: Record<string, Drawable> }, config) {
    const graph = new Graph();
    const title = name ?? `Parallel<${Object.keys(steps).join(",")}>`;
    const input = graph.addNode(anySchema(`${title}Input`));
    const output = graph.addNode(anySchema(`${title}Output`));
    if (Object.keys(steps).length === 0) graph.addEdge(input, output);
    for (const [key, step] of Object.entries(steps)) {
      const [first, last] = embed(graph, step, config);
      graph.addEdge(input, first, key);
      graph.addEdge(last, output);
    }
    return graph;
  },

  assign(_runnable, { mapper }: { mapper: Drawable }, config) {
    const graph = graphOfPart(mapper, config);
    const [input, output] = [graph.firstNode(), graph.lastNode()] as [Node, Node];
    const passthrough = graph.addNode(PASSTHROUGH);
    graph.addEdge(input, passthrough);
    graph.addEdge(passthrough, output);
    return graph;
  },

  branch(runnable, fields: { branches: readonly (readonly [Drawable, Drawable])[]; default: Drawable }, config) {
    const branches = fields.branches.map(([condition, step], index): [string, Drawable] => {
      const { label } = condition;
      const named = label !== undefined && label !== condition.getName();
      return [named ? `condition ${index + 1}: ${label}` : `condition ${index + 1}`, step];
    });
    return choice(runnable, [...branches, ["default", fields.default]], config);
  },

  router(runnable, { runnables }: { runnables: Record<string, Drawable> }, config) {
    return choice(runnable, Object.entries(runnables), config);
  },

  fallbacks(runnable, fields: { runnable: Drawable; fallbacks: readonly Drawable[] }, config) {
    const graph = new Graph();
    const input = graph.addNode(anySchema(runnable.getName("Input")));
    const parts = [fields.runnable, ...fields.fallbacks].map((part) => embed(graph, part, config));
    const output = graph.addNode(anySchema(runnable.getName("Output")));
    parts.forEach(([first, last], index) => {
      const before = parts[index - 1];
      if (before === undefined) graph.addEdge(input, first);
      else graph.addEdge(before[1], first, `fallback ${index}`, true);
      graph.addEdge(last, output);
    });
    return graph;
  },

  retry(runnable, { bound, config: own }: { bound: Drawable; config?: { runName?: string } }, config) {
    return looped(rebound(graphOfPart(bound, config), runnable, own?.runName), "retry");
  },

  each: (_runnable, { bound }: { bound: Drawable }, config) => looped(graphOfPart(bound, config), "each"),

  binding(runnable, { bound, config: own }: { bound: Drawable; config?: { runName?: string } }, config) {
    return rebound(graphOfPart(bound, config), runnable, own?.runName);
  },

  /** The types are the schemas of what goes in and comes out. */
  typed(_runnable, { bound, types }: { bound: Drawable; types: { input?: unknown; output?: unknown } }, config) {
    return withSchemas(graphOfPart(bound, config), types.input, types.output);
  },

  tool: (runnable, { bound }: { bound: Drawable }, config) =>
    rebound(graphOfPart(bound, config), runnable, runnable.getName()),

  configurableFields: (_runnable, fields: { default: Drawable }, config) => graphOfPart(fields.default, config),

  /** What a run with the config would run. Alternatives that have not been made yet are a box with their key. */
  configurableAlternatives(runnable, { which, alternatives, default: preset }: Alternatives, config) {
    const { configurable = {} } = (config ?? {}) as { configurable?: object };
    const key = fieldOf(configurable, which.id) as string | undefined;
    if (key === undefined || !Object.hasOwn(alternatives, key)) return graphOfPart(preset, config);
    const chosen = alternatives[key];
    return isDrawable(chosen) ? graphOfPart(chosen, config) : box(withName(runnable, key));
  },

  foreign: (_runnable, { runnable }: { runnable: Drawable }, config) => graphOfPart(runnable, config),
};

interface Alternatives {
  readonly which: { readonly id: string };
  readonly default: Drawable;
  readonly alternatives: Readonly<Record<string, unknown>>;
}

/** Stands beside the steps of an `assign`: the keys that the input has already. */
const PASSTHROUGH: GraphRunnable & { lc_runnable: true } = {
  lc_runnable: true,
  lc_id: ["langchain_core", "runnables", "RunnablePassthrough"],
  getName: () => "RunnablePassthrough",
};

function isDrawable(thing: unknown): thing is Drawable {
  return typeof thing === "object" && thing !== null && Boolean((thing as { lc_runnable?: unknown }).lc_runnable);
}
