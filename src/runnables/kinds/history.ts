import type { RunnableConfig } from "../../core/config.ts";
import type { RunContext } from "../../core/context.ts";
import { describe, runlaneError } from "../../core/errors/errors.ts";
import { startCall, streamCall } from "../../core/start-step.ts";
import type { Step, Trace } from "../../core/step.ts";
import { type Chunks, SingleChunk } from "../../core/streams/chunks.ts";
import { Aggregate } from "../../core/streams/concat.ts";
import { coerce, toStep } from "../coerce.ts";
import type { RunnableNode } from "../registry.ts";
import { Runnable } from "../runnable.ts";
import type { RunnableInterface, RunnableLike } from "../types.ts";
import { RunnableBinding } from "./binding.ts";
import { RunnableLambda } from "./lambda.ts";
import { inputMessages, type Message, outputMessages } from "./messages.ts";
import { RunnablePassthrough } from "./passthrough.ts";

/** Where the messages of a conversation are kept: LangChain's `BaseChatMessageHistory` and what is like it. */
export interface MessageHistory {
  // biome-ignore lint/suspicious/noExplicitAny: LangChain's messages, whose types would need LangChain
  getMessages(): Promise<any[]>;
  // biome-ignore lint/suspicious/noExplicitAny: see above
  addMessages(messages: any[]): Promise<unknown>;
}

/** What a {@link RunnableWithMessageHistory} is made of. */
export interface RunnableWithMessageHistoryInputs<RunInput, RunOutput> {
  /** What answers. It gets the messages so far and the new ones, or an object with them. */
  runnable: RunnableLike<RunInput, RunOutput>;
  /** Finds the history of a conversation. */
  // biome-ignore lint/suspicious/noExplicitAny: LangChain's classes of histories are told by their methods
  getMessageHistory: (sessionId: string) => any;
  /** Where an input object has its new messages. Not needed if it has one key. */
  inputMessagesKey?: string | undefined;
  /** Where an output object has its messages. Not needed if it has one key. */
  outputMessagesKey?: string | undefined;
  /** Where the input object gets the messages so far. Without one they are put before the new messages. */
  historyMessagesKey?: string | undefined;
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
 * import { type BaseMessage } from "@langchain/core/messages";
 * import { RunnableLambda, RunnableWithMessageHistory } from "runlane";
 *
 * const histories = new Map<string, InMemoryChatMessageHistory>();
 * const counting = new RunnableWithMessageHistory({
 *   runnable: RunnableLambda.from((messages: BaseMessage[]) => `That was message ${messages.length}.`),
 *   getMessageHistory: (id) => histories.get(id) ?? histories.set(id, new InMemoryChatMessageHistory()).get(id),
 * });
 * await counting.invoke("Hello", { configurable: { sessionId: "ada" } }); // "That was message 1."
 * await counting.invoke("Again", { configurable: { sessionId: "ada" } }); // "That was message 3."
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
      .pipe(new Remembers(toStep(runnable), conversation, runnable))
      .withConfig({ runName: "RunnableWithMessageHistory" });
    const findHistory = async ({ configurable }: RunnableConfig): Promise<RunnableConfig> => {
      const { sessionId } = configurable ?? {};
      if (!sessionId) {
        throw runlaneError("RUNLANE_NO_SESSION", {
          where: "RunnableWithMessageHistory",
          received: describe(sessionId),
        });
      }
      return { configurable: { messageHistory: await getMessageHistory(sessionId) } };
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
}

/** What of inputs and outputs belongs to the conversation. */
class Conversation {
  /** The new messages of a run, by the list in which they follow those of the history. */
  private readonly fresh = new WeakMap<object, Message[]>();

  constructor(
    private readonly inputKey: string | undefined,
    private readonly outputKey: string | undefined,
    private readonly historyKey: string | undefined,
  ) {}

  /** What the runnable gets: the messages so far, with the new ones after them unless those stay where they are. */
  async load(input: unknown, history: MessageHistory): Promise<Message[]> {
    // A copy: a history in memory gives the list that it goes on adding to.
    const past = [...(await history.getMessages())];
    if (this.historyKey !== undefined) return past;
    const fresh = await inputMessages(input, this.inputKey);
    const all = [...past, ...fresh];
    this.fresh.set(all, fresh);
    return all;
  }

  async save(input: unknown, output: unknown, history: MessageHistory): Promise<void> {
    const held = this.inputKey === undefined ? input : (input as Record<string, unknown>)[this.inputKey];
    let fresh = this.fresh.get(held as object);
    if (fresh === undefined) {
      fresh = await inputMessages(input, this.inputKey);
      // A copy of the list that was loaded: it starts with what the history has already.
      if (this.historyKey === undefined) fresh = fresh.slice((await history.getMessages()).length);
    }
    await history.addMessages([...fresh, ...(await outputMessages(output, this.outputKey))]);
  }
}

/** Runs what answers, and saves the exchange. Observers see what answers. */
class Remembers extends Runnable {
  constructor(
    private readonly step: Step,
    private readonly conversation: Conversation,
    private readonly bound: RunnableInterface,
  ) {
    super();
  }

  override get node(): RunnableNode {
    return { kind: "remembers", bound: this.bound };
  }

  override getName(suffix?: string): string {
    return this.bound.getName(suffix);
  }

  override get trace(): Trace | undefined {
    return undefined;
  }

  override async run(input: unknown, ctx: RunContext): Promise<unknown> {
    const output = await startCall(this.step, input, ctx);
    await this.save(input, output, ctx);
    return output;
  }

  override async *runStream(chunks: Chunks<unknown>, ctx: RunContext): AsyncGenerator<unknown, void> {
    const input = new Aggregate();
    const output = new Aggregate();
    const source = chunks instanceof SingleChunk ? chunks : noted(chunks, input);
    if (chunks instanceof SingleChunk) input.add(chunks.value);
    for await (const chunk of streamCall(this.step, source, ctx)) {
      output.add(chunk);
      yield chunk;
    }
    await this.save(input.value, output.value, ctx);
  }

  private save(input: unknown, output: unknown, { config }: RunContext): Promise<void> {
    return this.conversation.save(input, output, config.configurable?.messageHistory);
  }
}

async function* noted(chunks: AsyncIterable<unknown>, into: Aggregate): AsyncGenerator<unknown, void> {
  for await (const chunk of chunks) {
    into.add(chunk);
    yield chunk;
  }
}
