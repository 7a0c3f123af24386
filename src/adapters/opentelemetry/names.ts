/**
 * The names of attributes and metrics. Those of `gen_ai` follow the semantic conventions for generative AI, v0.1.0, which are all in
 * development: they stand here, because no package has them any more. Those of `runlane` are what the conventions have no word for.
 */
export const ATTRIBUTE = {
  operation: "gen_ai.operation.name",
  provider: "gen_ai.provider.name",
  agent: "gen_ai.agent.name",
  requestModel: "gen_ai.request.model",
  temperature: "gen_ai.request.temperature",
  maxTokens: "gen_ai.request.max_tokens",
  stopSequences: "gen_ai.request.stop_sequences",
  responseModel: "gen_ai.response.model",
  responseId: "gen_ai.response.id",
  finishReasons: "gen_ai.response.finish_reasons",
  timeToFirstChunk: "gen_ai.response.time_to_first_chunk",
  inputTokens: "gen_ai.usage.input_tokens",
  outputTokens: "gen_ai.usage.output_tokens",
  cacheReadTokens: "gen_ai.usage.cache_read.input_tokens",
  inputMessages: "gen_ai.input.messages",
  outputMessages: "gen_ai.output.messages",
  tool: "gen_ai.tool.name",
  toolType: "gen_ai.tool.type",
  toolCallId: "gen_ai.tool.call.id",
  toolArguments: "gen_ai.tool.call.arguments",
  toolResult: "gen_ai.tool.call.result",
  query: "gen_ai.retrieval.query.text",
  documents: "gen_ai.retrieval.documents",
  error: "error.type",
  /** The kind of a step: `lambda`, `sequence`, `parallel` and so on. */
  kind: "runlane.step.kind",
  /** The place of a step in the one around it: `seq:step:1`, `map:key:answer`. */
  place: "runlane.step.place",
  /** The lane that a step runs on, if it is not the event loop. */
  lane: "runlane.lane",
  input: "runlane.input",
  output: "runlane.output",
} as const;

export const OPERATION = {
  chat: "chat",
  text: "text_completion",
  retrieval: "retrieval",
  tool: "execute_tool",
  workflow: "invoke_workflow",
} as const;

export const METRIC = {
  run: "gen_ai.invoke_agent.duration",
  inference: "gen_ai.client.inference.duration",
  firstChunk: "gen_ai.client.inference.time_to_first_chunk",
  inputTokens: "gen_ai.client.inference.usage.input_tokens",
  outputTokens: "gen_ai.client.inference.usage.output_tokens",
  tool: "gen_ai.execute_tool.duration",
  laneWorkers: "runlane.lane.workers",
  laneInputs: "runlane.lane.inputs",
  laneChunk: "runlane.lane.chunk.inputs",
  laneBusy: "runlane.lane.busy",
  batchInputs: "runlane.batch.inputs",
  batchDuration: "runlane.batch.duration",
  resourceLoad: "runlane.resource.load.duration",
  loopDelayP50: "nodejs.eventloop.delay.p50",
  loopDelayP99: "nodejs.eventloop.delay.p99",
  loopDelayMax: "nodejs.eventloop.delay.max",
  loopUtilization: "nodejs.eventloop.utilization",
  gc: "v8js.gc.duration",
} as const;
