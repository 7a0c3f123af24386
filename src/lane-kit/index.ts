export type {
  CloseOptions,
  FeedHandle,
  InputSource,
  Lane,
  LaneCallOptions,
  LaneCapacity,
  LaneStage,
  LaneWarmOptions,
  StageStatistics,
} from "../lanes/lane.ts";
export type { StageRunner, StepCall } from "../lanes/stage/stage-step.ts";
export type { Packed } from "../shipping/data/pack.ts";
export { type CreateLaneOptions, createLane } from "./create-lane.ts";
export {
  type PackValueOptions,
  packError,
  packInput,
  packOutput,
  unpackError,
  unpackInput,
  unpackOutput,
} from "./data.ts";
export { type ReviveStageOptions, reviveStage } from "./revive-stage.ts";
