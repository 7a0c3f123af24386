import type { Step } from "../core/step.ts";
import type { RunnableNode } from "../runnables/registry.ts";
import { locationsIn } from "../shipping/functions/source-location.ts";

/** The node of a step, when it has one. */
export function nodeOf(step: Step): RunnableNode | undefined {
  return (step as { node?: RunnableNode }).node;
}

/** The function of a lambda. */
export function functionOf(step: Step): ((...args: unknown[]) => unknown) | undefined {
  const node = nodeOf(step);
  const func = node?.kind === "lambda" ? node.func : undefined;
  return typeof func === "function" ? (func as (...args: unknown[]) => unknown) : undefined;
}

/** The places of functions that were looked for: the engine's debugger has to be asked, which takes milliseconds. */
const places = new WeakMap<object, string | null>();

/** Where the function of a step is written: `file:line`. */
export function placeOfStep(step: Step | undefined): string | null {
  const func = step === undefined ? undefined : firstFunction(step);
  if (func === undefined) return null;
  let place = places.get(func);
  if (place === undefined) {
    place = locationsIn(func, [undefined])[0]?.file?.replace(/^file:\/\//, "") ?? null;
    places.set(func, place);
  }
  return place;
}

/** The function of a step, or the first one inside it. */
export function firstFunction(step: Step): ((...args: unknown[]) => unknown) | undefined {
  const own = functionOf(step);
  if (own !== undefined) return own;
  const node = nodeOf(step);
  const func = node?.func;
  const bound = node?.bound;
  if (typeof func === "function") return func as (...args: unknown[]) => unknown;
  if (typeof bound === "object" && bound !== null) return firstFunction(bound as Step);
  for (const inner of step.path ?? []) {
    const found = firstFunction(inner);
    if (found !== undefined) return found;
  }
  return undefined;
}
