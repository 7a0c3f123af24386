import type { Lane } from "../lanes/lane.ts";
import { LoopLane } from "../lanes/loop/loop-lane.ts";
import { treeStage } from "../runnables/lane/tree-stage.ts";
import type { ShippedTree } from "../shipping/tree/ship-tree.ts";
import type { LaneCasesOptions } from "./lane-case.ts";

/**
 * A lane that runs stages on this event loop: what every lane has to agree with, and the shortest one to read. As there is no other
 * thread, it hands values over as they are, and a function that keeps the loop busy ends when it likes.
 *
 * @example
 * ```ts
 * import { loopLane, stageOf } from "runlane/testing";
 *
 * await using lane = loopLane();
 * console.log(await lane.run(stageOf((x: number) => x * 2), 21)); // 42
 * ```
 */
export function loopLane(): Lane {
  return new LoopLane((shipped) => treeStage(shipped as ShippedTree));
}

/**
 * The capabilities that {@link loopLane} lacks, for {@link laneCases}.
 *
 * @example
 * ```ts
 * import { LOOP_SKIPS, laneCases, loopLane } from "runlane/testing";
 *
 * for (const { skip, run } of laneCases({ open: loopLane, skip: LOOP_SKIPS })) if (skip === undefined) await run();
 * ```
 */
export const LOOP_SKIPS: NonNullable<LaneCasesOptions["skip"]> = Object.freeze({
  copies: "values are handed over as they are",
  feed: "the loop takes inputs one by one",
  queue: "calls start at once",
  stopsLoops: "nobody can end the thread that asks",
});
