import "./runnables/foreign.ts";

export type { BatchStreamOptions } from "./batching/batch-stream.ts";
export type { RunnableBatchOptions } from "./batching/inputs.ts";
export type { Limits } from "./batching/limiter.ts";
export type { Outcome } from "./batching/outcome.ts";
export type { BackoffOptions } from "./core/backoff.ts";
export { ensureConfig, mergeConfigs, patchConfig, pickRunnableConfigKeys, type RunnableConfig } from "./core/config.ts";
export type { RunContext } from "./core/context.ts";
export { type ErrorCode, RunlaneError } from "./core/errors.ts";
export type { JsonSchema } from "./core/json-schema.ts";
export type {
  SchemaInput,
  SchemaIssue,
  SchemaOutput,
  StandardSchema,
  ValidationError,
} from "./core/schema.ts";
export { raceWithSignal } from "./core/signal.ts";
export type { RunnableStream } from "./core/stream.ts";
export type { RunnableIOSchema } from "./graph/types.ts";
export { type AutoOptions, configure, type RunlaneOptions } from "./lanes/auto/auto-settings.ts";
export type {
  CallOptions as LaneCallOptions,
  CloseOptions,
  Feed,
  Feeding,
  Lane,
  LaneCapacity,
  Stage,
  StageStatistics,
} from "./lanes/lane.ts";
export { type LaneName, processes, threads } from "./lanes/lazy-lane.ts";
export type { PoolOptions, ResourceLimits } from "./lanes/pool-options.ts";
export { dispatchCustomEvent, getCallbackManagerForConfig } from "./observe/custom-events.ts";
export type { EventFilter } from "./observe/event-filter.ts";
export type { StreamEvent } from "./observe/event-stream.ts";
export { awaitAllCallbacks, type CallbackHandler } from "./observe/handlers.ts";
export type { RunListeners } from "./observe/listeners.ts";
export { CallbackManager, type CallbackManagerOptions } from "./observe/manager.ts";
export { type LogEntry, RunLog, type RunLogOp, RunLogPatch, type RunState } from "./observe/run-log.ts";
export type { Run } from "./observe/run-recorder.ts";
export type { StepRow } from "./observe/statistics.ts";
export { Plan, type PlanStage, type PlanStep, type StageFigures, type StepFigures } from "./plan/plan.ts";
export type {
  LoadContext,
  ResourceLoader,
  ResourceOptions,
  ResourceUses,
  Used,
} from "./resources/declaration.ts";
export { Resource } from "./resources/resource.ts";
export type {
  ResourceScope,
  ResourceState,
  ResourceStatus,
  WarmOptions,
  WarmProgress,
} from "./resources/status.ts";
export { RunnableAssign } from "./runnables/assign.ts";
export { RunnableBatched } from "./runnables/batched.ts";
export type { BatchedFunc, BatchedOptions, RunnableBatchedFields } from "./runnables/batched-options.ts";
export { type ConfigFactory, RunnableBinding, type RunnableBindingArgs } from "./runnables/binding.ts";
export { type Branch, type BranchLike, RunnableBranch } from "./runnables/branch.ts";
export { _coerceToRunnable } from "./runnables/coerce.ts";
export type { ConfigSpec, ConfigurableField } from "./runnables/config-specs.ts";
export {
  type Alternative,
  type ConfigurableChoice,
  RunnableConfigurableAlternatives,
  type RunnableConfigurableAlternativesFields,
} from "./runnables/configurable-alternatives.ts";
export { type ConfigurableFieldMap, RunnableConfigurableFields } from "./runnables/configurable-fields.ts";
export { RunnableEach } from "./runnables/each.ts";
export type { AnalyzeOptions } from "./runnables/explain.ts";
export {
  type ErrorClass,
  type FallbackOptions,
  type FallbackPolicy,
  RunnableWithFallbacks,
  type RunnableWithFallbacksFields,
} from "./runnables/fallbacks.ts";
export type { ExportInput, ExportOutput } from "./runnables/from-module.ts";
export { RunnableGenerator, type TransformFunc } from "./runnables/generator.ts";
export {
  type MessageHistory,
  RunnableWithMessageHistory,
  type RunnableWithMessageHistoryInputs,
} from "./runnables/history.ts";
export {
  type LambdaFunc,
  type LambdaOptions,
  type LambdaUses,
  RunnableLambda,
  type RunnableLambdaFields,
} from "./runnables/lambda.ts";
export { RunnableLimited, type RunnableLimitedFields } from "./runnables/limited.ts";
export { type LoadOptions, load } from "./runnables/load.ts";
export type { ImportMap, ModuleExports } from "./runnables/load-class.ts";
export { type LaneChoice, RunnableOnLane } from "./runnables/on-lane.ts";
export { RunnableParallel, RunnableParallel as RunnableMap } from "./runnables/parallel.ts";
export { RunnablePassthrough } from "./runnables/passthrough.ts";
export { RunnablePick } from "./runnables/pick.ts";
export { type Loaded, resource } from "./runnables/resource.ts";
export {
  type RetryOptions,
  type RetryPolicy,
  RunnableRetry,
  type RunnableRetryFailedAttemptHandler,
  type RunnableRetryFields,
} from "./runnables/retry.ts";
export { type RouterInput, RouterRunnable } from "./runnables/router.ts";
export { Runnable } from "./runnables/runnable.ts";
export { RunnableSequence, type RunnableSequenceFields } from "./runnables/sequence.ts";
export { type LaneRow, RunnableStatistics } from "./runnables/statistics.ts";
export {
  type AsToolFields,
  RunnableToolLike,
  type RunnableToolLikeArgs,
  type ToolCall,
} from "./runnables/tool-like.ts";
export type { ToolInput, ToolSchema, ToolSchemaOf } from "./runnables/tool-schema.ts";
export type {
  LambdaResult,
  RunnableFunc,
  RunnableInterface,
  RunnableLike,
  RunnableMapLike,
} from "./runnables/types.ts";
export { RunnableWithTypes, type TypeSchemas } from "./runnables/with-types.ts";
export { transfer } from "./shipping/data-transfer.ts";
export { type ClassCodec, registerClass } from "./shipping/registered-classes.ts";
