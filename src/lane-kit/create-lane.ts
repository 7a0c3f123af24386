import type { Lane } from "../lanes/lane.ts";
import { LoopLane } from "../lanes/loop/loop-lane.ts";
import type { StageRunner } from "../lanes/stage/stage-step.ts";

/** The options of {@link createLane}. */
export interface CreateLaneOptions {
  /** The name of the lane in errors, plans and statistics. */
  readonly name: string;
  /**
   * Makes a stage ready where it is to run. Called once for each stage, and again after it has failed.
   *
   * @param shipped Plain data for {@link reviveStage}.
   * @param label The name of the stage in errors.
   */
  open(shipped: unknown, label: string): Promise<StageRunner>;
}

/**
 * Makes a lane of what runs single inputs. Promises that settle once, timeouts, cancelling, streams, statistics and closing are taken care
 * of: a call is told at once when it is cancelled or its time is up, and what runs on is expected to look at its signal.
 *
 * @throws What `open` throws becomes the `RUNLANE_WORKER_START` of the calls.
 * @example
 * ```ts
 * import { RunnableLambda } from "runlane";
 * import { createLane, reviveStage } from "runlane/lanes";
 *
 * await using lane = createLane({ name: "here", open: (shipped) => reviveStage(shipped) });
 * const twice = RunnableLambda.from((x: number) => x * 2).withLane(lane);
 * console.log(await twice.invoke(21), lane.statistics()[0]?.inputs); // 42 1
 * ```
 */
export function createLane({ name, open }: CreateLaneOptions): Lane {
  return new LoopLane(open, name);
}
