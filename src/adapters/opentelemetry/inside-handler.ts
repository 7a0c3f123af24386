import type { Attributes, Context, Span, Tracer } from "@opentelemetry/api";
import type { CallbackHandler } from "../../observe/handlers.ts";
import type { Api } from "./api.ts";
import { messagesText, valueText } from "./messages.ts";
import type { RunMetrics } from "./metrics/run-metrics.ts";
import { ATTRIBUTE, OPERATION } from "./names.ts";
import { endFailed } from "./span-end.ts";

/** The number of open runs that are kept. Runs that somebody starts and never ends are forgotten, the oldest first. */
const MAX_OPEN = 10_000;

type Metadata = Readonly<Record<string, unknown>> | undefined;

/** A run that goes on. */
interface OpenRun {
  readonly span: Span;
  readonly startedAt: number;
  readonly operation: string | undefined;
  /** The attributes of the run's metrics. */
  readonly labels: Attributes;
  firstChunkMs?: number;
}

/** The output of a model's run, as LangChain reports it. */
interface ModelOutput {
  readonly generations?: readonly (readonly {
    readonly text?: string;
    readonly message?: {
      readonly id?: string;
      readonly usage_metadata?: {
        readonly input_tokens?: number;
        readonly output_tokens?: number;
        readonly input_token_details?: { readonly cache_read?: number };
      };
      readonly response_metadata?: Readonly<Record<string, unknown>>;
    };
    readonly generationInfo?: Readonly<Record<string, unknown>>;
  }[])[];
}

/**
 * Makes spans of what LangChain's own steps say of themselves: models, tools, retrievers, and chains. Runlane's own steps are seen by
 * {@link SpanObserver}, which gives this handler to what runs inside them.
 */
export class InsideHandler implements CallbackHandler {
  readonly name = "runlane_opentelemetry";
  /** Has LangChain call the handler at once: called later, the span around would no longer be the active one. */
  readonly awaitHandlers = true;
  /** Tells Runlane not to report its own steps, which {@link SpanObserver} sees. */
  readonly seesSteps = true;
  private readonly open = new Map<string, OpenRun>();

  constructor(
    private readonly api: Api,
    private readonly tracer: Tracer,
    private readonly metrics: RunMetrics | undefined,
    private readonly withMessages: boolean,
  ) {}

  /** The span of a run that goes on. */
  spanOf(runId: string | undefined): Span | undefined {
    return runId === undefined ? undefined : this.open.get(runId)?.span;
  }

  handleChainStart(chain: unknown, inputs: unknown, runId: string, parentRunId?: string, ...rest: unknown[]): void {
    const name = (rest[3] as string | undefined) ?? classOf(chain);
    this.start(runId, parentRunId, name, { attributes: this.content(ATTRIBUTE.input, () => valueText(inputs)) });
  }

  handleChainEnd(outputs: unknown, runId: string): void {
    this.end(
      runId,
      this.content(ATTRIBUTE.output, () => valueText(outputs)),
    );
  }

  handleChatModelStart(
    model: unknown,
    messages: readonly unknown[][],
    runId: string,
    parentRunId?: string,
    extra?: Readonly<Record<string, unknown>>,
    _tags?: unknown,
    metadata?: Metadata,
    name = classOf(model),
  ): void {
    const content = this.content(ATTRIBUTE.inputMessages, () => messagesText(messages.flat()));
    this.startModel(OPERATION.chat, { runId, parentRunId, extra, metadata, name, content });
  }

  handleLLMStart(
    model: unknown,
    prompts: readonly string[],
    runId: string,
    parentRunId?: string,
    extra?: Readonly<Record<string, unknown>>,
    _tags?: unknown,
    metadata?: Metadata,
    name = classOf(model),
  ): void {
    const content = this.content(ATTRIBUTE.inputMessages, () =>
      messagesText(prompts.map((prompt) => ({ content: prompt }))),
    );
    this.startModel(OPERATION.text, { runId, parentRunId, extra, metadata, name, content });
  }

