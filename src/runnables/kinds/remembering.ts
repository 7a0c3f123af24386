import type { RunContext } from "../../core/context.ts";
import { startCall, streamCall } from "../../core/start-step.ts";
import { type Chunks, SingleChunk } from "../../core/streams/chunks.ts";
import { Aggregate, handingOn, joinedLike } from "../../core/streams/joins.ts";
import { defineKind, type RunnableNode } from "../registry.ts";
import type { RunnableInterface } from "../types.ts";
import { RunnableWrapper } from "../wrapper.ts";
import { inputMessages, type Message, outputMessages } from "./messages.ts";

/** The store of a conversation's messages: LangChain's `BaseChatMessageHistory`, or any object with its methods. */
export interface MessageHistory {
  /** The messages so far, in order. */
  // biome-ignore lint/suspicious/noExplicitAny: LangChain's messages, whose types would need LangChain
  getMessages(): Promise<any[]>;
  /** Adds messages behind those so far. */
  // biome-ignore lint/suspicious/noExplicitAny: see above
  addMessages(messages: any[]): Promise<unknown>;
}

/** Finds the messages of a conversation in inputs and outputs, loads those so far and saves the new ones. */
export class Conversation {
  /** The new messages of each run, by the list of all messages that the runnable got. */
  private readonly fresh = new WeakMap<object, Message[]>();

  constructor(
    private readonly inputKey: string | undefined,
    private readonly outputKey: string | undefined,
    private readonly historyKey: string | undefined,
  ) {}

  /** The messages that the runnable gets: those so far and, unless `historyKey` is set, the new ones after them. */
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

/** @internal Runs the runnable that answers in a conversation, and saves the exchange. Observers see the runs of that runnable. */
export class RunnableRemembering extends RunnableWrapper {
  readonly bound: RunnableInterface;
  private readonly conversation: Conversation;

  constructor({ bound, conversation }: { bound: RunnableInterface; conversation: Conversation }) {
    super(bound, "The runnable of a conversation");
    this.bound = bound;
    this.conversation = conversation;
  }

  override get node(): RunnableNode {
    return { kind: "remembering", bound: this.bound, conversation: this.conversation };
  }

  /** Each exchange is saved when its answer is there. */
  protected override get forwardsStages(): boolean {
    return false;
  }

  override async run(input: unknown, ctx: RunContext): Promise<unknown> {
    const output = await startCall(this.step, input, ctx);
    await this.save(input, output, ctx);
    return output;
  }

  override runStream(chunks: Chunks<unknown>, ctx: RunContext): AsyncGenerator<unknown, void> {
    return handingOn((from) => this.streamSaved(chunks, ctx, from));
  }

  private async *streamSaved(
    chunks: Chunks<unknown>,
    ctx: RunContext,
    from: (source: Chunks<unknown>) => Chunks<unknown>,
  ): AsyncGenerator<unknown, void> {
    const input = Aggregate.of(chunks);
    const source = chunks instanceof SingleChunk ? chunks : joinedLike(noted(chunks, input), chunks);
    if (chunks instanceof SingleChunk) input.add(chunks.value);
    const out = from(streamCall(this.step, source, ctx));
    const output = Aggregate.of(out);
    for await (const chunk of out) {
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

defineKind("remembering", {
  type: RunnableRemembering,
  fields: { bound: "step", conversation: "local" },
  stays: "keeps a history of messages, which is read and written in this thread",
  saved: "its history is made by a function",
});
