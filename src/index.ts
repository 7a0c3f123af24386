import "./runnables/kinds/foreign.ts";

export type { BatchStreamOptions } from "./batching/batch-stream.ts";
export type { RunnableBatchOptions } from "./batching/inputs.ts";
export type { Limits } from "./batching/limiter.ts";
export type { Outcome } from "./batching/outcome.ts";
export type { BackoffOptions } from "./core/backoff.ts";
export { ensureConfig, mergeConfigs, patchConfig, pickRunnableConfigKeys, type RunnableConfig } from "./core/config.ts";
export type { RunContext } from "./core/context.ts";
export { RunlaneError } from "./core/errors/errors.ts";
export type { ErrorCode } from "./core/errors/table.ts";
export type { JsonSchema } from "./core/schema/json-schema.ts";
export type {
  SchemaInput,
  SchemaIssue,
  SchemaOutput,
  StandardSchema,
  ValidationError,
} from "./core/schema/standard-schema.ts";
export { raceWithSignal } from "./core/signal.ts";
export type { RunnableStream } from "./core/streams/runnable-stream.ts";
export type { RunnableIOSchema } from "./graph/types.ts";
export { type AutoOptions, configure, type RunlaneOptions } from "./lanes/auto/auto-settings.ts";
export type {
  CloseOptions,
  FeedHandle,
  InputSource,
  Lane,
  LaneCallOptions,
  LaneCapacity,
  LaneStage,
  StageStatistics,
} from "./lanes/lane.ts";
export { type LaneName, processes, threads } from "./lanes/named-lanes.ts";
export type { PoolOptions, ResourceLimits } from "./lanes/pool/pool-options.ts";
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
export { _coerceToRunnable } from "./runnables/coerce.ts";
export type { ConfigSpec, ConfigurableField } from "./runnables/inspect/config-specs.ts";
export type { AnalyzeOptions } from "./runnables/inspect/explain.ts";
export { type LaneRow, RunnableStatistics } from "./runnables/inspect/statistics.ts";
export { RunnableAssign } from "./runnables/kinds/assign.ts";
export { RunnableBatched } from "./runnables/kinds/batched.ts";
export type { BatchedFunc, BatchedOptions, RunnableBatchedFields } from "./runnables/kinds/batched-options.ts";
export { type ConfigFactory, RunnableBinding, type RunnableBindingArgs } from "./runnables/kinds/binding.ts";
export { type Branch, type BranchLike, RunnableBranch } from "./runnables/kinds/branch.ts";
export { RunnableCache, type RunnableCacheFields } from "./runnables/kinds/cache.ts";
export type { CacheOptions, CacheStatistics, CacheStore } from "./runnables/kinds/cache-store.ts";
export {
  type Alternative,
  type ConfigurableChoice,
  RunnableConfigurableAlternatives,
  type RunnableConfigurableAlternativesFields,
} from "./runnables/kinds/configurable-alternatives.ts";
export { type ConfigurableFieldMap, RunnableConfigurableFields } from "./runnables/kinds/configurable-fields.ts";
export { RunnableEach } from "./runnables/kinds/each.ts";
export type { ExportInput, ExportOutput } from "./runnables/kinds/from-module.ts";
export { RunnableGenerator, type TransformFunc } from "./runnables/kinds/generator.ts";
export { RunnableLambda } from "./runnables/kinds/lambda.ts";
export type { LambdaFunc, LambdaOptions, LambdaUses, RunnableLambdaFields } from "./runnables/kinds/lambda-options.ts";
export { RunnableLimited, type RunnableLimitedFields } from "./runnables/kinds/limited.ts";
export { type LaneChoice, RunnableOnLane } from "./runnables/kinds/on-lane.ts";
export { RunnableParallel, RunnableParallel as RunnableMap } from "./runnables/kinds/parallel.ts";
export { RunnablePassthrough } from "./runnables/kinds/passthrough.ts";
export { RunnablePick } from "./runnables/kinds/pick.ts";
export type { MessageHistory } from "./runnables/kinds/remembering.ts";
export {
  type RetryOptions,
  type RetryPolicy,
  RunnableRetry,
  type RunnableRetryFailedAttemptHandler,
  type RunnableRetryFields,
} from "./runnables/kinds/retry.ts";
export { type RouterInput, RouterRunnable } from "./runnables/kinds/router.ts";
export { RunnableSequence, type RunnableSequenceFields } from "./runnables/kinds/sequence.ts";
export {
  type AsToolFields,
  RunnableToolLike,
  type RunnableToolLikeArgs,
  type ToolCall,
} from "./runnables/kinds/tool-like.ts";
export type { ToolInput, ToolSchema, ToolSchemaOf } from "./runnables/kinds/tool-schema.ts";
export {
  type ErrorClass,
  type FallbackOptions,
  type FallbackPolicy,
  RunnableWithFallbacks,
  type RunnableWithFallbacksFields,
} from "./runnables/kinds/with-fallbacks.ts";
export {
  RunnableWithMessageHistory,
  type RunnableWithMessageHistoryInputs,
} from "./runnables/kinds/with-message-history.ts";
export { RunnableWithTypes, type TypeSchemas } from "./runnables/kinds/with-types.ts";
export { type LoadOptions, load } from "./runnables/load/load.ts";
export type { ImportMap, ModuleExports } from "./runnables/load/load-class.ts";
export { type Loaded, resource } from "./runnables/resource.ts";
export { Runnable } from "./runnables/runnable.ts";
export type {
  AddsKeys,
  Assigned,
  LambdaResult,
  NextStep,
  OutputOf,
  OutputOfResult,
  Piped,
  RunnableFunc,
  RunnableInterface,
  RunnableLike,
  RunnableMapLike,
  StepFunc,
  StepOutput,
} from "./runnables/types.ts";
export { type ClassCodec, registerClass } from "./shipping/data/registered-classes.ts";
export { transfer } from "./shipping/data/transfer.ts";
