import { asInput, asOutput } from "./as-object.ts";
import { BriefRun } from "./brief-run.ts";
import type { CallbackHandler } from "./handlers.ts";

/**
 * A run as listeners and tracers see it, in LangChain's form.
 *
 * @example
 * ```ts
 * import { type Run, RunnableLambda } from "runlane";
 *
 * const show = (run: Run) => console.log(run.name, run.inputs, run.outputs);
 * await RunnableLambda.from((x: number) => x + 1).withListeners({ onEnd: show }).invoke(1); // RunnableLambda { input: 1 } { output: 2 }
 * ```
 */
export interface Run {
  /** The id of the run. */
  readonly id: string;
  /** The name of the run. */
  readonly name: string;
  /** The kind of step: `chain`, `llm` (chat models included), `tool`, `retriever`, or the step's own word. */
  readonly run_type: string;
  /** The id of the run around; undefined for the outermost run. */
  readonly parent_run_id: string | undefined;
  /** When the run started, in milliseconds since 1970. */
  readonly start_time: number;
  /** When the run ended, in milliseconds since 1970; undefined before. */
  end_time?: number;
  /** The input; one that is no object stands under `input`. */
  inputs: Record<string, unknown>;
  /** The output, once the run has ended; one that is no object stands under `output`. */
  outputs?: Record<string, unknown>;
  /** The message and the stack of the error that ended the run. */
  error?: string;
  /** The tags of the run. */
  readonly tags: string[];
  /** The metadata of the run, and more that a step reports, under LangChain's names. */
  readonly extra: Record<string, unknown>;
  /** The step in LangChain's serialized form. */
  readonly serialized: unknown;
  /** The number of the run in the order of starts, from 1. */
  readonly execution_order: number;
  /** The number of the last run inside, in the order of starts. */
  child_execution_order: number;
  /** The runs inside, in the order of their starts. */
  readonly child_runs: Run[];
  /** The starts, tokens and ends of the run, with their times. */
  readonly events: { name: string; time: string; kwargs?: Record<string, unknown> }[];
}

type Metadata = Record<string, unknown> | undefined;
type Serialized = { id?: unknown; name?: unknown } | undefined;

/**
 * Listens to callbacks and keeps a {@link Run} of each run that is going on. What to do when one starts or ends is for subclasses
 * to say. It has the methods of LangChain's tracers, so that LangChain's steps tell it of a run before anything inside starts.
 */
export abstract class RunRecorder implements Partial<CallbackHandler> {
  // biome-ignore lint/suspicious/noExplicitAny: a handler may have any properties
  [property: string]: any;
  abstract readonly name: string;
  readonly awaitHandlers: boolean = true;
  /** Whether each run is a {@link BriefRun}. */
  protected readonly isBrief: boolean = false;
  /** LangChain's steps need not announce runs beforehand: reports from inside a run never come before its start. */
  readonly isToldAtOnce = true;
  private readonly runs = new Map<string, Run>();
  /** Runs that were announced by name alone: LangChain's steps do that before they tell of them. */
  private readonly untold = new Set<string>();

  /**
   * Whether a chain's run is of no interest, so that none is kept: nothing inside it is either, as far as it asks for the run around.
   * Its end is told by {@link onPassedOver}.
   */
  protected passesOver?(name: string, type: string, tags: readonly string[], runId: string): boolean;
  protected onPassedOver?(runId: string): void;
  protected onStart?(run: Run): unknown;
  protected onEnd?(run: Run, error: unknown): unknown;
  protected onToken?(run: Run, token: string, fields: { chunk?: unknown } | undefined): unknown;
  protected onCustomEvent?(run: Run, name: string, data: unknown): unknown;

  /** A run that is going on. */
  protected runOf(id: string | undefined): Run | undefined {
    return id === undefined ? undefined : this.runs.get(id);
  }

  /** LangChain's mark of a tracer. */
  _addRunToRunMap(run: Run): Run {
    const parent = this.isBrief ? undefined : this.runOf(run.parent_run_id);
    if (parent !== undefined) {
      parent.child_runs.push(run);
      parent.child_execution_order = Math.max(parent.child_execution_order, run.child_execution_order);
    }
    this.runs.set(run.id, run);
    return run;
  }

