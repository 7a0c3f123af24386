import { ignoreRejection } from "../core/thenable.ts";
import type { LaneStage } from "../lanes/lane.ts";
import { coerce, toStep } from "../runnables/coerce.ts";
import { stageOf as stage } from "../runnables/lane/stage-of.ts";
import type { RunnableLike } from "../runnables/types.ts";
import { shipTree } from "../shipping/tree/ship-tree.ts";

/** The options of {@link stageOf}. */
export interface StageOfOptions {
  /** The name of the stage in errors and statistics. @default the name of the runnable */
  readonly label?: string | undefined;
  /** Whether the lane shares memory with this thread, as threads of one process do. @default true */
  readonly shared?: boolean | undefined;
}

/**
 * Makes a stage for a lane out of a runnable, or of what can be one, as `withLane` does. Each call makes another stage: lanes load each
 * of them once.
 *
 * @throws RUNLANE_NOT_RUNNABLE, RUNLANE_NOT_SHIPPABLE, RUNLANE_CAPTURED_VARIABLE, RUNLANE_NOT_SERIALIZABLE
 * @example
 * ```ts
 * import { threads } from "runlane";
 * import { stageOf } from "runlane/testing";
 *
 * await using lane = threads({ max: 1 });
 * console.log(await lane.run(stageOf((x: number) => x * 2), 21)); // 42
 * ```
 */
// biome-ignore lint/suspicious/noExplicitAny: runnables of all types become stages
export function stageOf(runnable: RunnableLike<any, any>, { label, shared }: StageOfOptions = {}): LaneStage {
  const bound = coerce(runnable, "The runnable of a stage");
  const options = { where: "stageOf", ...(shared !== undefined && { shared }) };
  return stage(label ?? toStep(bound).label, () => shipTree(bound, options));
}

/** A stage that never comes to be. */
export function unmakeable(message: string): LaneStage {
  const shipped = Promise.reject(new RangeError(message));
  // Calls that run the stage get the error. For cases that fail before, nobody has to hear of it.
  ignoreRejection(shipped);
  return stage("unmakeable", () => shipped);
}
