import { isRunnable } from "../coerce.ts";
import type { RunnableNode } from "../registry.ts";

/** Keys of nodes under which configs stand: no step is to be looked for in them. */
const CONFIG_KEYS = new Set(["config", "kwargs"]);

/** The runnables that a node is made of, in order. */
export function childrenOf(node: RunnableNode): object[] {
  const children: object[] = [];
  // The node of a subclass that only has an `invoke` holds that runnable itself.
  if (node.kind === "custom") return children;
  for (const [key, value] of Object.entries(node)) if (!CONFIG_KEYS.has(key)) collect(value, children, new Set());
  return children;
}

/** Finds the runnables in arrays and plain objects. */
function collect(value: unknown, found: object[], seen: Set<object>): void {
  if (typeof value !== "object" || value === null || seen.has(value)) return;
  seen.add(value);
  if (isRunnable(value)) found.push(value);
  else if (Array.isArray(value)) for (const element of value) collect(element, found, seen);
  else if (Object.getPrototypeOf(value) === Object.prototype)
    for (const element of Object.values(value)) collect(element, found, seen);
}
