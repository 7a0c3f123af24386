import type { Attributes, Context, Span, Tracer } from "@opentelemetry/api";
import type { RunnableConfig } from "../../core/config.ts";
import type { ObservedRun, Observer } from "../../core/observer.ts";
import type { Step } from "../../core/step.ts";
import { CallbackManager } from "../../observe/manager.ts";
import type { RunnableNode } from "../../runnables/registry.ts";
import { type Api, sdkDetector } from "./api.ts";
import type { InsideHandler } from "./inside-handler.ts";
import { valueText } from "./messages.ts";
import type { RunMetrics } from "./metrics/run-metrics.ts";
import { ATTRIBUTE, OPERATION } from "./names.ts";
import { spanContexts } from "./span-context.ts";
import { endFailed } from "./span-end.ts";

type Streaming = false | "known" | "deferred";
type Metadata = Readonly<Record<string, unknown>> | undefined;

/** The parts that the spans of all runs share. */
export interface SpanTools {
  readonly api: Api;
  readonly tracer: Tracer;
  /** The metrics; undefined where nobody collects any. */
  readonly metrics: RunMetrics | undefined;
  /** Hears of the models, tools and retrievers inside runs. */
  readonly handler: InsideHandler;
  readonly withMessages: boolean;
}

/** Sees all calls, and makes a span of each run in those that are recorded: in the others, nobody looks at steps. */
export class SpanObserver implements Observer {
  private readonly hasSdk: () => boolean;
  /** The key in the contexts of runs: a run that is started there is part of another one. */
  private readonly inside: symbol;
  private readonly handlerAlone: CallbackManager;
  private readonly withSpan: ReturnType<typeof spanContexts>;
  private readonly tools: SpanTools;
  /** The API's entry for contexts: the namespace of the package is slow to ask, as it has getters. */
  private readonly contexts: Api["context"];

  constructor(tools: SpanTools) {
    const { api, handler } = tools;
    this.tools = tools;
    this.withSpan = spanContexts(api);
    this.contexts = api.context;
    this.hasSdk = sdkDetector(api);
    this.inside = api.createContextKey("runlane.run");
    this.handlerAlone = new CallbackManager(undefined, { handlers: [handler], inheritableHandlers: [handler] });
  }

  get wantsCalls(): boolean {
    const { api, metrics } = this.tools;
    if (metrics !== undefined) return true;
    const span = api.trace.getActiveSpan();
    // The sampler decides over what has no span in this process yet.
    if (span === undefined || span.spanContext().isRemote === true) return this.hasSdk();
    return span.isRecording();
  }

  forInput(): Observer {
    return this;
  }

  withoutCallbacks(): Observer {
    return this;
  }

  /** Starts the outermost run of a call. */
  start(
    step: Step,
    input: unknown,
    config: RunnableConfig,
    tag: string | undefined,
    streaming: Streaming,
  ): ObservedRun {
    const { tools, inside } = this;
    const { api, tracer, metrics, handler } = tools;
    const callbacks = this.callbacksWithHandler(config.callbacks);
    const { trace } = step;
    if (trace === undefined || (streaming === false && !trace.whole))
      return { ...NO_RUN, observer: this, bringsCallbacks: true, callbacks, handler };
    const active = api.context.active();
    const parent = handler.spanOf(config.callbacks?.getParentRunId?.());
    const around = parent === undefined ? active : api.trace.setSpan(active, parent);
    const isOutermost = around.getValue(inside) === undefined;
    const name = config.runName ?? step.label;
    const attributes = attributesOf(step, tag, config.metadata, undefined);
    if (isOutermost && attributes[ATTRIBUTE.operation] === undefined) {
      attributes[ATTRIBUTE.operation] = OPERATION.workflow;
      attributes[ATTRIBUTE.agent] ??= name;
    }
    const span = tracer.startSpan(spanName(name, attributes), { attributes }, around);
    const startedAt = isOutermost && metrics !== undefined ? performance.now() : undefined;
    const { withSpan, contexts } = this;
    const context = withSpan(isOutermost ? around.setValue(inside, true) : around, span);
    const call: ObservedCall = { tools, withSpan, contexts, root: this, callbacks, name, startedAt };
    if (!span.isRecording()) return new UnrecordedRun(call, isValid(api, span) ? context : undefined);
    const run = new SpanRun(call, span, context, config.metadata, true);
    run.tellInput(input);
    return run;
  }

  /** The callbacks of a config with the handler among them. */
  private callbacksWithHandler(given: RunnableConfig["callbacks"]): unknown {
    const { handler } = this.tools;
    if (given === undefined || given === null) return this.handlerAlone;
    const handlers: readonly unknown[] = Array.isArray(given) ? given : given.handlers;
    if (handlers.includes(handler)) return given;
    return Array.isArray(given) ? [...given, handler] : given.copy([handler]);
  }
}

/** The run of a step that has none. */
const NO_RUN = { isBlind: true, end: () => undefined, fail: () => undefined } as const;

/** The facts that all runs of a call share. */
interface ObservedCall {
  readonly tools: SpanTools;
  readonly withSpan: ReturnType<typeof spanContexts>;
  readonly contexts: Api["context"];
  readonly root: SpanObserver;
  readonly callbacks: unknown;
  /** The name of the outermost run. */
  readonly name: string;
  /** When the call started; undefined where nobody measures its time. */
  readonly startedAt: number | undefined;
}

function isValid(api: Api, span: Span): boolean {
  return api.isSpanContextValid(span.spanContext());
}

