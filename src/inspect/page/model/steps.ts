import type { StepRow } from "../../../observe/statistics.ts";
import type { ChainView } from "../../state.ts";

/** A step with all that is known of it. */
export interface StepView {
  readonly key: string;
  readonly name: string;
  /** The number of its stage, from 1 on. */
  readonly stage: number;
  /** How many steps it stands inside of. */
  readonly depth: number;
  readonly lane: string;
  readonly why: string;
  readonly resources: readonly string[];
  /** How many inputs travel together, where the step begins a stage on a lane. */
  readonly chunk?: number | undefined;
  /** Its figures; undefined where it has none of its own. */
  readonly row?: StepRow | undefined;
  /** Inputs that are in it now. */
  readonly running: number;
  /** Its part of the time of all steps, from 0 to 1. */
  readonly share: number;
}

/**
 * The steps of a chain, in order, each with its row. Rows come in the order of the steps that have figures, and under the same names; a
 * step without figures is one that holds others, or has not run yet.
 */
export function stepsOf({ stages, rows }: ChainView): StepView[] {
  const left = [...rows];
  const totalMs = rows.reduce((sum, row) => sum + row.totalMs, 0);
  return stages.flatMap(({ steps, chunk }, stage) =>
    steps.map((step, at): StepView => {
      const found = step.figures === undefined ? -1 : left.findIndex(({ name }) => name === step.name);
      const row = found < 0 ? undefined : left.splice(found, 1)[0];
      const ended = row?.histogram.reduce((sum, [, , count]) => sum + count, 0) ?? 0;
      return {
        key: `${stage}.${at}`,
        name: step.name,
        stage: stage + 1,
        depth: step.depth,
        // A step that has moved meanwhile says so itself.
        lane: row?.lane ?? step.lane,
        why: step.why,
        resources: step.resources,
        chunk: at === 0 ? chunk : undefined,
        row,
        running: Math.max(0, (row?.inputs ?? 0) - ended),
        share: row === undefined || totalMs === 0 ? 0 : row.totalMs / totalMs,
      };
    }),
  );
}

/** A box of the drawing, and the steps that it stands for. */
export interface BoxView {
  /** The step of the box. */
  readonly step: StepView;
  /** The step in it that takes the most time: the step itself, unless it holds others. */
  readonly main: StepView;
  /** The keys of all of them. */
  readonly keys: ReadonlySet<string>;
  /** Inputs that are in one of them now. */
  readonly running: number;
  /** Their part of the time of all steps, from 0 to 1. */
  readonly share: number;
}

/** The boxes by their ids. Boxes and steps come in the same order. */
export function boxesOf({ graph }: ChainView, steps: readonly StepView[]): Map<string, BoxView> {
  const left = [...steps];
  const found = new Map<string, BoxView>();
  for (const { id, name, kind } of graph.nodes) {
    const at = kind === "step" ? left.findIndex((step) => step.name === name) : -1;
    if (at < 0) continue;
    const step = left.splice(at, 1)[0]!;
    found.set(id, boxOf(step, step.row === undefined ? insideOf(step, steps) : []));
  }
  return found;
}

/** The steps that stand inside of another one: those that follow it, as long as they are deeper. */
function insideOf(step: StepView, steps: readonly StepView[]): StepView[] {
  const rest = steps.slice(steps.indexOf(step) + 1);
  const end = rest.findIndex(({ stage, depth }) => stage !== step.stage || depth <= step.depth);
  return end < 0 ? rest : rest.slice(0, end);
}

function boxOf(step: StepView, inside: readonly StepView[]): BoxView {
  const all = [step, ...inside];
  const sum = (value: (one: StepView) => number) => all.reduce((total, one) => total + value(one), 0);
  return {
    step,
    main: all.reduce((most, one) => (one.share > most.share ? one : most)),
    keys: new Set(all.map(({ key }) => key)),
    running: Math.max(...all.map(({ running }) => running)),
    share: Math.min(
      1,
      sum(({ share }) => share),
    ),
  };
}

/** Which of the colors a lane has. */
export function laneClass(lane: string): string {
  return lane === "loop" || lane === "thread" || lane === "process" ? lane : "other";
}
