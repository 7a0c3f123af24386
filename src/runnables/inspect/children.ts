import { type FieldType, kindOf, type RunnableNode } from "../../core/kinds.ts";
import { isPlainObject } from "../../core/plain-object.ts";
import { isRunnable } from "../coerce.ts";

const WITH_STEPS: ReadonlySet<FieldType> = new Set(["step", "steps", "stepPairs", "stepMap"]);

/** The runnables that a node is made of, in order. */
export function childrenOf(node: RunnableNode): object[] {
  const fields = Object.entries(kindOf(node)?.fields ?? {});
  return fields.flatMap(([name, type]) => (WITH_STEPS.has(type) ? runnablesIn(node[name]) : []));
}

/** The runnables in a value: itself, or those in arrays and plain objects. */
export function runnablesIn(value: unknown): object[] {
  const found: object[] = [];
  collect(value, found, new Set());
  return found;
}

function collect(value: unknown, found: object[], seen: Set<object>): void {
  if (typeof value !== "object" || value === null || seen.has(value)) return;
  seen.add(value);
  if (isRunnable(value)) found.push(value);
  else if (Array.isArray(value)) for (const element of value) collect(element, found, seen);
  else if (isPlainObject(value)) for (const element of Object.values(value)) collect(element, found, seen);
}