function measure({ tools, name, startedAt }: ObservedCall, error?: unknown): void {
  if (startedAt !== undefined) tools.metrics?.ran(name, startedAt, error);
}

/** A run with a span, which observes the runs inside it. One object for both: a span costs less than the objects around it would. */
class SpanRun implements Observer, ObservedRun {
  private passed: ObservedRun | undefined = undefined;

  constructor(
    private readonly call: ObservedCall,
    private readonly span: Span,
    private readonly context: Context,
    private readonly metadata: Metadata,
    private readonly isOutermost: boolean,
  ) {}

  get root(): SpanObserver {
    return this.call.root;
  }

  get observer(): Observer {
    return this;
  }

  get bringsCallbacks(): true {
    return true;
  }

  get callbacks(): unknown {
    return this.call.callbacks;
  }

  get handler(): object {
    return this.call.tools.handler;
  }

  get isBlind(): boolean {
    return !this.call.tools.withMessages;
  }

  forInput(): Observer {
    return this;
  }

  withoutCallbacks(): Observer {
    return this;
  }

  start(
    step: Step,
    input: unknown,
    config: RunnableConfig,
    tag: string | undefined,
    streaming: Streaming,
  ): ObservedRun {
    const { trace } = step;
    if (trace === undefined || (streaming === false && !trace.whole)) return this.pass;
    const { call, context: around } = this;
    const { tracer } = call.tools;
    const { metadata, runName = step.label } = config;
    const attributes = attributesOf(step, tag, metadata, this.metadata);
    const span = tracer.startSpan(spanName(runName, attributes), { attributes }, around);
    const run = new SpanRun(call, span, call.withSpan(around, span), metadata, false);
    run.tellInput(input);
    return run;
  }

  /** A step without runs of its own: what is inside it is part of this run. */
  private get pass(): ObservedRun {
    this.passed ??= { ...NO_RUN, observer: this, handler: this.handler };
    return this.passed;
  }

  within<T>(run: () => T): T {
    return this.call.contexts.with(this.context, run);
  }

  tellInput(input: unknown): void {
    if (this.call.tools.withMessages && input !== undefined) this.span.setAttribute(ATTRIBUTE.input, valueText(input));
  }

  end(output: unknown, input?: { readonly value: unknown }): undefined {
    const { call, span } = this;
    if (call.tools.withMessages) {
      this.tellInput(input?.value);
      span.setAttribute(ATTRIBUTE.output, valueText(output));
    }
    span.end();
    if (this.isOutermost) measure(call);
  }

  fail(error: unknown): undefined {
    const { call, span } = this;
    endFailed(call.tools.api, span, error);
    if (this.isOutermost) measure(call, error);
  }
}

/** An outermost run that the sampler has left out. The runs inside are not observed, and traces started there are left out too. */
class UnrecordedRun implements ObservedRun {
  readonly observer = null;
  readonly isBlind = true;
  /** Metrics of models are kept of all runs. */
  readonly bringsCallbacks: boolean;
  readonly within: ObservedRun["within"];

  constructor(
    private readonly call: ObservedCall,
    context: Context | undefined,
  ) {
    const { api, metrics } = call.tools;
    this.bringsCallbacks = metrics !== undefined;
    this.within = context === undefined ? undefined : (run) => api.context.with(context, run);
  }

  get callbacks(): unknown {
    return this.call.callbacks;
  }

  get handler(): object | undefined {
    return this.bringsCallbacks ? this.call.tools.handler : undefined;
  }

  end(): undefined {
    measure(this.call);
  }

  fail(error: unknown): undefined {
    measure(this.call, error);
  }
}

/** The kinds of steps: their nodes are made anew each time that somebody asks. */
const kinds = new WeakMap<Step, string>();

function kindOf(step: Step): string {
  let kind = kinds.get(step);
  if (kind === undefined) {
    kind = (step as { node?: RunnableNode }).node?.kind ?? "custom";
    kinds.set(step, kind);
  }
  return kind;
}

/** @param around The metadata of the run around: values that are in it say nothing of this run. */
function attributesOf(step: Step, tag: string | undefined, metadata: Metadata, around: Metadata): Attributes {
  const kind = kindOf(step);
  const attributes: Attributes = { [ATTRIBUTE.kind]: kind };
  if (tag !== undefined) attributes[ATTRIBUTE.place] = tag;
  const { laneName } = step;
  if (laneName !== undefined && laneName !== "loop") attributes[ATTRIBUTE.lane] = laneName;
  if (kind === "toolLike") {
    attributes[ATTRIBUTE.operation] = OPERATION.tool;
    attributes[ATTRIBUTE.tool] = step.getName();
    attributes[ATTRIBUTE.toolType] = "function";
  }
  if (metadata !== around) addMetadata(attributes, metadata, around);
  return attributes;
}

/** Metadata with a dot in its name is meant for traces: `gen_ai.operation.name`, `session.id`, `langfuse.user.id`. */
function addMetadata(attributes: Attributes, metadata: Metadata, around: Metadata): void {
  for (const key in metadata) {
    const value = metadata[key];
    if (!key.includes(".") || value === around?.[key]) continue;
    if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") attributes[key] = value;
  }
}

/** The name of a span by the conventions: the operation, and its object. */
function spanName(name: string, attributes: Attributes): string {
  const operation = attributes[ATTRIBUTE.operation];
  if (operation === undefined) return name;
  const { [ATTRIBUTE.agent]: agent, [ATTRIBUTE.tool]: tool, [ATTRIBUTE.requestModel]: model } = attributes;
  return `${operation} ${tool ?? model ?? agent ?? name}`;
}
