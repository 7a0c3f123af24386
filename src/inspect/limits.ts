import { kindOf } from "../core/kinds.ts";
import { toStep } from "../runnables/coerce.ts";
import { childrenOf } from "../runnables/inspect/children.ts";
import { RunnableLimited } from "../runnables/kinds/limited.ts";
import type { RunnableNode } from "../runnables/registry.ts";
import type { RunnableInterface } from "../runnables/types.ts";
import type { LimitView } from "./state.ts";

/** The steps of a chain that have limits, each once. */
export function limitsOf(runnable: object): LimitView[] {
  const seen = new Set<object>();
  const limits: LimitView[] = [];
  const look = (one: object): void => {
    if (seen.has(one)) return;
    seen.add(one);
    if (one instanceof RunnableLimited) {
      const { maxConcurrency, ratePerSecond, running, waiting } = one;
      limits.push({ step: toStep(one.bound).label, maxConcurrency, ratePerSecond, running, waiting });
    }
    const { node } = one as { node?: RunnableNode };
    if (node !== undefined && kindOf(node)?.opaque !== true) for (const child of childrenOf(node)) look(child);
  };
  look(toStep(runnable as RunnableInterface));
  return limits;
}