  handleLLMNewToken(_token: string, _index: unknown, runId: string): void {
    const run = this.open.get(runId);
    if (run !== undefined) run.firstChunkMs ??= performance.now() - run.startedAt;
  }

  handleLLMEnd(output: ModelOutput | undefined, runId: string): void {
    const run = this.open.get(runId);
    if (run === undefined) return;
    const [first] = output?.generations?.[0] ?? [];
    const { message, generationInfo } = first ?? {};
    const told = { ...generationInfo, ...message?.response_metadata };
    const usage = message?.usage_metadata;
    const finish = told.finish_reason ?? told.stop_reason;
    const finishReason = typeof finish === "string" ? finish : undefined;
    const responseModel = told.model_name ?? told.model;
    const seconds = run.firstChunkMs === undefined ? undefined : run.firstChunkMs / 1000;
    this.metrics?.used(run.labels, usage?.input_tokens, usage?.output_tokens, seconds);
    this.end(runId, {
      ...(typeof responseModel === "string" && { [ATTRIBUTE.responseModel]: responseModel }),
      ...(message?.id !== undefined && { [ATTRIBUTE.responseId]: message.id }),
      ...(finishReason !== undefined && { [ATTRIBUTE.finishReasons]: [finishReason] }),
      ...(seconds !== undefined && { [ATTRIBUTE.timeToFirstChunk]: seconds }),
      ...(usage?.input_tokens !== undefined && { [ATTRIBUTE.inputTokens]: usage.input_tokens }),
      ...(usage?.output_tokens !== undefined && { [ATTRIBUTE.outputTokens]: usage.output_tokens }),
      ...(usage?.input_token_details?.cache_read !== undefined && {
        [ATTRIBUTE.cacheReadTokens]: usage.input_token_details.cache_read,
      }),
      ...this.content(ATTRIBUTE.outputMessages, () =>
        messagesText([message ?? { content: first?.text ?? "", _getType: () => "ai" }], finishReason ?? "stop"),
      ),
    });
  }

  handleToolStart(
    tool: unknown,
    input: string,
    runId: string,
    parentRunId?: string,
    _tags?: unknown,
    _metadata?: unknown,
    name = classOf(tool),
    callId?: string,
  ): void {
    const operation = OPERATION.tool;
    const labels = { [ATTRIBUTE.operation]: operation, [ATTRIBUTE.tool]: name };
    const attributes = {
      ...labels,
      [ATTRIBUTE.toolType]: "function",
      ...(typeof callId === "string" && { [ATTRIBUTE.toolCallId]: callId }),
      ...this.content(ATTRIBUTE.toolArguments, () => input),
    };
    this.start(runId, parentRunId, `${operation} ${name}`, { operation, attributes, labels });
  }

  handleToolEnd(output: unknown, runId: string): void {
    this.end(
      runId,
      this.content(ATTRIBUTE.toolResult, () => valueText(output)),
    );
  }

  handleRetrieverStart(
    retriever: unknown,
    query: string,
    runId: string,
    parentRunId?: string,
    _tags?: unknown,
    _metadata?: unknown,
    name = classOf(retriever),
  ): void {
    const operation = OPERATION.retrieval;
    const attributes = { [ATTRIBUTE.operation]: operation, ...this.content(ATTRIBUTE.query, () => query) };
    this.start(runId, parentRunId, `${operation} ${name}`, { operation, attributes });
  }

  handleRetrieverEnd(documents: unknown, runId: string): void {
    this.end(
      runId,
      this.content(ATTRIBUTE.documents, () => valueText(documents)),
    );
  }

  handleChainError(error: unknown, runId: string): void {
    this.fail(runId, error);
  }
  handleLLMError(error: unknown, runId: string): void {
    this.fail(runId, error);
  }
  handleToolError(error: unknown, runId: string): void {
    this.fail(runId, error);
  }
  handleRetrieverError(error: unknown, runId: string): void {
    this.fail(runId, error);
  }

