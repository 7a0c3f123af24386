import type { RunnableConfig } from "../../core/config.ts";
import { describe, runlaneError } from "../../core/errors/errors.ts";
import { coerce } from "../coerce.ts";
import { defineKind, type RunnableNode } from "../registry.ts";
import type { Runnable } from "../runnable.ts";
import type { RunnableInterface, RunnableLike } from "../types.ts";
import { drawBound, RunnableBinding } from "./binding.ts";
import { RunnableLambda } from "./lambda.ts";
import { RunnablePassthrough } from "./passthrough.ts";
import { Conversation, RunnableRemembering } from "./remembering.ts";

/** The fields that a {@link RunnableWithMessageHistory} is constructed from. */
export interface RunnableWithMessageHistoryInputs<RunInput, RunOutput> {
  /** The runnable that answers. It gets the messages so far and the new ones, or an object with them. */
  runnable: RunnableLike<RunInput, RunOutput>;
  /** Finds the history of a conversation. */
  // biome-ignore lint/suspicious/noExplicitAny: LangChain's classes of histories are told by their methods
  getMessageHistory: (sessionId: string) => any;
  /** The key of the new messages in an input object. Not needed if the object has one key. */
  inputMessagesKey?: string | undefined;
  /** The key of the messages in an output object. Not needed if the object has one key. */
  outputMessagesKey?: string | undefined;
  /** The key under which the input object gets the messages so far. @default none: they are put before the new messages */
  historyMessagesKey?: string | undefined;
  /** A config that every run gets, under the config of the call. */
  config?: RunnableConfig | undefined;
}

/**
 * Remembers a conversation: puts its messages so far into each input, and adds the new messages and the answer to it afterwards.
 * Which conversation it is, the call says: `config.configurable.sessionId`.
 *
 * The messages are saved when the answer is complete, streamed answers included. If they cannot be saved, the call fails.
 *
 * @example
 * ```ts
 * import { InMemoryChatMessageHistory } from "@langchain/core/chat_history";
 * import { type BaseMessage, HumanMessage } from "@langchain/core/messages";
 * import { RunnableLambda, RunnableWithMessageHistory } from "runlane";
 *
 * const histories = new Map<string, InMemoryChatMessageHistory>();
 * const counting = new RunnableWithMessageHistory({
 *   runnable: RunnableLambda.from((messages: BaseMessage[]) => `That was message ${messages.length}.`),
 *   getMessageHistory: (id) => histories.get(id) ?? histories.set(id, new InMemoryChatMessageHistory()).get(id),
 * });
 * await counting.invoke([new HumanMessage("Hello")], { configurable: { sessionId: "ada" } }); // "That was message 1."
 * await counting.invoke([new HumanMessage("Again")], { configurable: { sessionId: "ada" } }); // "That was message 3."
 * ```
 */
// biome-ignore lint/suspicious/noExplicitAny: LangChain's own defaults
export class RunnableWithMessageHistory<RunInput = any, RunOutput = any> extends RunnableBinding<RunInput, RunOutput> {
  readonly runnable: RunnableInterface<RunInput, RunOutput>;
  readonly getMessageHistory: (sessionId: string) => unknown;
  readonly inputMessagesKey: string | undefined;
  readonly outputMessagesKey: string | undefined;
  readonly historyMessagesKey: string | undefined;

  /** @throws RUNLANE_NOT_RUNNABLE, RUNLANE_INVALID_STEPS */
  constructor(fields: RunnableWithMessageHistoryInputs<RunInput, RunOutput>) {
    const { getMessageHistory, inputMessagesKey, outputMessagesKey, historyMessagesKey, config = {} } = fields;
    if (typeof getMessageHistory !== "function") {
      throw runlaneError("RUNLANE_INVALID_STEPS", {
        where: "RunnableWithMessageHistory",
        expected: "a function as getMessageHistory",
        received: describe(getMessageHistory),
      });
    }
    const runnable = coerce(fields.runnable, "The runnable of a RunnableWithMessageHistory");
    const conversation = new Conversation(inputMessagesKey, outputMessagesKey, historyMessagesKey);
    const load = RunnableLambda.from((input: unknown, { configurable }) =>
      conversation.load(input, configurable?.messageHistory),
    ).withConfig({ runName: "loadHistory" });
    const key = historyMessagesKey ?? inputMessagesKey;
    const enter: Runnable = key === undefined ? load : RunnablePassthrough.assign({ [key]: load });
    const entered = key === undefined ? enter : enter.withConfig({ runName: "insertHistory" });
    const bound = entered
      .pipe(new RunnableRemembering({ bound: runnable, conversation }))
      .withConfig({ runName: "RunnableWithMessageHistory" });
    const findHistory = async ({ configurable, callbacks }: RunnableConfig): Promise<RunnableConfig> => {
      const { sessionId } = configurable ?? {};
      if (!sessionId) {
        throw runlaneError("RUNLANE_NO_SESSION", {
          where: "RunnableWithMessageHistory",
          received: describe(sessionId),
        });
      }
      const found = { configurable: { messageHistory: await getMessageHistory(sessionId) } };
      return callbacks === undefined ? { ...found, callbacks: [NOBODY] } : found;
    };
    super({ bound: bound as Runnable<RunInput, RunOutput>, config, configFactories: [findHistory] });
    this.runnable = runnable;
    this.getMessageHistory = getMessageHistory;
    this.inputMessagesKey = inputMessagesKey;
    this.outputMessagesKey = outputMessagesKey;
    this.historyMessagesKey = historyMessagesKey;
  }

  static override lc_name(): string {
    return "RunnableWithMessageHistory";
  }

  override get node(): RunnableNode {
    const { name, runnable, bound, getMessageHistory, inputMessagesKey, outputMessagesKey, historyMessagesKey } = this;
    const keys = { inputMessagesKey, outputMessagesKey, historyMessagesKey };
    return { kind: "withMessageHistory", name, runnable, bound, getMessageHistory, ...keys, config: this.config };
  }
}

/** A handler that does nothing. LangChain's models give their messages an id, that of the run, only where there are handlers. */
const NOBODY = { name: "message_history" };

defineKind("withMessageHistory", {
  type: RunnableWithMessageHistory,
  fields: {
    name: "data",
    // The runnable is a step of what is bound.
    runnable: "local",
    bound: "step",
    getMessageHistory: "function",
    inputMessagesKey: "data",
    outputMessagesKey: "data",
    historyMessagesKey: "data",
    config: "config",
  },
  stays: "keeps a history of messages, which is read and written in this thread",
  transparent: true,
  saved: "its history is made by a function",
  draw: drawBound,
});
