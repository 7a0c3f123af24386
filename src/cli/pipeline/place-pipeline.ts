import type { Runnable } from "../../runnables/runnable.ts";
import type { PipelineLane } from "./lanes.ts";
import type { Move } from "./move-to-lane.ts";

/** A pipeline, and where it is to run: where it says, unless there is a lane. */
export interface PlaceOptions extends Omit<Move, "lane"> {
  /** For `loop`, `stayOnLoop` has been called before the pipeline was loaded. */
  readonly lane: PipelineLane | undefined;
}

/** The pipeline on the lane that the command line names. @throws CliError RUNLANE_CLI_PIPELINE */
export async function placePipeline(
  pipeline: Runnable<unknown, unknown>,
  { lane, ...move }: PlaceOptions,
): Promise<Runnable<unknown, unknown>> {
  if (lane === undefined || lane === "loop") return pipeline;
  if (lane === "auto") {
    const { RunnableOnLane } = await import("../../runnables/kinds/on-lane.ts");
    return new RunnableOnLane({ bound: pipeline, lane });
  }
  const { moveToLane } = await import("./move-to-lane.ts");
  return await moveToLane(pipeline, { ...move, lane });
}
