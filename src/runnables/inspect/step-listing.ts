import { type Kind, kindOf } from "../../core/kinds.ts";
import type { Step } from "../../core/step.ts";
import type { StepRow, StepStatistics } from "../../observe/statistics.ts";
import type { Placed, Placement } from "../../plan/placement.ts";
import type { PlanStep } from "../../plan/plan.ts";
import { slotsIn } from "../../resources/resource.ts";
import { toStep } from "../coerce.ts";
import type { RunnableNode } from "../registry.ts";
import type { RunnableInterface } from "../types.ts";
import { childrenOf } from "./children.ts";

/** A step with its node and its placement, where it tells them. */
export type Described = Step & Placed & { readonly node?: RunnableNode };

/** The placement of a step that tells none. */
export const INLINE: Placement = { lane: "loop", isInline: true, why: "runs where it is called" };

/** Finds the row with the figures of a step. */
type Rows = (step: Step) => StepRow | undefined;

/** Lists the steps of stages, in their order, with their lanes and figures. */
export class StepListing {
  /** The hints of all lanes: what could be better, each with its fix. */
  readonly hints = new Set<string>();
  private steps: PlanStep[] = [];

  /** @param totalMs The time of all steps together. */
  constructor(
    private readonly statistics: StepStatistics | undefined,
    private readonly totalMs: number,
  ) {}

  list(stage: Step): PlanStep[] {
    this.steps = [];
    this.add(stage as Described, 0, undefined, (step) => this.statistics?.rowsOf(step.observedAs ?? step)[0]);
    return this.steps;
  }

  /**
   * Adds a step and the steps in it.
   *
   * @param around Where it runs, if something around it says so.
   */
  private add(step: Described, depth: number, around: Placement | undefined, rows: Rows): void {
    const { path, node } = step;
    const kind = kindOfStep(step);
    const placement = around ?? step.placement;
    for (const hint of step.placement?.figures?.()?.hints ?? []) this.hints.add(hint);
    if (kind?.entersLane) {
      if (around === undefined) this.addLane(step, depth, placement, rows);
      else this.add(boundOf(step), depth, around, rows);
    } else if (kind?.transparent && boundOf(step).path === undefined) {
      this.add(boundOf(step), depth, around, () => rows(step));
    } else if (path !== undefined) {
      const fansOut = kind?.fansOut === true;
      if (fansOut) this.push(step, depth, placement);
      for (const inner of path) this.add(inner as Described, fansOut ? depth + 1 : depth, around, rows);
    } else {
      this.push(step, depth, placement, rows(step));
      if (node === undefined || kind?.opaque) return;
      // They count as one step: what runs inside has no figures of its own.
      for (const child of childrenOf(node))
        this.add(toStep(child as RunnableInterface) as Described, depth + 1, around, NO_ROWS);
    }
  }

  /** Adds a step with a lane: the steps as its workers count them, or, on this event loop, the steps inside. */
  private addLane(step: Described, depth: number, placement: Placement | undefined, rows: Rows): void {
    const bound = boundOf(step);
    // A step that `auto` has moved reports its inner steps one by one, wherever they ran.
    if (placement?.isInline !== false || step.node?.lane === "auto") {
      this.add(bound, depth, placement, bound.path === undefined ? () => rows(step) : rows);
      return;
    }
    const told = this.statistics?.rowsOf(step.observedAs ?? step) ?? [];
    const count = countSteps(bound);
    let next = 0;
    if (told.length === 0 && step.parts !== undefined) {
      // Inputs went one by one, or nowhere.
      const fansOut = kindOfStep(bound)?.fansOut === true;
      if (fansOut) this.push(bound, depth, placement);
      for (const part of step.parts) this.addLane(part as Described, fansOut ? depth + 1 : depth, placement, rows);
    } else if (told.length === count || told.length === 0) {
      this.add(bound, depth, placement, () => told[next++]);
    } else if (told.length === 1) {
      // Inputs went there one by one: they were measured from here, as one step.
      this.push(step, depth, placement, told[0]);
      for (const inner of bound.path ?? [bound]) this.add(inner as Described, depth + 1, placement, NO_ROWS);
    } else {
      // A module's export, whose steps are known only where it has been imported.
      this.push(step, depth, placement);
      for (const row of told) this.push(step, depth + 1, placement, row, row.name);
    }
  }

  private push(step: Described, depth: number, placement: Placement = INLINE, row?: StepRow, name = step.label): void {
    this.steps.push({
      name,
      depth,
      lane: placement.lane,
      why: placement.why,
      resources: slotsIn((step.node?.uses ?? {}) as Record<string, unknown>).map(([, { name }]) => name),
      figures: row && {
        inputs: row.inputs,
        failed: row.failed,
        p50Ms: row.p50Ms,
        p99Ms: row.p99Ms,
        totalMs: row.totalMs,
        share: this.totalMs > 0 ? row.totalMs / this.totalMs : 0,
      },
    });
  }
}

const NO_ROWS: Rows = () => undefined;

function kindOfStep({ node }: Described): Kind | undefined {
  return node && kindOf(node);
}

/** The runnable inside a lane or a binding. */
function boundOf({ node }: Described): Described {
  return toStep(node!.bound as RunnableInterface);
}

/** The number of steps that a worker counts in a step. */
function countSteps(step: Described): number {
  if (kindOfStep(step)?.entersLane) return countSteps(boundOf(step));
  return step.path === undefined ? 1 : step.path.reduce((sum, inner) => sum + countSteps(inner), 0);
}
