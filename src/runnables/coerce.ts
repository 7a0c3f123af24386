import type { RunnableConfig } from "../core/config.ts";
import { describe, runlaneError } from "../core/errors/errors.ts";
import { isPlainObject } from "../core/plain-object.ts";
import type { Step } from "../core/step.ts";
import type { Join } from "../core/streams/joins.ts";
import { withinStack } from "./nesting.ts";
import { fromNode } from "./registry.ts";
import type { Runnable } from "./runnable.ts";
import type { RunnableInterface, RunnableLike } from "./types.ts";

/** The mark by which Runlane's own runnables are told from LangChain's, also across two copies of the package. */
export const RUNLANE_STEP = Symbol.for("runlane.step");

/** Whether `thing` is a runnable, LangChain's or Runlane's. */
export function isRunnable(thing: unknown): thing is RunnableInterface {
  return typeof thing === "object" && thing !== null && Boolean((thing as { lc_runnable?: unknown }).lc_runnable);
}

/** Whether `thing` speaks the kernel's own contract. */
function isStep(thing: unknown): thing is Step & Runnable {
  return typeof thing === "object" && thing !== null && RUNLANE_STEP in thing;
}

/**
 * Makes a runnable of whatever can be one: a function becomes a RunnableLambda, a plain object a RunnableParallel, a runnable
 * stays what it is.
 *
 * @param where The name of the thing in the error message.
 * @throws RUNLANE_NOT_RUNNABLE
 */
export function coerce(thing: unknown, where = "A step"): RunnableInterface {
  if (typeof thing === "function") return fromNode({ kind: "lambda", func: thing });
  if (isRunnable(thing)) return thing;
  if (isPlainObject(thing)) return fromNode({ kind: "parallel", steps: thing });
  throw runlaneError("RUNLANE_NOT_RUNNABLE", { where, received: `${describe(thing)}${graphHint(thing)}` });
}

/** A hint for agents of the package `langchain`: they are no runnables, but have a graph that is one. */
function graphHint(thing: unknown): string {
  const hasGraph = typeof thing === "object" && thing !== null && isRunnable((thing as { graph?: unknown }).graph);
  return hasGraph ? ", whose graph is a Runnable: use agent.graph" : "";
}

/** The kernel's view of a runnable that runs in another one: itself when it is Runlane's, else an adapter around it. */
export function toStep(runnable: RunnableInterface): Step {
  return isStep(runnable) ? withinStack(runnable) : fromNode({ kind: "foreign", runnable });
}

/** The join of the chunks of a runnable's output, as far as that is known without a stream of them. */
export function outputJoinOf(runnable: RunnableInterface): Join | undefined {
  return (toStep(runnable) as Step & Partial<Runnable>).outputJoin;
}

/**
 * Makes a runnable of a function, of a plain object of runnables, or of a runnable, under LangChain's name.
 *
 * @throws RUNLANE_NOT_RUNNABLE
 * @example
 * ```ts
 * import { _coerceToRunnable } from "runlane";
 *
 * const shout = _coerceToRunnable((text: string) => text.toUpperCase());
 * await shout.invoke("hi"); // "HI"
 * ```
 */
export function _coerceToRunnable<RunInput, RunOutput, CallOptions extends RunnableConfig = RunnableConfig>(
  coerceable: RunnableLike<RunInput, RunOutput, CallOptions>,
): Runnable<RunInput, Exclude<RunOutput, Error>, CallOptions> {
  return coerce(coerceable, "The argument of _coerceToRunnable") as Runnable<
    RunInput,
    Exclude<RunOutput, Error>,
    CallOptions
  >;
}
