export type { BrokerCase, BrokerCasesOptions } from "./brokers/broker-case.ts";
export { brokerCases } from "./brokers/broker-cases.ts";
export {
  type BlockingAllowed,
  type BlockingGuard,
  type ForbidBlockingOptions,
  forbidBlocking,
  type TestHooks,
} from "./forbid-blocking.ts";
export type { LaneCapability, LaneCase, LaneCasesOptions, LaneWish } from "./lane-case.ts";
export { laneCases } from "./lane-cases.ts";
export { LOOP_SKIPS, loopLane } from "./loop.ts";
export { type StageOfOptions, stageOf } from "./stage-of.ts";
