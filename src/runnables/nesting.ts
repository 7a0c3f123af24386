import { type Kind, kindOf, type RunnableNode } from "../core/kinds.ts";
import { isPlainObject } from "../core/plain-object.ts";
import type { Step } from "../core/step.ts";
import { openedOnFreshStack, STEPS_PER_STACK } from "../core/streams/fresh-stack.ts";

type Nested = Step & { readonly node?: RunnableNode };

/** The number of levels of runnables below a step, down to the next one that runs on a stack of its own. */
const heights = new WeakMap<object, number>();
/** The views of steps that run on a stack of their own, by step. */
const views = new WeakMap<object, Step>();

/**
 * A step as it runs in another one. Each hundredth level of runnables in runnables begins on an empty stack, which costs a promise there;
 * runnables are told so when they are built, from the inside out, so that calls have nothing to count. Without it 5,000 fallbacks in each
 * other took the engine's `RangeError` for a failure, and gave the result of some fallback.
 */
export function withinStack(step: Nested): Step {
  if (!heights.has(step)) measure(step);
  return views.get(step) ?? step;
}

function measure(step: Nested): void {
  const { node } = step;
  let height = 0;
  if (node !== undefined)
    for (const field of stepFields(kindOf(node))) height = Math.max(height, 1 + highestIn(node[field]));
  // A lane is a stack of its own already, and keeps the time of calls by who it is.
  if (height >= STEPS_PER_STACK && step.laneName === undefined && step.timeoutOwner === undefined) {
    views.set(step, onItsOwnStack(step));
    height = 0;
  }
  heights.set(step, height);
}

const fieldsByKind = new WeakMap<Kind, readonly string[]>();

/** The fields of a kind's nodes that have steps in them. */
function stepFields(kind: Kind | undefined): readonly string[] {
  if (kind === undefined) return [];
  let fields = fieldsByKind.get(kind);
  if (fields === undefined) {
    fields = Object.entries(kind.fields).flatMap(([name, type]) => (String(type).startsWith("step") ? [name] : []));
    fieldsByKind.set(kind, fields);
  }
  return fields;
}

function highestIn(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  const height = heights.get(value);
  if (height !== undefined) return height;
  const parts = Array.isArray(value) ? value : isPlainObject(value) ? Object.values(value) : [];
  return parts.reduce((highest: number, part) => Math.max(highest, highestIn(part)), 0);
}

/** A view of a step that runs it on an empty stack. In all else it is the step. */
function onItsOwnStack(step: Step): Step {
  const run: Step["run"] = (input, ctx) => Promise.resolve().then(() => step.run(input, ctx));
  const runStream: Step["runStream"] = (chunks, ctx) => openedOnFreshStack(() => step.runStream(chunks, ctx));
  return Object.create(step, {
    run: { value: run },
    start: { value: run },
    runStream: { value: runStream },
    observedAs: { value: step.observedAs ?? step },
    // Both are asked for from the outside in, too.
    stages: { value: undefined },
    syncFunctions: { value: undefined },
  });
}
