import { fromNode, type RunnableNode } from "./registry.ts";
import type { RunnableInterface } from "./types.ts";

/** How copies of a runnable are made in which some fields are different. */
export interface Recipe {
  /** The names of the fields that can be different. */
  readonly fields: readonly string[];
  /** Builds a copy with some fields replaced. */
  build(fields: Readonly<Record<string, unknown>>): RunnableInterface;
}

type Build = Recipe["build"];

/**
 * The recipe of a runnable. Runlane's own runnables are built anew of their parts. LangChain's, and subclasses that pass their fields
 * on to `super`, are built by their constructor from the fields that it got. Of any other one the properties are copied.
 */
export function recipeOf(runnable: RunnableInterface): Recipe {
  const { node, lc_kwargs } = runnable as { node?: RunnableNode; lc_kwargs?: unknown };
  if (node !== undefined && isWhole(node, runnable)) {
    return recipe(runnable, Object.keys(node), (fields) => fromNode({ ...node, ...fields }));
  }
  const keys = Object.keys(runnable);
  if (isPlain(lc_kwargs) && (node === undefined || Object.keys(lc_kwargs).length > 0)) {
    const type = runnable.constructor as new (fields: object) => RunnableInterface;
    return recipe(runnable, [...Object.keys(lc_kwargs), ...keys], (fields) => new type({ ...lc_kwargs, ...fields }));
  }
  return recipe(runnable, keys, (fields) => {
    const copy = Object.create(Object.getPrototypeOf(runnable), Object.getOwnPropertyDescriptors(runnable));
    for (const [key, value] of Object.entries(fields))
      Object.defineProperty(copy, key, { value, writable: true, enumerable: true, configurable: true });
    return copy;
  });
}

function recipe(runnable: RunnableInterface, names: readonly string[], build: Build): Recipe {
  const fields = new Set(["name", ...names].filter((name) => name !== "kind" && !name.startsWith("lc_")));
  return {
    fields: [...fields],
    build(changes) {
      const copy: { name?: unknown } & RunnableInterface = build(changes);
      const name = "name" in changes ? changes.name : (runnable as { name?: unknown }).name;
      if (copy.name !== name) copy.name = name;
      return copy;
    },
  };
}

/** Whether a node tells all about its runnable: a subclass may have more to it than the class that builds nodes of its kind. */
function isWhole(node: RunnableNode, runnable: RunnableInterface): boolean {
  return node.kind !== "custom" && fromNode(node).constructor === runnable.constructor;
}

function isPlain(value: unknown): value is object {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
