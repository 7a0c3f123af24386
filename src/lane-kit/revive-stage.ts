import type { StageRunner } from "../lanes/stage/stage-step.ts";
import { treeStage } from "../runnables/lane/tree-stage.ts";
import type { ShippedTree } from "../shipping/tree/ship-tree.ts";

/** The options of {@link reviveStage}. */
export interface ReviveStageOptions {
  /**
   * Makes a function of its source, an expression. Functions that are exports of modules are imported, whatever this says.
   *
   * @default by `eval`, in this realm
   */
  // biome-ignore lint/complexity/noBannedTypes: functions of all types are revived
  readonly evaluate?: (source: string, name: string) => Function;
}

/**
 * Makes what `LaneStage.shipped` describes, where it is to run: in a worker, in another realm, on another machine.
 *
 * @throws RUNLANE_UNKNOWN_KIND, RUNLANE_EXPORT_NOT_FOUND, and what modules of the stage throw when they are imported
 * @example
 * ```ts
 * import { reviveStage } from "runlane/lanes";
 * import { stageOf } from "runlane/testing";
 *
 * const { shipped } = stageOf((x: number) => x * 2);
 * const stage = await reviveStage(structuredClone(shipped));
 * console.log(stage.run(21, { signal: undefined, config: undefined })); // 42
 * ```
 */
export function reviveStage(shipped: unknown, { evaluate }: ReviveStageOptions = {}): Promise<StageRunner> {
  return treeStage(shipped as ShippedTree, evaluate);
}
