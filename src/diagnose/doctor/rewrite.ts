import type { Step } from "../../core/step.ts";
import { isRunnable } from "../../runnables/coerce.ts";
import { fromNode, type RunnableNode } from "../../runnables/registry.ts";
import type { Runnable } from "../../runnables/runnable.ts";

/** Kinds whose inside cannot be told from their nodes. */
const CLOSED = new Set(["custom", "foreign", "lambda"]);

/** Keys of nodes under which no step is to be looked for. */
const NO_STEPS = new Set(["config", "kwargs", "uses"]);

/**
 * The same pipeline with another step in the place of one of its own. Runnables around the step are made anew, and the rest is shared.
 *
 * @returns undefined when the step is in no place that can be rebuilt.
 */
export function withStep(root: Runnable, target: Step, by: Runnable): Runnable | undefined {
  const rewritten = rewrite(root, target, by);
  return rewritten === root ? undefined : (rewritten as Runnable);
}

function rewrite(value: unknown, target: Step, by: Runnable): unknown {
  if (value === target) return by;
  if (typeof value !== "object" || value === null) return value;
  if (isRunnable(value)) {
    const { node } = value as { node?: RunnableNode };
    if (node === undefined || CLOSED.has(node.kind)) return value;
    const fields = rewriteFields(node, target, by);
    return fields === node ? value : fromNode(fields as RunnableNode);
  }
  if (Array.isArray(value)) {
    const elements = value.map((one) => rewrite(one, target, by));
    return elements.every((one, at) => one === value[at]) ? value : elements;
  }
  return Object.getPrototypeOf(value) === Object.prototype ? rewriteFields(value, target, by) : value;
}

function rewriteFields(fields: object, target: Step, by: Runnable): object {
  let changed = false;
  const entries = Object.entries(fields).map(([key, value]): [string, unknown] => {
    const other = NO_STEPS.has(key) ? value : rewrite(value, target, by);
    changed ||= other !== value;
    return [key, other];
  });
  return changed ? Object.fromEntries(entries) : fields;
}
