// A function, a plain object and a LangChain runnable become these three; each module tells the registry of its kind.
import "../../runnables/kinds/lambda.ts";
import "../../runnables/kinds/parallel.ts";
import "../../runnables/kinds/foreign.ts";
import { coerce, toStep } from "../../runnables/coerce.ts";
import type { Runnable } from "../../runnables/runnable.ts";

/**
 * Makes a Runlane runnable of what a module exports.
 *
 * @throws RUNLANE_NOT_RUNNABLE
 */
export function toRunnable(exported: unknown): Runnable<unknown, unknown> {
  return toStep(coerce(exported)) as unknown as Runnable<unknown, unknown>;
}
