import { buildNode, kindOf } from "../../core/kinds.ts";
import type { Step } from "../../core/step.ts";
import type { FunctionRef } from "../functions/function-ref.ts";
import { isRunnable, loadExport } from "../functions/load-export.ts";
import { type ModuleRef, markModule } from "../functions/module-ref.ts";
import { evaluateIn, type ImportBase } from "../functions/package-imports.ts";
import { fieldFor } from "./fields.ts";
import type { ShippedResource } from "./ship-resource.ts";
import { isRunlaneStep, type ShippedTree } from "./ship-tree.ts";
import { reviveUse, reviveUses, withUses } from "./uses.ts";

/**
 * Makes a function of its source, an expression.
 *
 * @param base The file from which the packages that it imports are looked for.
 */
// biome-ignore lint/complexity/noBannedTypes: functions of all types are revived
export type Evaluate = (source: string, name: string, base?: ImportBase) => Function;

/**
 * Makes the function of a ref in this thread. An export that is a runnable becomes a function that returns it, which a lambda then
 * runs.
 *
 * @throws RUNLANE_EXPORT_NOT_FOUND, and what the module throws when it is imported
 */
// biome-ignore lint/complexity/noBannedTypes: functions of all types are revived
export async function reviveFunction(ref: FunctionRef, evaluate: Evaluate = evaluateHere): Promise<Function> {
  const func = ref.from === "module" ? await importFunction(ref) : evaluate(ref.source, ref.name, ref.base);
  const revivers = {
    reviveFunction: (inner: FunctionRef) => reviveFunction(inner, evaluate),
    reviveLoader: (inner: FunctionRef) => reviveLoader(inner, evaluate),
  };
  return withUses(func, ref.uses && (await reviveUses(ref.uses, revivers)));
}

// biome-ignore lint/complexity/noBannedTypes: functions of all types are revived
async function importFunction(ref: ModuleRef): Promise<Function> {
  const exported = await loadExport(ref);
  return isRunnable(exported) ? () => exported : exported;
}

/** Gives this thread's resource the new version that was sent. */
export async function reviveVersion(shipped: ShippedResource): Promise<void> {
  await reviveUse(shipped, { reviveFunction, reviveLoader });
}

/** The `load` or `dispose` function of a resource. Its module is imported when it is called. */
// biome-ignore lint/complexity/noBannedTypes: functions of all types are revived
function reviveLoader(ref: FunctionRef, evaluate: Evaluate = evaluateHere): Function {
  if (ref.from === "source") return evaluate(ref.source, ref.name, ref.base);
  return markModule(async (given: unknown) => (await importFunction(ref))(given), ref);
}

/**
 * Evaluates the source of a function, as strict as it was in its module. Its stacks call it `runlane:<name>`; that of a function which
 * imports packages is its file.
 */
// biome-ignore lint/complexity/noBannedTypes: functions of all types are revived
function evaluateHere(source: string, name: string, base?: ImportBase): Function {
  const expression = `"use strict";(${source}\n)`;
  const sourceName = `runlane:${name.replace(/[^\w$.-]/g, "_") || "function"}`;
  const func =
    base !== undefined
      ? evaluateIn(base, expression)
      : // biome-ignore lint/security/noGlobalEval: this is what shipping by source means. In a `vm` script import() would warn or fail.
        globalThis.eval(`${expression}\n//# sourceURL=${sourceName}`);
  return Object.defineProperty(func, "name", { value: name, configurable: true });
}

/**
 * Makes the step of a shipped tree in this thread, by the classes that made the tree.
 *
 * @param evaluate Makes functions of their sources. @default in this realm
 * @throws RUNLANE_UNKNOWN_KIND, RUNLANE_EXPORT_NOT_FOUND, and what modules throw when they are imported
 */
export async function reviveTree(tree: ShippedTree, evaluate?: Evaluate): Promise<Step> {
  /** The steps that have been made: one that stood several times in a tree is made once. */
  const steps = new Map<ShippedTree, Promise<Step>>();
  const functions = new Map<FunctionRef, Promise<unknown>>();

  function step(shipped: ShippedTree): Promise<Step> {
    return remember(steps, shipped, build);
  }

  async function build(shipped: ShippedTree): Promise<Step> {
    const { func } = shipped;
    if (shipped.kind === "lambda" && (func as FunctionRef).from === "module") {
      const exported = await loadExport(func as ModuleRef);
      if (isRunnable(exported)) return asStep(exported);
    }
    const node: Record<string, unknown> = {};
    for (const [name, type] of Object.entries(kindOf(shipped)?.fields ?? {})) {
      const field = fieldFor(type);
      if (field !== null && shipped[name] !== undefined)
        node[name] = await field.revive(shipped[name], { step, func: functionOf });
    }
    return buildNode({ ...node, kind: shipped.kind });
  }

  function functionOf(ref: FunctionRef): Promise<unknown> {
    return remember(functions, ref, (one) => reviveFunction(one, evaluate));
  }

  return step(tree);
}

/** A Runlane runnable is a step itself; LangChain's get an adapter. */
function asStep(runnable: object): Step {
  return isRunlaneStep(runnable) ? (runnable as Step) : buildNode({ kind: "foreign", runnable });
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