  private startModel(
    operation: string,
    model: {
      readonly runId: string;
      readonly parentRunId: string | undefined;
      readonly extra: Readonly<Record<string, unknown>> | undefined;
      readonly metadata: Metadata;
      readonly name: string;
      readonly content: Attributes | undefined;
    },
  ): void {
    const { runId, parentRunId, extra, metadata, name, content } = model;
    const asked = (extra?.invocation_params ?? {}) as Readonly<Record<string, unknown>>;
    const requested = metadata?.ls_model_name ?? asked.model ?? asked.model_name;
    const labels: Attributes = {
      [ATTRIBUTE.operation]: operation,
      ...(typeof metadata?.ls_provider === "string" && { [ATTRIBUTE.provider]: metadata.ls_provider }),
      ...(typeof requested === "string" && { [ATTRIBUTE.requestModel]: requested }),
    };
    const stop = metadata?.ls_stop;
    const attributes: Attributes = {
      ...labels,
      ...(typeof metadata?.ls_temperature === "number" && { [ATTRIBUTE.temperature]: metadata.ls_temperature }),
      ...(typeof metadata?.ls_max_tokens === "number" && { [ATTRIBUTE.maxTokens]: metadata.ls_max_tokens }),
      ...(Array.isArray(stop) && { [ATTRIBUTE.stopSequences]: stop.map(String) }),
      ...content,
    };
    const what = typeof requested === "string" ? requested : name;
    this.start(runId, parentRunId, `${operation} ${what}`, { operation, attributes, labels });
  }

  private start(
    runId: string,
    parentRunId: string | undefined,
    name: string,
    about: {
      readonly operation?: string;
      readonly attributes?: Attributes | undefined;
      /** The attributes of the run's metrics: never texts of a conversation. */
      readonly labels?: Attributes;
    },
  ): void {
    const { operation, attributes, labels = {} } = about;
    const { context, SpanKind } = this.api;
    const isCall = operation === OPERATION.chat || operation === OPERATION.text;
    const kind = isCall || operation === OPERATION.retrieval ? SpanKind.CLIENT : SpanKind.INTERNAL;
    const around = this.around(parentRunId) ?? context.active();
    const span = this.tracer.startSpan(name, { kind, ...(attributes && { attributes }) }, around);
    this.open.set(runId, { span, startedAt: performance.now(), operation, labels });
    if (this.open.size > MAX_OPEN) this.end(this.open.keys().next().value!);
  }

  private around(parentRunId: string | undefined): Context | undefined {
    const parent = this.spanOf(parentRunId);
    return parent === undefined ? undefined : this.api.trace.setSpan(this.api.context.active(), parent);
  }

  private end(runId: string, attributes?: Attributes): void {
    const run = this.take(runId);
    if (run === undefined) return;
    if (attributes !== undefined) run.span.setAttributes(attributes);
    run.span.end();
  }

  private fail(runId: string, error: unknown): void {
    const run = this.take(runId, error);
    if (run !== undefined) endFailed(this.api, run.span, error);
  }

  private take(runId: string, error?: unknown): OpenRun | undefined {
    const run = this.open.get(runId);
    if (run === undefined) return undefined;
    this.open.delete(runId);
    const seconds = (performance.now() - run.startedAt) / 1000;
    this.metrics?.ended(run.operation, run.labels, seconds, error);
    return run;
  }

  private content(key: string, make: () => string): Attributes | undefined {
    return this.withMessages ? { [key]: make() } : undefined;
  }
}

/** The name of a run without one: the class of its step, as LangChain has it. */
function classOf(serialized: unknown): string {
  const { id } = (serialized ?? {}) as { id?: unknown };
  return Array.isArray(id) ? String(id.at(-1)) : "run";
}
