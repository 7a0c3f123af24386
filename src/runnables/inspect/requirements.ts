import { type FieldType, kindOf, type RunnableNode } from "../../core/kinds.ts";
import { isPlainObject } from "../../core/plain-object.ts";
import type { Lane, LaneStage } from "../../lanes/lane.ts";
import { slotsIn } from "../../resources/resource.ts";
import type { ResourceSlot } from "../../resources/slot.ts";
import { usedBy } from "../../resources/use-resources.ts";
import { shippedResources, slotOfShipped } from "../../shipping/tree/ship-resource.ts";
import { isRunnable, toStep } from "../coerce.ts";
import { type Preload, preloadOf } from "../kinds/from-module.ts";
import type { RunnableOnLane } from "../kinds/on-lane.ts";
import type { RunnableSequence } from "../kinds/sequence.ts";
import type { RunnableInterface } from "../types.ts";

/** A stage of a lane, with the names of the resources that its workers load. */
export interface StageRequirement {
  readonly lane: Lane;
  readonly stage: LaneStage;
  readonly names: readonly string[];
}

/** All that has to be loaded before a runnable can run without waiting. */
export interface Requirements {
  /** Resources on this event loop. */
  readonly slots: Set<ResourceSlot>;
  readonly stages: StageRequirement[];
  /** Modules that functions on this event loop come from, with their names. */
  readonly modules: Map<Preload, string>;
}

/** The types of fields that hold nothing to be loaded. */
const LOADS_NOTHING: ReadonlySet<FieldType> = new Set(["config", "data", "local", "uses"]);

/**
 * Walks through all steps of a runnable.
 *
 * @param options `certain`: only through those that every input reaches. Without it, through all.
 */
export function requirementsOf(
  runnable: object,
  { certain = false }: { readonly certain?: boolean } = {},
): Requirements {
  const requirements: Requirements = { slots: new Set(), stages: [], modules: new Map() };
  const seen = new Set<object>();

  function look(value: unknown): void {
    if (typeof value === "function") lookAtFunction(value);
    if (typeof value !== "object" || value === null || seen.has(value)) return;
    seen.add(value);
    if (isRunnable(value)) lookAtRunnable(value);
    else if (Array.isArray(value)) for (const element of value) look(element);
    else if (isPlainObject(value)) for (const field of Object.values(value)) look(field);
  }

  function lookAtRunnable(step: object): void {
    const { node, lc_kwargs } = step as { node?: RunnableNode; lc_kwargs?: object };
    const kind = node && kindOf(node);
    if (node === undefined || kind === undefined || kind.opaque) {
      if (certain) return;
      // Only the runnable itself knows its parts: take whatever runnables it holds.
      look([...Object.values(step), lc_kwargs]);
      return;
    }
    const { offloaded } = step as RunnableOnLane;
    if (kind.entersLane && offloaded) {
      lookAtStage(offloaded);
      return;
    }
    for (const [, slot] of slotsIn((node.uses ?? {}) as object as Record<string, unknown>)) lookAtSlot(slot);
    // Neighbours on one lane are one stage there.
    look((step as Partial<RunnableSequence>).fused);
    if (kind.batches !== undefined) lookAtBatch(node[kind.batches] as RunnableInterface);
    const skipped = (certain && kind.conditional) || [];
    for (const [name, type] of Object.entries(kind.fields))
      if (!LOADS_NOTHING.has(type) && !skipped.includes(name)) look(node[name]);
  }

  function lookAtFunction(func: object): void {
    // In a worker, functions come with what they use.
    for (const slot of usedBy(func)) lookAtSlot(slot);
    const preload = preloadOf(func);
    if (preload !== undefined) requirements.modules.set(preload, (func as { name: string }).name);
  }

  function lookAtSlot(slot: ResourceSlot): void {
    if (requirements.slots.has(slot)) return;
    requirements.slots.add(slot);
    for (const [, used] of slotsIn(slot.declaration.uses)) lookAtSlot(used);
  }

  function lookAtStage({ lane, stage }: Omit<StageRequirement, "names">): void {
    const names: string[] = [];
    for (const shipped of shippedResources(stage.shipped)) {
      const slot = slotOfShipped(shipped);
      if (slot === undefined) names.push(shipped.name);
      else lookAtSlot(slot);
    }
    requirements.stages.push({ lane, stage, names });
  }

  /** A batch has stages of its own: through nested sequences, and with a parallel on one lane as one. */
  function lookAtBatch(of: RunnableInterface): void {
    if (!certain) look(toStep(of).stages?.map((stage) => stage.observedAs ?? stage));
  }

  look(runnable);
  lookAtBatch(runnable as RunnableInterface);
  return requirements;
}

/** The resources that a runnable uses on this event loop, those of modules that have been imported included. */
export function slotsUsedBy(runnable: object): ResourceSlot[] {
  const { slots, modules } = requirementsOf(runnable);
  const inModules = Array.from(modules.keys(), ({ exported }) => (isRunnable(exported) ? slotsUsedBy(exported) : []));
  return [...new Set([...slots, ...inModules.flat()])];
}
