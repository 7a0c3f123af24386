import type { Step } from "../core/step.ts";
import type { FunctionRef } from "./function-ref.ts";
import { isRunnable, loadExport } from "./load-export.ts";
import type { ModuleRef } from "./module-ref.ts";
import { type FromNode, isRunlaneStep, type ShippedTree } from "./tree.ts";
import { fieldsOf } from "./tree-kinds.ts";
import { type ResourceParts, reviveUses, withUses } from "./uses.ts";

export interface ReviveOptions {
  /** Makes a worker's own copy of a resource. */
  readonly reviveResource?: (parts: ResourceParts) => unknown;
}

/**
 * Makes the function of a ref in this thread. An export that is a runnable becomes a function that returns it, which a lambda then
 * runs.
 *
 * @throws RUNLANE_EXPORT_NOT_FOUND, and what the module throws when it is imported
 */
// biome-ignore lint/complexity/noBannedTypes: functions of all types are revived
export async function reviveFunction(ref: FunctionRef, options: ReviveOptions = {}): Promise<Function> {
  if (ref.from === "module") {
    const exported = await loadExport(ref);
    return isRunnable(exported) ? () => exported : exported;
  }
  const func = evaluate(ref.source, ref.name);
  const uses = await reviveUses(ref.uses, { ...options, reviveFunction: (used) => reviveFunction(used, options) });
  return withUses(func, uses);
}

/** Evaluates the source of a function, as strict as it was in its module. Its stacks call the place `runlane:<name>`. */
// biome-ignore lint/complexity/noBannedTypes: functions of all types are revived
function evaluate(source: string, name: string): Function {
  const place = `runlane:${name.replace(/[^\w$.-]/g, "_") || "function"}`;
  // biome-ignore lint/security/noGlobalEval: this is what shipping by source means. In a `vm` script import() would warn or fail.
  const func = globalThis.eval(`"use strict";(${source}\n)\n//# sourceURL=${place}`);
  return Object.defineProperty(func, "name", { value: name, configurable: true });
}

/**
 * Makes the step of a shipped tree in this thread, by the classes that made the tree.
 *
 * @param fromNode The registry of the runnables, which stand above this room.
 * @throws RUNLANE_UNKNOWN_KIND, RUNLANE_EXPORT_NOT_FOUND, and what modules throw when they are imported
 */
export async function reviveTree(tree: ShippedTree, fromNode: FromNode, options: ReviveOptions = {}): Promise<Step> {
  /** What stood in several places of a tree is one thing there too. */
  const steps = new Map<ShippedTree, Promise<Step>>();
  const functions = new Map<FunctionRef, Promise<unknown>>();

  function step(shipped: ShippedTree): Promise<Step> {
    return remember(steps, shipped, build);
  }

  async function build(shipped: ShippedTree): Promise<Step> {
    const { func } = shipped;
    if (shipped.kind === "lambda" && (func as FunctionRef).from === "module") {
      const exported = await loadExport(func as ModuleRef);
      if (isRunnable(exported)) return asStep(exported, fromNode);
    }
    const node: Record<string, unknown> = {};
    for (const [name, field] of Object.entries(fieldsOf(shipped.kind) ?? {})) {
      if (shipped[name] !== undefined) node[name] = await field.revive(shipped[name], { step, func: functionOf });
    }
    return fromNode({ ...node, kind: shipped.kind });
  }

  function functionOf(ref: FunctionRef): Promise<unknown> {
    return remember(functions, ref, (one) => reviveFunction(one, options));
  }

  return step(tree);
}

/** A Runlane runnable is a step itself; LangChain's get an adapter. */
function asStep(runnable: object, fromNode: FromNode): Step {
  return isRunlaneStep(runnable) ? (runnable as Step) : fromNode({ kind: "foreign", runnable });
}

function remember<Key, Value>(
  known: Map<Key, Promise<Value>>,
  key: Key,
  make: (key: Key) => Promise<Value>,
): Promise<Value> {
  let value = known.get(key);
  if (value === undefined) {
    value = make(key);
    known.set(key, value);
  }
  return value;
}
