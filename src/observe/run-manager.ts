import { emit, type IgnoreSwitch, type Listener } from "./handlers.ts";
import type { CallbackManager } from "./manager.ts";

/** A run that has started and reports its end or error. LangChain's names and arguments. */
class Run {
  readonly handlers: Listener[];
  readonly inheritableHandlers: Listener[];
  readonly tags: string[];
  readonly inheritableTags: string[];
  readonly metadata: Record<string, unknown>;
  readonly inheritableMetadata: Record<string, unknown>;
  readonly _parentRunId: string | undefined;

  constructor(
    readonly runId: string,
    protected readonly manager: CallbackManager,
  ) {
    this.handlers = manager.handlers;
    this.inheritableHandlers = manager.inheritableHandlers;
    this.tags = manager.tags;
    this.inheritableTags = manager.inheritableTags;
    this.metadata = manager.metadata;
    this.inheritableMetadata = manager.inheritableMetadata;
    this._parentRunId = manager._parentRunId;
  }

  get parentRunId(): string | undefined {
    return this._parentRunId;
  }

  handleText(text: string): Promise<void> {
    return this.tell(undefined, "handleText", [text, this.runId, this._parentRunId, this.tags]);
  }

  handleCustomEvent(eventName: string, data: unknown): Promise<void> {
    const args = [eventName, data, this.runId, this.tags, this.metadata];
    return this.tell("ignoreCustomEvent", "handleCustomEvent", args);
  }

  protected report(ignore: IgnoreSwitch, method: `handle${string}`, what: unknown, ...more: unknown[]): Promise<void> {
    return this.tell(ignore, method, [what, this.runId, this._parentRunId, this.tags, ...more]);
  }

  protected async tell(
    ignore: IgnoreSwitch | undefined,
    method: `handle${string}`,
    args: readonly unknown[],
  ): Promise<void> {
    await emit(this.handlers, ignore, method, args);
  }
}

/** A run that may have runs inside. */
class ParentRun extends Run {
  /** The manager of the runs inside. @param tag A label for those alone. */
  getChild(tag?: string): CallbackManager {
    return this.manager.childOf(this.runId, tag);
  }
}

export class ChainRun extends ParentRun {
  handleChainEnd(output: unknown, _id?: string, _parent?: string, _tags?: string[], kwargs?: unknown): Promise<void> {
    return this.report("ignoreChain", "handleChainEnd", output, kwargs);
  }
  handleChainError(error: unknown, _id?: string, _parent?: string, _tags?: string[], kwargs?: unknown): Promise<void> {
    return this.report("ignoreChain", "handleChainError", error, kwargs);
  }
  handleAgentAction(action: unknown): Promise<void> {
    return this.report("ignoreAgent", "handleAgentAction", action);
  }
  handleAgentEnd(action: unknown): Promise<void> {
    return this.report("ignoreAgent", "handleAgentEnd", action);
  }
}

export class LLMRun extends Run {
  handleLLMNewToken(
    token: string,
    index: unknown = { prompt: 0, completion: 0 },
    _id?: string,
    _parent?: string,
    _tags?: string[],
    fields?: unknown,
  ): Promise<void> {
    const args = [token, index, this.runId, this._parentRunId, this.tags, fields];
    return this.tell("ignoreLLM", "handleLLMNewToken", args);
  }
  handleChatModelStreamEvent(event: unknown): Promise<void> {
    return this.report("ignoreLLM", "handleChatModelStreamEvent", event);
  }
  handleLLMEnd(output: unknown, _id?: string, _parent?: string, _tags?: string[], extra?: unknown): Promise<void> {
    return this.report("ignoreLLM", "handleLLMEnd", output, extra);
  }
  handleLLMError(error: unknown, _id?: string, _parent?: string, _tags?: string[], extra?: unknown): Promise<void> {
    return this.report("ignoreLLM", "handleLLMError", error, extra);
  }
}

export class ToolRun extends ParentRun {
  handleToolEnd(output: unknown): Promise<void> {
    return this.report("ignoreAgent", "handleToolEnd", output);
  }
  handleToolError(error: unknown): Promise<void> {
    return this.report("ignoreAgent", "handleToolError", error);
  }
  handleToolEvent(chunk: unknown): Promise<void> {
    return this.report("ignoreAgent", "handleToolEvent", chunk);
  }
}

export class RetrieverRun extends ParentRun {
  handleRetrieverEnd(documents: unknown): Promise<void> {
    return this.report("ignoreRetriever", "handleRetrieverEnd", documents);
  }
  handleRetrieverError(error: unknown): Promise<void> {
    return this.report("ignoreRetriever", "handleRetrieverError", error);
  }
}
