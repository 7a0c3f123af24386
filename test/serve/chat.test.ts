import { AIMessageChunk, ToolMessage } from "@langchain/core/messages";
import { DefaultChatTransport, readUIMessageStream, type UIMessage } from "ai";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { RunnableLambda } from "../../src/index.ts";
import { jsonOf, post, serve } from "./support.ts";

const ask = (text: string): UIMessage[] => [{ id: "1", role: "user", parts: [{ type: "text", text }] }];

/** What the AI SDK's own transport and reader make of the answer. */
async function read(url: string, text: string): Promise<{ message: UIMessage | undefined; errors: string[] }> {
  const transport = new DefaultChatTransport({ api: url });
  const options = {
    chatId: "c",
    messages: ask(text),
    abortSignal: undefined,
    trigger: "submit-message" as const,
    messageId: undefined,
  };
  const stream = await transport.sendMessages(options);
  const errors: string[] = [];
  let message: UIMessage | undefined;
  for await (const next of readUIMessageStream({ stream, onError: (error) => errors.push((error as Error).message) }))
    message = next;
  return { message, errors };
}

describe("the chat endpoint, read by the AI SDK", () => {
  it("streams the text of a chain, which gets the last message", async () => {
    const { url } = await serve({
      echo: RunnableLambda.from(async function* (text: string) {
        for (const word of text.split(" ")) yield `${word} `;
      }),
    });
    const { message } = await read(`${url}/echo/chat`, "how are you");
    expect(message).toMatchObject({
      role: "assistant",
      parts: [{ type: "text", text: "how are you ", state: "done" }],
    });
  });

  it("tells of calls of tools, their results, and the text around them", async () => {
    const agent = RunnableLambda.from(async function* () {
      yield new AIMessageChunk({ content: "Let me look. " });
      yield new AIMessageChunk({ content: "", tool_calls: [{ id: "t1", name: "weather", args: { city: "Ulm" } }] });
      yield new ToolMessage({ content: "rain", tool_call_id: "t1" });
      yield new AIMessageChunk({ content: "It rains." });
    });
    const { url } = await serve({ agent });
    const { message } = await read(`${url}/agent/chat`, "weather?");
    expect(message!.parts).toMatchObject([
      { type: "text", text: "Let me look. " },
      { type: "tool-weather", toolCallId: "t1", input: { city: "Ulm" }, output: "rain", state: "output-available" },
      { type: "text", text: "It rains." },
    ]);
  });

  it("sends other chunks as data", async () => {
    const { url } = await serve({ counts: RunnableLambda.from(() => ({ words: 3 })) });
    const { message } = await read(`${url}/counts/chat`, "a b c");
    expect(message!.parts).toEqual([{ type: "data-chunk", data: { words: 3 } }]);
  });

  it("ends with an error that says nothing of what went wrong", async () => {
    const fails = RunnableLambda.from(async function* () {
      yield "so far ";
      throw new Error("the password is 12345");
    });
    const { url } = await serve({ fails });
    const { errors } = await read(`${url}/fails/chat`, "x");
    expect(errors).toEqual(["Internal Server Error"]);
    expect(await (await fetch(`${url}/metrics`)).text()).toContain('runlane_runs_failed_total{chain="fails"} 1');
  });

  it("takes the whole conversation where the server says so", async () => {
    const count = RunnableLambda.from((messages: unknown[]) => `${messages.length} messages`);
    const { url } = await serve({ count }, { chatInput: (messages) => messages });
    const { message } = await read(`${url}/count/chat`, "x");
    expect(message!.parts).toMatchObject([{ type: "text", text: "1 messages" }]);
  });

  it("gives a chain that takes an object with one text such an object", async () => {
    const answer = RunnableLambda.from(({ question }: { question: string }) => `You ask: ${question}`).withTypes({
      input: z.object({ question: z.string(), language: z.string().optional() }),
    });
    const { url } = await serve({ answer });
    const { message } = await read(`${url}/answer/chat`, "why?");
    expect(message!.parts).toMatchObject([{ type: "text", text: "You ask: why?" }]);
  });

  it("refuses bodies without messages", async () => {
    const { url } = await serve({ echo: RunnableLambda.from((text: string) => text) });
    const response = await post(`${url}/echo/chat`, { messages: [{ content: "hi" }] });
    expect(response.status).toBe(422);
    expect((await jsonOf(response)).detail[0].loc).toEqual(["body", "messages"]);
  });
});
