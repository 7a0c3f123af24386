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
import { endFailed } from "./span-end.ts";

type Streaming = false | "known" | "deferred";
type Metadata = Readonly<Record<string, unknown>> | undefined;

/** What the spans of all runs have in common. */
export interface SpanTools {
  readonly api: Api;
  readonly tracer: Tracer;
  /** Undefined where nobody collects metrics. */
  readonly metrics: RunMetrics | undefined;
  /** Hears of the models, tools and retrievers inside runs. */
  readonly handler: InsideHandler;
  readonly withMessages: boolean;
}

/** Sees all calls, and makes a span of each run in those that are recorded: in the others, nobody looks at steps. */
export class SpanObserver implements Observer {
  private readonly hasSdk: () => boolean;
  /** In the contexts of runs: what is started there is part of one. */
  private readonly inside: symbol;
  private readonly handlerAlone: CallbackManager;

  constructor(private readonly tools: SpanTools) {
    const { api, handler } = tools;
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
    const { metadata } = config;
    const context = api.trace.setSpan(isOutermost ? around.setValue(inside, true) : around, span);
    if (span.isRecording())
      return new SpanRun({ tools, root: this, callbacks, span, context, metadata, name, startedAt }, input);
    return new UnrecordedRun(tools, name, startedAt, api.isSpanContextValid(span.spanContext()) ? context : undefined, {
      bringsCallbacks: metrics !== undefined,
      callbacks,
    });
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

/** A step without runs of its own: what is inside it is part of the run around. */
const NO_RUN = { isBlind: true, end: () => undefined, fail: () => undefined } as const;

/** What a run and those inside it have in common, and its place among them. */
interface RunFacts {
  readonly tools: SpanTools;
  readonly root: SpanObserver;
  readonly callbacks: unknown;
  readonly span: Span;
  readonly context: Context;
  readonly metadata: Metadata;
  readonly name: string;
  /** Only of an outermost run whose time is measured. */
  readonly startedAt: number | undefined;
}

/** A run with a span, and who observes what runs inside it. */
class SpanRun implements Observer, ObservedRun {
  readonly root: SpanObserver;
  readonly bringsCallbacks = true;
  readonly isBlind: boolean;
  private readonly pass: ObservedRun;

  constructor(
    private readonly facts: RunFacts,
    input: unknown,
  ) {
    const { root, tools, span } = facts;
    this.root = root;
    this.isBlind = !tools.withMessages;
    this.pass = { ...NO_RUN, observer: this, handler: tools.handler };
    if (tools.withMessages && input !== undefined) span.setAttribute(ATTRIBUTE.input, valueText(input));
  }

  get observer(): Observer {
    return this;
  }

  get callbacks(): unknown {
    return this.facts.callbacks;
  }

  get handler(): object {
    return this.facts.tools.handler;
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
    const { facts } = this;
    const { tools, context: around } = facts;
    const { metadata } = config;
    const name = config.runName ?? step.label;
    const attributes = attributesOf(step, tag, metadata, facts.metadata);
    const span = tools.tracer.startSpan(spanName(name, attributes), { attributes }, around);
    const context = tools.api.trace.setSpan(around, span);
    return new SpanRun({ ...facts, span, context, metadata, name, startedAt: undefined }, input);
  }

  within<T>(run: () => T): T {
    const { tools, context } = this.facts;
    return tools.api.context.with(context, run);
  }

  end(output: unknown, input?: { readonly value: unknown }): undefined {
    const { tools, span } = this.facts;
    if (tools.withMessages) {
      if (input !== undefined) span.setAttribute(ATTRIBUTE.input, valueText(input.value));
      span.setAttribute(ATTRIBUTE.output, valueText(output));
    }
    span.end();
    this.measure();
  }

  fail(error: unknown): undefined {
    const { tools, span } = this.facts;
    endFailed(tools.api, span, error);
    this.measure(error);
  }

  private measure(error?: unknown): void {
    const { tools, name, startedAt } = this.facts;
    if (startedAt !== undefined) tools.metrics?.ran(name, startedAt, error);
  }
}

/** An outermost run that the sampler has left out. Nobody looks at what runs inside it; whoever starts a trace there is told the same. */
class UnrecordedRun implements ObservedRun {
  readonly observer = null;
  readonly isBlind = true;
  readonly bringsCallbacks: boolean;
  readonly callbacks: unknown;
  readonly within: ObservedRun["within"];

  constructor(
    private readonly tools: SpanTools,
    private readonly name: string,
    private readonly startedAt: number | undefined,
    context: Context | undefined,
    { bringsCallbacks, callbacks }: Pick<ObservedRun, "callbacks"> & { readonly bringsCallbacks: boolean },
  ) {
    // Metrics of models are kept of all runs.
    this.bringsCallbacks = bringsCallbacks;
    this.callbacks = callbacks;
    this.within = context === undefined ? undefined : (run) => tools.api.context.with(context, run);
  }

  get handler(): object | undefined {
    return this.bringsCallbacks ? this.tools.handler : undefined;
  }

  end(): undefined {
    this.measure();
  }

  fail(error: unknown): undefined {
    this.measure(error);
  }

  private measure(error?: unknown): void {
    if (this.startedAt !== undefined) this.tools.metrics?.ran(this.name, this.startedAt, error);
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

/** @param around The metadata of the run around: what is in it already says nothing of this one. */
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

/** As the conventions say: the operation, and what it is done on. */
function spanName(name: string, attributes: Attributes): string {
  const operation = attributes[ATTRIBUTE.operation];
  if (operation === undefined) return name;
  const { [ATTRIBUTE.agent]: agent, [ATTRIBUTE.tool]: tool, [ATTRIBUTE.requestModel]: model } = attributes;
  return `${operation} ${tool ?? model ?? agent ?? name}`;
}
