import type { CallbackManagerForLLMRun } from "@langchain/core/callbacks/manager";
import { BaseChatModel, type BaseChatModelParams } from "@langchain/core/language_models/chat_models";
import { AIMessageChunk, type BaseMessage } from "@langchain/core/messages";
import { ChatGenerationChunk, type ChatResult } from "@langchain/core/outputs";
import { EventSourceParserStream } from "eventsource-parser/stream";
import { resource } from "runlane";
import { startModelServer } from "./model-server.ts";

interface Answer {
  readonly model: string;
  readonly choices: readonly {
    readonly delta?: { readonly content?: string };
    readonly finish_reason?: string | null;
  }[];
  readonly usage?: { readonly prompt_tokens: number; readonly completion_tokens: number };
}

/** A chat model behind OpenAI's protocol, as a step: as much of it as this example needs. */
class ChatOverHttp extends BaseChatModel {
  private readonly url: string;
  private readonly key: string | undefined;
  private readonly model: string;

  constructor({ url, key, model }: BaseChatModelParams & { url: string; key?: string | undefined; model: string }) {
    super({});
    this.url = url;
    this.key = key;
    this.model = model;
  }

  override _llmType(): string {
    return "openai";
  }

  override getLsParams(options: this["ParsedCallOptions"]) {
    return { ...super.getLsParams(options), ls_provider: "openai", ls_model_name: this.model };
  }

  override async _generate(
    messages: BaseMessage[],
    options: this["ParsedCallOptions"],
    run?: CallbackManagerForLLMRun,
  ): Promise<ChatResult> {
    let whole: ChatGenerationChunk | undefined;
    for await (const chunk of this._streamResponseChunks(messages, options, run)) whole = whole?.concat(chunk) ?? chunk;
    if (whole === undefined) throw new Error("The model gave no answer.");
    return { generations: [whole] };
  }

  override async *_streamResponseChunks(
    messages: BaseMessage[],
    { signal }: this["ParsedCallOptions"],
    run?: CallbackManagerForLLMRun,
  ): AsyncGenerator<ChatGenerationChunk> {
    const body = JSON.stringify({
      model: this.model,
      stream: true,
      stream_options: { include_usage: true },
      messages: messages.map((message) => ({ role: ROLES[message.type] ?? "user", content: message.text })),
    });
    const headers: Record<string, string> = { "content-type": "application/json" };
    if (this.key !== undefined) headers.authorization = `Bearer ${this.key}`;
    const response = await fetch(`${this.url}/chat/completions`, {
      method: "POST",
      headers,
      body,
      ...(signal && { signal }),
    });
    if (!response.ok || response.body === null) throw new Error(`The model answered with ${response.status}.`);
    const events = response.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
    for await (const { data } of events as unknown as AsyncIterable<{ data: string }>) {
      if (data === "[DONE]") return;
      const chunk = chunkOf(JSON.parse(data) as Answer);
      yield chunk;
      await run?.handleLLMNewToken(chunk.text, undefined, undefined, undefined, undefined, { chunk });
    }
  }
}

const ROLES: Readonly<Record<string, string>> = { system: "system", human: "user", ai: "assistant" };

function chunkOf({ model, choices, usage }: Answer): ChatGenerationChunk {
  const [choice] = choices;
  const text = choice?.delta?.content ?? "";
  const message = new AIMessageChunk({
    content: text,
    response_metadata:
      choice?.finish_reason === "stop" ? { model_name: model, finish_reason: choice.finish_reason } : {},
    ...(usage && {
      usage_metadata: {
        input_tokens: usage.prompt_tokens,
        output_tokens: usage.completion_tokens,
        total_tokens: usage.prompt_tokens + usage.completion_tokens,
      },
    }),
  });
  return new ChatGenerationChunk({ text, message });
}

/** The model that `OPENAI_BASE_URL` and `OPENAI_API_KEY` name; without them a stand-in on this machine, which starts and ends with it. */
export const chatModel = resource(
  "chat model",
  async () => {
    const { OPENAI_BASE_URL, OPENAI_API_KEY, OPENAI_MODEL = "gpt-5-mini" } = process.env;
    if (OPENAI_BASE_URL !== undefined)
      return {
        model: new ChatOverHttp({ url: OPENAI_BASE_URL, key: OPENAI_API_KEY, model: OPENAI_MODEL }),
        close() {},
      };
    const { url, close } = await startModelServer();
    return { model: new ChatOverHttp({ url, model: "stand-in" }), close };
  },
  { dispose: ({ close }) => close() },
);
