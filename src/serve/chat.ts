import { toWire } from "../adapters/wire/to-wire.ts";
import { answerWithEvents } from "./answer-with-events.ts";
import { readJson } from "./body.ts";
import { schemaOf } from "./langserve/schemas.ts";
import { invalidBody } from "./refusal.ts";
import type { ServedChain } from "./served-chain.ts";
import type { EventStreamWriter } from "./sse.ts";
import type { Visit } from "./visit.ts";

/** A message of a front end's conversation, as the AI SDK's `useChat` sends it. */
export interface ChatMessage {
  /** The id of the message. */
  readonly id?: string;
  /** The author: `user`, `assistant` or `system`. */
  readonly role: "system" | "user" | "assistant";
  /** The parts of the message: texts, files, calls of tools. */
  readonly parts: readonly { readonly type: string; readonly text?: string; readonly [key: string]: unknown }[];
}

/** The options of the chat endpoint. */
export interface ChatOptions {
  readonly bodyLimit: number;
  /**
   * Makes the chain's input of a conversation.
   *
   * @default the text of the last message, in an object where the chain takes one with a text in it
   */
  readonly chatInput?:
    | ((messages: readonly ChatMessage[], body: Readonly<Record<string, unknown>>) => unknown)
    | undefined;
}

const HEADERS = { "x-vercel-ai-ui-message-stream": "v1" };

/**
 * `POST {path}/chat`: the chain's stream in the form that the AI SDK's front ends read (its UI message stream, version 1). Text and
 * messages become text, calls of tools and their results become parts of tools, anything else a part `data-chunk`.
 */
export async function chat(visit: Visit, chain: ServedChain, options: ChatOptions): Promise<void> {
  const body = await readJson(visit.exchange, options.bodyLimit);
  const messages = messagesOf(body);
  const input = options.chatInput === undefined ? inputOf(messages, chain) : options.chatInput(messages, body);
  const config = chain.configFor(visit, {}, "chat");
  const to = (writer: EventStreamWriter) => {
    const parts = new UIMessageParts((part) => writer.send(undefined, JSON.stringify(part)));
    return {
      async send() {
        parts.start(config.runId);
        await writer.sendEach(await chain.runnable.stream(input, config), (chunk) => parts.add(chunk));
        parts.finish();
        void writer.send(undefined, "[DONE]");
      },
      fail(_status: number, message: string) {
        parts.fail(message);
        void writer.send(undefined, "[DONE]");
      },
    };
  };
  await answerWithEvents(visit, chain, to, HEADERS);
}

/** The parts of one message, in the order in which they come: a text that is interrupted by something else goes on as another one. */
class UIMessageParts {
  private textId: string | undefined;
  private texts = 0;

  constructor(private readonly send: (part: Record<string, unknown>) => Promise<void> | undefined) {}

  start(messageId: string): void {
    void this.send({ type: "start", messageId });
  }

  /** @returns A promise of room for more, when there is none. */
  add(chunk: unknown): Promise<void> | undefined {
    if (typeof chunk === "string") return this.text(chunk);
    if (typeof chunk !== "object" || chunk === null || !("content" in chunk)) {
      this.endText();
      return this.send({ type: "data-chunk", data: toWire(chunk) ?? null });
    }
    return this.message(chunk as Message);
  }

  finish(): void {
    this.endText();
    void this.send({ type: "finish" });
  }

  fail(errorText: string): void {
    this.endText();
    void this.send({ type: "error", errorText });
  }

  private message({ content, tool_calls: calls = [], tool_call_id: callId }: Message): Promise<void> | undefined {
    if (callId !== undefined) {
      this.endText();
      return this.send({ type: "tool-output-available", toolCallId: callId, output: content });
    }
    let room = this.text(textOf(content));
    for (const { id, name, args } of calls) {
      if (id === undefined || name === "") continue;
      this.endText();
      room = this.send({ type: "tool-input-available", toolCallId: id, toolName: name, input: args });
    }
    return room;
  }

  private text(delta: string): Promise<void> | undefined {
    if (delta === "") return undefined;
    if (this.textId === undefined) {
      this.textId = `text-${++this.texts}`;
      void this.send({ type: "text-start", id: this.textId });
    }
    return this.send({ type: "text-delta", id: this.textId, delta });
  }

  private endText(): void {
    if (this.textId === undefined) return;
    void this.send({ type: "text-end", id: this.textId });
    this.textId = undefined;
  }
}

/** One of LangChain's messages or their chunks, as far as it is read. */
interface Message {
  readonly content: unknown;
  readonly tool_calls?: readonly { readonly id?: string; readonly name: string; readonly args: unknown }[];
  readonly tool_call_id?: string;
}

function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content
    .map((part: { type?: unknown; text?: unknown }) => (typeof part.text === "string" ? part.text : ""))
    .join("");
}

function messagesOf({ messages }: Record<string, unknown>): ChatMessage[] {
  const isMessage = (message: unknown): boolean =>
    typeof message === "object" &&
    message !== null &&
    "role" in message &&
    Array.isArray((message as ChatMessage).parts);
  if (Array.isArray(messages) && messages.length > 0 && messages.every(isMessage)) return messages;
  throw invalidBody([
    { type: "list_type", loc: ["body", "messages"], msg: "Input should be a list of messages with a role and parts" },
  ]);
}

/** The text of the last message; where the chain takes an object with one text that has to be there, such an object. */
function inputOf(messages: readonly ChatMessage[], { runnable }: ServedChain): unknown {
  const text = lastText(messages);
  const { type, required, properties } = schemaOf(runnable, "input") as ObjectSchema;
  const [name] = required ?? [];
  const isWrapped = type === "object" && required?.length === 1 && properties?.[name!]?.type === "string";
  return isWrapped ? { [name!]: text } : text;
}

interface ObjectSchema {
  readonly type?: string;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, { readonly type?: string } | undefined>>;
}

function lastText(messages: readonly ChatMessage[]): string {
  return messages
    .at(-1)!
    .parts.map(({ type, text }) => (type === "text" && text !== undefined ? text : ""))
    .join("");
}