  /** A new run. */
  private begun(
    type: string,
    serialized: unknown,
    inputs: unknown,
    runId: string,
    parentRunId: string | undefined,
    tags: string[] | undefined,
    metadata: Metadata,
    name: string | undefined,
    extra?: Record<string, unknown>,
  ): Run {
    const shownName = name ?? nameOf(serialized as Serialized);
    const shownInputs = asInput(inputs) as Record<string, unknown>;
    if (this.isBrief)
      return new BriefRun(runId, shownName, type, parentRunId, shownInputs, tags ?? [], metadata, serialized);
    const start = Date.now();
    const order = (this.runOf(parentRunId)?.child_execution_order ?? 0) + 1;
    return {
      id: runId,
      name: shownName,
      run_type: type,
      parent_run_id: parentRunId,
      start_time: start,
      inputs: shownInputs,
      tags: tags ?? [],
      extra: withMetadata(extra, metadata),
      serialized,
      execution_order: order,
      child_execution_order: order,
      child_runs: [],
      events: [{ name: "start", time: new Date(start).toISOString() }],
    };
  }

  private announce(run: Run): Run {
    const known = this.runs.get(run.id);
    if (known !== undefined) return known;
    this.untold.add(run.id);
    return this._addRunToRunMap(run);
  }

  private start(run: Run): unknown {
    const known = this.runs.get(run.id);
    if (known !== undefined && !this.untold.delete(known.id)) return undefined;
    return this.onStart?.(known ?? this._addRunToRunMap(run));
  }

  private succeed(runId: string, outputs: unknown, more: { inputs?: unknown } | undefined): unknown {
    const run = this.runs.get(runId);
    if (run === undefined) return this.onPassedOver?.(runId);
    run.outputs = asOutput(outputs) as Record<string, unknown>;
    return this.settle(run, "end", more, undefined);
  }

  private fail(runId: string, error: unknown, more: { inputs?: unknown } | undefined): unknown {
    const run = this.runs.get(runId);
    if (run === undefined) return this.onPassedOver?.(runId);
    run.error = textOf(error);
    return this.settle(run, "error", more, error);
  }

  private settle(run: Run, event: "end" | "error", more: { inputs?: unknown } | undefined, error: unknown): unknown {
    if (!this.isBrief) {
      run.end_time = Date.now();
      run.events.push({ name: event, time: new Date(run.end_time).toISOString() });
    }
    if (more?.inputs !== undefined) run.inputs = asInput(more.inputs) as Record<string, unknown>;
    this.runs.delete(run.id);
    return this.onEnd?.(run, error);
  }

  _createRunForChainStart(...[serialized, inputs, id, parentId, tags, metadata, type, name, extra]: ChainStart): Run {
    return this.announce(this.begun(type ?? "chain", serialized, inputs, id, parentId, tags, metadata, name, extra));
  }
  handleChainStart(
    serialized: unknown,
    inputs: unknown,
    runId: string,
    parentRunId?: string,
    tags: string[] = [],
    metadata?: Metadata,
    type = "chain",
    name = nameOf(serialized as Serialized),
    extra?: Record<string, unknown>,
  ): unknown {
    if (this.passesOver?.(name, type, tags, runId) === true) return undefined;
    return this.start(this.begun(type, serialized, inputs, runId, parentRunId, tags, metadata, name, extra));
  }
  handleChainEnd(out: unknown, id: string, _parent?: string, _tags?: string[], more?: { inputs?: unknown }): unknown {
    return this.succeed(id, out, more);
  }
  handleChainError(
    error: unknown,
    id: string,
    _parent?: string,
    _tags?: string[],
    more?: { inputs?: unknown },
  ): unknown {
    return this.fail(id, error, more);
  }

