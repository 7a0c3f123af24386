import type { Lane } from "../../lanes/lane.ts";
import type { RunnableOnLane } from "../../runnables/kinds/on-lane.ts";
import type { Runnable } from "../../runnables/runnable.ts";
import type { Phase, ResourceTime } from "./messages.ts";

/**
 * Loads what a pipeline uses, one kind after the other, so that each can be measured: first the workers of its lanes, then resources and
 * the steps in the workers. Says when a part starts and when it has ended; parts that there are none of are left out.
 */
export async function warmByParts(
  pipeline: Runnable<unknown, unknown>,
  say: (part: { starts?: Phase; ends?: Phase }) => void,
): Promise<ResourceTime[]> {
  const lanes = new Set<Lane>();
  collectLanes(pipeline, lanes, new Set());
  if (lanes.size > 0) {
    say({ starts: "workers" });
    await Promise.all([...lanes].map((lane) => lane.warm()));
    say({ ends: "workers" });
  }
  if (lanes.size > 0 || pipeline.resources().length > 0) {
    say({ starts: "resources" });
    await pipeline.warm();
    say({ ends: "resources" });
  }
  return pipeline.resources().map(({ name, scope, where, worker, loadMs }) => ({ name, scope, where, worker, loadMs }));
}

/** The lanes of a runnable and of all that is in it. They are asked of it: the pipeline may be of another copy of Runlane than this one. */
function collectLanes(value: unknown, lanes: Set<Lane>, seen: Set<object>): void {
  if (typeof value !== "object" || value === null || seen.has(value)) return;
  seen.add(value);
  const { node } = value as Partial<Runnable>;
  if (node?.kind === "onLane") {
    const { offloaded } = value as RunnableOnLane;
    if (offloaded) lanes.add(offloaded.lane);
    // What is inside runs there, whatever lane it has of its own.
    return;
  }
  if (node !== undefined || Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype)
    for (const part of Object.values(node ?? value)) collectLanes(part, lanes, seen);
}
