import { ownValue } from "../core/own.ts";
import { announce, register } from "./announce.ts";
import { type CallbackHandler, emit, type Listener } from "./handlers.ts";
import { newRunId } from "./run-id.ts";
import { ChainRun, LLMRun, RetrieverRun, ToolRun } from "./run-manager.ts";

/** The fields of a {@link CallbackManager}. */
export interface CallbackManagerOptions {
  /** The handlers of the managed runs. */
  handlers?: CallbackHandler[];
  /** The handlers, of these, that runs inside the managed runs report to as well. */
  inheritableHandlers?: CallbackHandler[];
  /** The tags of the managed runs. */
  tags?: string[];
  /** The tags, of these, that runs inside have as well. */
  inheritableTags?: string[];
  /** The metadata of the managed runs. */
  metadata?: Record<string, unknown>;
  /** The part of the metadata that runs inside have as well. */
  inheritableMetadata?: Record<string, unknown>;
}

/**
 * The handlers that listen to the runs inside a run, and the parent, tags and metadata of those runs. LangChain's own steps get one in
 * `config.callbacks` and report through it as they would through LangChain's class, whose methods these are.
 *
 * Its lists are never changed in place, so that managers can share them.
 *
 * @example
 * ```ts
 * import { CallbackManager, RunnableLambda } from "runlane";
 *
 * const manager = new CallbackManager();
 * manager.addHandler({ handleChainEnd: (outputs) => console.log(outputs) });
 * manager.addTags(["nightly"]);
 * await RunnableLambda.from((x: number) => x + 1).invoke(1, { callbacks: manager }); // prints { output: 2 }
 * ```
 */
export class CallbackManager {
  readonly name = "callback_manager";
  /** The handlers of the managed runs. */
  handlers: Listener[];
  /** The handlers, of these, that runs inside the managed runs report to as well. */
  inheritableHandlers: Listener[];
  /** The tags of the managed runs. */
  tags: string[];
  /** The tags, of these, that runs inside have as well. */
  inheritableTags: string[];
  /** The metadata of the managed runs. */
  metadata: Record<string, unknown>;
  /** The part of the metadata that runs inside have as well. */
  inheritableMetadata: Record<string, unknown>;
  /** The run around. LangChain sets it from outside. */
  _parentRunId: string | undefined;

  /** @param parentRunId The run that the managed runs are part of. */
  constructor(parentRunId?: string, options: CallbackManagerOptions = {}) {
    this.handlers = (options.handlers ?? []) as Listener[];
    this.inheritableHandlers = (options.inheritableHandlers ?? []) as Listener[];
    this.tags = options.tags ?? [];
    this.inheritableTags = options.inheritableTags ?? [];
    this.metadata = options.metadata ?? {};
    this.inheritableMetadata = options.inheritableMetadata ?? {};
    this._parentRunId = parentRunId;
  }

  getParentRunId(): string | undefined {
    return this._parentRunId;
  }

  /** @param inherit Whether runs inside the managed runs report to the handler too. @default true */
  addHandler(handler: CallbackHandler, inherit = true): void {
    this.handlers = [...this.handlers, handler];
    if (inherit) this.inheritableHandlers = [...this.inheritableHandlers, handler];
  }

  removeHandler(handler: CallbackHandler): void {
    this.handlers = this.handlers.filter((other) => other !== handler);
    this.inheritableHandlers = this.inheritableHandlers.filter((other) => other !== handler);
  }

  setHandler(handler: CallbackHandler, inherit = true): void {
    this.setHandlers([handler], inherit);
  }

  setHandlers(handlers: CallbackHandler[], inherit = true): void {
    this.handlers = [...handlers];
    this.inheritableHandlers = inherit ? [...handlers] : [];
  }

  /** Adds tags; one that is there already moves to the end. */
  addTags(tags: string[], inherit = true): void {
    this.removeTags(tags);
    this.tags = [...this.tags, ...tags];
    if (inherit) this.inheritableTags = [...this.inheritableTags, ...tags];
  }

  removeTags(tags: string[]): void {
    this.tags = this.tags.filter((tag) => !tags.includes(tag));
    this.inheritableTags = this.inheritableTags.filter((tag) => !tags.includes(tag));
  }

  addMetadata(metadata: Record<string, unknown>, inherit = true): void {
    this.metadata = { ...this.metadata, ...metadata };
    if (inherit) this.inheritableMetadata = { ...this.inheritableMetadata, ...metadata };
  }

  removeMetadata(metadata: Record<string, unknown>): void {
    const kept = ([key]: [string, unknown]): boolean => !Object.hasOwn(metadata, key);
    this.metadata = Object.fromEntries(Object.entries(this.metadata).filter(kept));
    this.inheritableMetadata = Object.fromEntries(Object.entries(this.inheritableMetadata).filter(kept));
  }

  copy(additionalHandlers: CallbackHandler[] = [], inherit = true): CallbackManager {
    const copy = new CallbackManager(this._parentRunId, this);
    for (const handler of additionalHandlers) {
      const doubled =
        handler.name === "console_callback_handler" && copy.handlers.some(({ name }) => name === handler.name);
      if (!doubled) copy.addHandler(handler, inherit);
    }
    return copy;
  }

