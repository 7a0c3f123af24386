import { Document } from "@langchain/core/documents";
import {
  AIMessage,
  AIMessageChunk,
  BaseMessage,
  ChatMessage,
  ChatMessageChunk,
  FunctionMessage,
  FunctionMessageChunk,
  HumanMessage,
  HumanMessageChunk,
  RemoveMessage,
  SystemMessage,
  SystemMessageChunk,
  ToolMessage,
  ToolMessageChunk,
} from "@langchain/core/messages";
import { ChatGenerationChunk, GenerationChunk } from "@langchain/core/outputs";
import { ChatPromptValue, ImagePromptValue, StringPromptValue } from "@langchain/core/prompt_values";
import { beforeAll, describe, expect, it } from "vitest";
import { registerLangChainClasses } from "../../src/adapters/langchain/register-classes.ts";
import { findInstance } from "../../src/shipping/data/find-instance.ts";
import { classModules, loadClassModules } from "../../src/shipping/data/registered-classes.ts";
import { TRANSPORTS } from "./data-transports.ts";

beforeAll(() => registerLangChainClasses());

const usage_metadata = { input_tokens: 3, output_tokens: 4, total_tokens: 7 };
const fields = {
  content: "hello",
  id: "run-1",
  name: "ada",
  additional_kwargs: { extra: { nested: [1] } },
  response_metadata: { model_name: "m", finish_reason: "stop" },
};
const chunks = [
  { name: "search", args: '{"query":', id: "call-1", index: 0, type: "tool_call_chunk" as const },
  { name: "search", args: "}", id: "call-2", index: 1, type: "tool_call_chunk" as const },
];

const MESSAGES: BaseMessage[] = [
  new HumanMessage(fields),
  new HumanMessage({
    content: [
      { type: "text", text: "a" },
      { type: "image_url", image_url: "https://a/b.png" },
    ],
  }),
  new AIMessage({
    ...fields,
    tool_calls: [{ name: "search", args: { query: "x" }, id: "call-1", type: "tool_call" }],
    invalid_tool_calls: [{ name: "bad", args: "{", id: "call-2", error: "no JSON", type: "invalid_tool_call" }],
    usage_metadata,
  }),
  new SystemMessage(fields),
  new ToolMessage({ ...fields, tool_call_id: "call-1", artifact: { rows: [1] }, status: "error" }),
  new FunctionMessage({ ...fields, name: "f" }),
  new ChatMessage({ ...fields, role: "moderator" }),
  new RemoveMessage({ id: "run-1" }),
  new HumanMessageChunk(fields),
  new AIMessageChunk({ ...fields, usage_metadata }),
  new AIMessageChunk({ ...fields, content: "", tool_call_chunks: chunks }),
  new SystemMessageChunk(fields),
  new ToolMessageChunk({ ...fields, tool_call_id: "call-1" }),
  new FunctionMessageChunk({ ...fields, name: "f" }),
  new ChatMessageChunk({ ...fields, role: "moderator" }),
];

const OTHERS = [
  new Document({ pageContent: "text", metadata: { page: 1, at: new Date(0) }, id: "doc-1" }),
  new StringPromptValue("Hello"),
  new ChatPromptValue([new SystemMessage("be brief"), new HumanMessage("why?")]),
  new ImagePromptValue({ imageUrl: { url: "https://a/b.png", detail: "low" } }),
  new GenerationChunk({ text: "a", generationInfo: { finish: "stop" } }),
  new ChatGenerationChunk({ text: "a", message: new AIMessageChunk("a") }),
];

describe.each(TRANSPORTS)("LangChain's objects between $name", ({ send }) => {
  it.each(MESSAGES.map((message) => [message.constructor.name, message] as const))("arrive whole: %s", (_, message) => {
    const arrived = send({ messages: [message] }).messages[0] as BaseMessage;
    expect(Object.getPrototypeOf(arrived)).toBe(Object.getPrototypeOf(message));
    expect(arrived).toStrictEqual(message);
    expect(BaseMessage.isInstance(arrived)).toBe(true);
    expect(arrived.getType()).toBe(message.getType());
    expect(arrived.text).toBe(message.text);
    expect(arrived.toDict()).toEqual(message.toDict());
    expect(JSON.stringify(arrived)).toBe(JSON.stringify(message));
    expect(findInstance([message])).toBeUndefined();
  });

  it.each(OTHERS.map((value) => [value.constructor.name, value] as const))("arrive whole: %s", (_, value) => {
    const arrived = send([value])[0];
    expect(Object.getPrototypeOf(arrived)).toBe(Object.getPrototypeOf(value));
    expect(arrived).toStrictEqual(value);
    expect(JSON.stringify(arrived)).toBe(JSON.stringify(value));
    expect(String(arrived)).toBe(String(value));
  });

  it("keep their methods", () => {
    const [first, second] = send([
      new AIMessageChunk({ content: "a", usage_metadata }),
      new AIMessageChunk({ content: "b", usage_metadata }),
    ]);
    const joined = first.concat(second);
    expect(joined).toBeInstanceOf(AIMessageChunk);
    expect([joined.content, joined.usage_metadata.total_tokens]).toEqual(["ab", 14]);
    expect(send(new ChatPromptValue([new HumanMessage("why?")])).toChatMessages()[0]).toBeInstanceOf(HumanMessage);
    const called = send(new AIMessageChunk({ content: "", tool_call_chunks: chunks }));
    expect(called.tool_calls).toEqual(new AIMessageChunk({ content: "", tool_call_chunks: chunks }).tool_calls);
    expect(called.concat(called).tool_call_chunks).toHaveLength(2);
  });
});

describe("registerLangChainClasses", () => {
  it("may be called again, and tells workers what to load", async () => {
    await registerLangChainClasses();
    const modules = classModules();
    expect(modules).toEqual([{ specifier: "runlane/langchain", exportName: "registerLangChainClasses" }]);
    expect(loadClassModules(modules)).toBeUndefined();
  });
});
