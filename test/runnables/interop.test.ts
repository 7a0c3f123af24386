import { Readable } from "node:stream";
import { StringOutputParser } from "@langchain/core/output_parsers";
import { ChatPromptTemplate } from "@langchain/core/prompts";
import * as langchain from "@langchain/core/runnables";
import { FakeListChatModel } from "@langchain/core/utils/testing";
import { describe, expect, it } from "vitest";
import { RunnableLambda, RunnableSequence } from "../../src/index.ts";
import { all } from "./support.ts";

const letters = RunnableLambda.from(function* (word: string) {
  yield* word;
});

describe("LangChain's runnables in a Runlane chain", () => {
  it("run as steps: a prompt, a chat model, a parser", async () => {
    const chain = RunnableLambda.from((topic: string) => ({ topic }))
      .pipe(ChatPromptTemplate.fromTemplate("Tell me about {topic}"))
      .pipe(new FakeListChatModel({ responses: ["answer"] }))
      .pipe(new StringOutputParser());
    expect(await chain.invoke("bears")).toBe("answer");
    expect(await all(await chain.stream("bears"))).toEqual([..."answer"]);
    expect(await chain.batch(["a", "b"])).toEqual(["answer", "answer"]);
  });

  it("get a config of their own that they may write to", async () => {
    const foreign = langchain.RunnableLambda.from((x: number, config) => [x, config.configurable?.by]);
    const chain = RunnableLambda.from((x: number) => x + 1).pipe(foreign);
    expect(await chain.invoke(1, { configurable: { by: "me" } })).toEqual([2, "me"]);
  });

  it("are kept as they are in steps", () => {
    const foreign = langchain.RunnableLambda.from((x: number) => x);
    expect(RunnableSequence.from([(x: number) => x, foreign]).steps[1]).toBe(foreign);
  });
});

describe("Runlane's runnables in a LangChain chain", () => {
  const upper = RunnableLambda.from((text: string) => text.toUpperCase());

  it("run as steps, by invoke, batch and stream", async () => {
    const chain = langchain.RunnableLambda.from((text: string) => `${text}!`).pipe(upper);
    expect(await chain.invoke("a")).toBe("A!");
    expect(await chain.batch(["a", "b"])).toEqual(["A!", "B!"]);
    expect(await all(await chain.stream("a"))).toEqual(["A!"]);
  });

  it("stream chunk by chunk as the last step", async () => {
    const chain = langchain.RunnableSequence.from([(text: string) => text, letters]);
    expect(await all(await chain.stream("abc"))).toEqual(["a", "b", "c"]);
  });

  it("run as values of a map, and bound", async () => {
    const map = langchain.RunnableMap.from({ upper, same: (text: string) => text });
    expect(await map.invoke("a")).toEqual({ upper: "A", same: "a" });
  });
});

describe("what stream returns", () => {
  it.each<[string, (stream: ReadableStream<string>) => Promise<string>]>([
    ["a reader", async (stream) => (await stream.getReader().read()).value ?? ""],
    ["Response", (stream) => new Response(stream.pipeThrough(new TextEncoderStream())).text()],
    ["tee", async (stream) => (await all(stream.tee()[1])).join("")],
    ["Readable.fromWeb", async (stream) => (await Readable.fromWeb(stream as never).toArray()).join("")],
    ["values", async (stream) => (await all(stream.values())).join("")],
  ])("is a web stream for %s", async (consumer, consume) => {
    const stream = await letters.stream("abc");
    expect(stream).toBeInstanceOf(ReadableStream);
    expect(stream.locked).toBe(false);
    expect(await consume(stream)).toBe(consumer === "a reader" ? "a" : "abc");
  });

  it("is locked while it is iterated", async () => {
    const stream = await letters.stream("abc");
    await stream.next();
    expect(stream.locked).toBe(true);
    expect(() => stream.getReader()).toThrow(TypeError);
  });
});