  private modelOf(
    key: "prompts" | "messages",
    [serialized, inputs, id, parentId, extra, tags, metadata, name]: ModelStart,
  ): Run {
    return this.begun("llm", serialized, { [key]: inputs }, id, parentId, tags, metadata, name, extra);
  }
  _createRunForLLMStart(...args: ModelStart): Run {
    return this.announce(this.modelOf("prompts", args));
  }
  handleLLMStart(...args: ModelStart): unknown {
    return this.start(this.modelOf("prompts", args));
  }
  _createRunForChatModelStart(...args: ModelStart): Run {
    return this.announce(this.modelOf("messages", args));
  }
  handleChatModelStart(...args: ModelStart): unknown {
    return this.start(this.modelOf("messages", args));
  }
  handleLLMNewToken(
    token: string,
    index: unknown,
    id: string,
    _parent?: string,
    _tags?: string[],
    fields?: { chunk?: unknown },
  ): unknown {
    const run = this.runs.get(id);
    if (run === undefined) return undefined;
    if (!this.isBrief) {
      const kwargs = { token, idx: index, chunk: fields?.chunk };
      run.events.push({ name: "new_token", time: new Date().toISOString(), kwargs });
    }
    return this.onToken?.(run, token, fields);
  }
  handleLLMEnd(output: unknown, id: string): unknown {
    return this.succeed(id, output, undefined);
  }
  handleLLMError(error: unknown, id: string): unknown {
    return this.fail(id, error, undefined);
  }

  private toolOf([serialized, input, id, parentId, tags, metadata, name, callId]: ToolStart): Run {
    const extra = callId === undefined ? undefined : { tool_call_id: callId };
    return this.begun("tool", serialized, input, id, parentId, tags, metadata, name, extra);
  }
  _createRunForToolStart(...args: ToolStart): Run {
    return this.announce(this.toolOf(args));
  }
  handleToolStart(...args: ToolStart): unknown {
    return this.start(this.toolOf(args));
  }
  handleToolEnd(output: unknown, id: string): unknown {
    return this.succeed(id, { output }, undefined);
  }
  handleToolError(error: unknown, id: string): unknown {
    return this.fail(id, error, undefined);
  }

  private retrieverOf([serialized, query, id, parentId, tags, metadata, name]: RetrieverStart): Run {
    return this.begun("retriever", serialized, { query }, id, parentId, tags, metadata, name);
  }
  _createRunForRetrieverStart(...args: RetrieverStart): Run {
    return this.announce(this.retrieverOf(args));
  }
  handleRetrieverStart(...args: RetrieverStart): unknown {
    return this.start(this.retrieverOf(args));
  }
  handleRetrieverEnd(documents: unknown, id: string): unknown {
    return this.succeed(id, { documents }, undefined);
  }
  handleRetrieverError(error: unknown, id: string): unknown {
    return this.fail(id, error, undefined);
  }

  handleCustomEvent(name: string, data: unknown, id: string): unknown {
    const run = this.runs.get(id);
    return run === undefined ? undefined : this.onCustomEvent?.(run, name, data);
  }
}

type ChainStart = [
  chain: unknown,
  inputs: unknown,
  runId: string,
  parentRunId?: string,
  tags?: string[],
  metadata?: Metadata,
  runType?: string,
  runName?: string,
  extra?: Record<string, unknown>,
];
type ModelStart = [
  model: unknown,
  prompts: unknown[],
  runId: string,
  parentRunId?: string,
  extraParams?: Record<string, unknown>,
  tags?: string[],
  metadata?: Metadata,
  runName?: string,
];
type ToolStart = [
  tool: unknown,
  input: unknown,
  runId: string,
  parentRunId?: string,
  tags?: string[],
  metadata?: Metadata,
  runName?: string,
  toolCallId?: string,
];
type RetrieverStart = [
  retriever: unknown,
  query: string,
  runId: string,
  parentRunId?: string,
  tags?: string[],
  metadata?: Metadata,
  runName?: string,
];

const withMetadata = (extra: Record<string, unknown> | undefined, metadata: Metadata): Record<string, unknown> => {
  if (metadata === undefined) return { ...extra };
  return extra === undefined ? { metadata } : { ...extra, metadata };
};

function textOf(error: unknown): string {
  return error instanceof Error ? `${error.message}${error.stack ? `\n\n${error.stack}` : ""}` : String(error);
}

function nameOf(serialized: Serialized): string {
  if (typeof serialized?.name === "string") return serialized.name;
  return Array.isArray(serialized?.id) ? String(serialized.id.at(-1)) : "Unnamed";
}
