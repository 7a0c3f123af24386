import type { Step } from "../core/step.ts";
import { placeOfStep } from "../diagnose/step-place.ts";
import type { Graph } from "../graph/graph.ts";
import { readableName } from "../graph/mermaid.ts";
import type { StepRow } from "../observe/statistics.ts";
import type { Plan } from "../plan/plan.ts";
import { isRunnable, toStep } from "../runnables/coerce.ts";
import { shortPlace } from "./short-place.ts";
import type { ChainView, GraphNode, GraphView } from "./state.ts";

/** Larger graphs are not drawn. */
const MOST_NODES = 300;

/** A graph as the page draws it. */
export function viewGraph(graph: Graph): GraphView {
  const nodes = Object.values(graph.nodes);
  if (nodes.length > MOST_NODES) return { nodes: [], edges: [] };
  const numbers = new Map(nodes.map(({ id }, at) => [id, String(at)]));
  return {
    nodes: nodes.map((node): GraphNode => {
      const { data } = node;
      const step = isRunnable(data) ? toStep(data) : undefined;
      return {
        id: numbers.get(node.id)!,
        // Plans and tables call it so too.
        name: step?.label ?? readableName(node),
        kind: step === undefined ? "schema" : "step",
        place: shortPlaceOf(step),
      };
    }),
    edges: graph.edges.map(({ source, target, data, conditional }) => ({
      source: numbers.get(source)!,
      target: numbers.get(target)!,
      ...(data !== undefined && { label: data }),
      ...(conditional === true && { conditional }),
    })),
  };
}

/** Where the function of a step is, seen from the working folder. */
export function shortPlaceOf(step: Step | undefined): string | null {
  const place = placeOfStep(step);
  return place === null ? null : shortPlace(place);
}

/** A chain with what its steps did. */
export function viewChain(name: string, graph: GraphView, plan: Plan, rows: readonly StepRow[]): ChainView {
  return { name, graph, stages: plan.stages, warnings: plan.warnings, rows: rows.map(coarse) };
}

/** A bucket of the page is as wide as a quarter of a power of two. */
const PER_OCTAVE = 4;

/** A row with a histogram of few buckets. */
function coarse(row: StepRow): StepRow {
  const buckets = new Map<number, number>();
  for (const [fromMs, , count] of row.histogram) {
    // What falls on a bound is off by a rounding error.
    const bucket = Math.floor(Math.log2(fromMs) * PER_OCTAVE + 1e-6);
    buckets.set(bucket, (buckets.get(bucket) ?? 0) + count);
  }
  const bound = (bucket: number) => Number((2 ** (bucket / PER_OCTAVE)).toPrecision(4));
  const histogram = Array.from(buckets, ([bucket, count]) => [bound(bucket), bound(bucket + 1), count] as const);
  return { ...row, histogram };
}
