import type { RunnableConfig } from "../core/config.ts";
import type { Step } from "../core/step.ts";
import type { Listener } from "./handlers.ts";

/** Whether nobody wants to hear of the run of a step, nor would its config say anything to the runs inside it. */
export function isLeftOut(
  handlers: readonly Listener[],
  step: Step,
  config: RunnableConfig,
  around: readonly string[],
  tag: string | undefined,
): boolean {
  if (handlers[0]?.leavesOut === undefined || config.runId !== undefined) return false;
  const { tags, metadata } = config;
  if (tags !== undefined && tags.length > 0) return false;
  for (const _ in metadata) return false;
  const name = config.runName ?? step.getName();
  const all = tag === undefined ? around : [...around, tag];
  return handlers.every((handler) => handler.leavesOut?.(name, all) === true);
}