  /** The manager of the runs inside a run. @param tag A label for those runs alone. */
  childOf(runId: string, tag?: string): CallbackManager {
    const { inheritableHandlers, inheritableTags, inheritableMetadata } = this;
    return new CallbackManager(runId, {
      handlers: inheritableHandlers,
      inheritableHandlers,
      tags: tag === undefined ? inheritableTags : [...inheritableTags, tag],
      inheritableTags,
      metadata: inheritableMetadata,
      inheritableMetadata,
    });
  }

  async handleChainStart(
    chain: unknown,
    inputs: unknown,
    runId: string = newRunId(),
    runType?: string,
    _tags?: string[],
    _metadata?: Record<string, unknown>,
    runName?: string,
    _parentRunId?: string,
    extra?: Record<string, unknown>,
  ): Promise<ChainRun> {
    const { _parentRunId: parent, tags, metadata } = this;
    const args = [chain, inputs, runId, parent, tags, metadata, runType, runName, extra];
    await announce(this.handlers, "ignoreChain", "ChainStart", args);
    return new ChainRun(runId, this);
  }

  async handleLLMStart(
    llm: unknown,
    prompts: string[],
    runId?: string,
    _parentRunId?: string,
    extraParams?: Record<string, unknown>,
    _tags?: string[],
    _metadata?: Record<string, unknown>,
    runName?: string,
  ): Promise<LLMRun[]> {
    return Promise.all(
      prompts.map(async (prompt, index) => {
        const id = (index === 0 ? runId : undefined) ?? newRunId();
        const args = [llm, [prompt], id, this._parentRunId, extraParams, this.tags, this.metadata, runName];
        await announce(this.handlers, "ignoreLLM", "LLMStart", args);
        return new LLMRun(id, this);
      }),
    );
  }

  async handleChatModelStart(
    llm: unknown,
    messages: unknown[][],
    runId?: string,
    _parentRunId?: string,
    extraParams?: Record<string, unknown>,
    _tags?: string[],
    _metadata?: Record<string, unknown>,
    runName?: string,
  ): Promise<LLMRun[]> {
    return Promise.all(
      messages.map(async (group, index) => {
        const id = (index === 0 ? runId : undefined) ?? newRunId();
        const rest = [id, this._parentRunId, extraParams, this.tags, this.metadata, runName];
        register(this.handlers, "ignoreLLM", "ChatModelStart", [llm, [group], ...rest]);
        // Handlers that know no chat models are told of a text model, with the conversation as text.
        const knowing = this.handlers.filter((handler) => handler.handleChatModelStart !== undefined);
        const others = this.handlers.filter((handler) => handler.handleChatModelStart === undefined);
        await emit(knowing, "ignoreLLM", "handleChatModelStart", [llm, [group], ...rest]);
        if (others.length > 0) await emit(others, "ignoreLLM", "handleLLMStart", [llm, [asText(group)], ...rest]);
        return new LLMRun(id, this);
      }),
    );
  }

  async handleToolStart(
    tool: unknown,
    input: unknown,
    runId: string = newRunId(),
    _parentRunId?: string,
    _tags?: string[],
    _metadata?: Record<string, unknown>,
    runName?: string,
    toolCallId?: string,
  ): Promise<ToolRun> {
    const rest = [runId, this._parentRunId, this.tags, this.metadata, runName, toolCallId];
    register(this.handlers, "ignoreAgent", "ToolStart", [tool, input, ...rest]);
    const text = typeof input === "string" ? input : JSON.stringify(input);
    await emit(this.handlers, "ignoreAgent", "handleToolStart", [tool, text, ...rest]);
    return new ToolRun(runId, this);
  }

  async handleRetrieverStart(
    retriever: unknown,
    query: string,
    runId: string = newRunId(),
    _parentRunId?: string,
    _tags?: string[],
    _metadata?: Record<string, unknown>,
    runName?: string,
  ): Promise<RetrieverRun> {
    const args = [retriever, query, runId, this._parentRunId, this.tags, this.metadata, runName];
    await announce(this.handlers, "ignoreRetriever", "RetrieverStart", args);
    return new RetrieverRun(runId, this);
  }

  async handleCustomEvent(eventName: string, data: unknown, runId: string): Promise<void> {
    const args = [eventName, data, runId, this.tags, this.metadata];
    await emit(this.handlers, "ignoreCustomEvent", "handleCustomEvent", args);
  }
}

interface Message {
  readonly text?: string;
  readonly content?: unknown;
  getType?(): string;
  _getType?(): string;
}

const ROLES: Record<string, string> = {
  human: "Human",
  ai: "AI",
  system: "System",
  function: "Function",
  tool: "Tool",
};

function asText(messages: unknown): string {
  return (messages as Message[])
    .map((message) => {
      const type = message.getType?.() ?? message._getType?.() ?? "";
      return `${ownValue(ROLES, type) ?? type}: ${message.text ?? message.content}`;
    })
    .join("\n");
}

/** LangChain's manager, or one like it. */
export type ManagerLike = Pick<
  CallbackManager,
  "handlers" | "inheritableHandlers" | "tags" | "inheritableTags" | "metadata" | "inheritableMetadata"
> & { getParentRunId(): string | undefined };
