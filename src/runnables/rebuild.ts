import { isPlainObject } from "../core/plain-object.ts";
import { fromNode, type RunnableNode } from "./registry.ts";
import type { RunnableInterface } from "./types.ts";

/** The way to copy a runnable with some fields replaced. */
export interface Rebuild {
  /** The fields that can be different, with their values in the runnable itself. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** Builds a copy with some fields replaced. */
  build(fields: Readonly<Record<string, unknown>>): RunnableInterface;
}

type Build = Rebuild["build"];

/**
 * How a runnable is rebuilt. Runlane's own runnables are built anew from their parts. LangChain's, and subclasses that pass their fields
 * on to `super`, are built by their constructor from the fields that it got. Of any other one the properties are copied.
 */
export function rebuildOf(runnable: RunnableInterface): Rebuild {
  const { node, lc_kwargs } = runnable as { node?: RunnableNode; lc_kwargs?: unknown };
  if (node !== undefined && isWhole(node, runnable)) {
    return rebuildWith(runnable, node, (fields) => fromNode({ ...node, ...fields }));
  }
  if (isPlainObject(lc_kwargs) && (node === undefined || Object.keys(lc_kwargs).length > 0)) {
    const type = runnable.constructor as new (fields: object) => RunnableInterface;
    return rebuildWith(runnable, { ...lc_kwargs, ...runnable }, (fields) => new type({ ...lc_kwargs, ...fields }));
  }
  return rebuildWith(runnable, { ...runnable }, (fields) => {
    const copy = Object.create(Object.getPrototypeOf(runnable), Object.getOwnPropertyDescriptors(runnable));
    for (const [key, value] of Object.entries(fields))
      Object.defineProperty(copy, key, { value, writable: true, enumerable: true, configurable: true });
    return copy;
  });
}

function rebuildWith(runnable: RunnableInterface & { name?: unknown }, parts: object, build: Build): Rebuild {
  const fields = Object.entries(parts).filter(([name]) => name !== "kind" && !name.startsWith("lc_"));
  return {
    fields: { name: runnable.name, ...Object.fromEntries(fields) },
    build(changes) {
      const copy: RunnableInterface & { name?: unknown } = build(changes);
      const name = "name" in changes ? changes.name : runnable.name;
      if (copy.name !== name) copy.name = name;
      return copy;
    },
  };
}

/** Whether a node tells all about its runnable: a subclass may have fields that the class of its kind does not know. */
function isWhole(node: RunnableNode, runnable: RunnableInterface): boolean {
  return node.kind !== "custom" && fromNode(node).constructor === runnable.constructor;
}
