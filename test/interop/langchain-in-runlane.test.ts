import { Document } from "@langchain/core/documents";
import { AIMessageChunk } from "@langchain/core/messages";
import { CommaSeparatedListOutputParser, JsonOutputParser, StringOutputParser } from "@langchain/core/output_parsers";
import { ChatPromptTemplate, PromptTemplate } from "@langchain/core/prompts";
import * as langchain from "@langchain/core/runnables";
import { DynamicStructuredTool, tool } from "@langchain/core/tools";
import {
  FakeListChatModel,
  FakeLLM,
  FakeRetriever,
  FakeStreamingChatModel,
  FakeStreamingLLM,
} from "@langchain/core/utils/testing";
import { RecursiveCharacterTextSplitter } from "@langchain/textsplitters";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  Runnable,
  RunnableBranch,
  RunnableEach,
  RunnableLambda,
  RunnableMap,
  RunnablePassthrough,
  RunnableSequence,
} from "../../src/index.ts";
import { all, defer } from "../runnables/support.ts";

const topic = RunnableLambda.from((name: string) => ({ topic: name }));
const fromChunks = (...chunks: string[]) =>
  new FakeStreamingChatModel({ chunks: chunks.map((content) => new AIMessageChunk(content)) });
const boom = (): never => {
  throw new Error("boom");
};

describe("LangChain's prompts, models and parsers in a Runlane chain", () => {
  const chain = topic
    .pipe(ChatPromptTemplate.fromTemplate("Tell me about {topic}"))
    .pipe(new FakeListChatModel({ responses: ["answer"] }))
    .pipe(new StringOutputParser());

  it("run, stream and batch", async () => {
    expect(await chain.invoke("bears")).toBe("answer");
    expect(await all(await chain.stream("bears"))).toEqual([..."answer"]);
    expect(await chain.batch(["a", "b"])).toEqual(["answer", "answer"]);
  });

  it("give the model the messages of the prompt", async () => {
    const echo = topic
      .pipe(ChatPromptTemplate.fromTemplate("Tell me about {topic}"))
      .pipe(new FakeStreamingChatModel({}))
      .pipe(new StringOutputParser());
    expect(await echo.invoke("bears")).toContain("Tell me about bears");
  });

  it("stream from a model that streams text", async () => {
    const chain = topic.pipe(PromptTemplate.fromTemplate("{topic}")).pipe(new FakeStreamingLLM({ responses: ["abc"] }));
    expect(await all(await chain.stream("x"))).toEqual(["a", "b", "c"]);
    expect(
      await topic
        .pipe(PromptTemplate.fromTemplate("{topic}"))
        .pipe(new FakeLLM({ response: "r" }))
        .invoke("x"),
    ).toBe("r");
  });

  it("stream through a parser of partial JSON", async () => {
    const chain = RunnableLambda.from((text: string) => text)
      .pipe(fromChunks('{"a": [1', ", 2]", ', "b": "x"}'))
      .pipe(new JsonOutputParser());
    expect(await all(await chain.stream("go"))).toEqual([{ a: [1] }, { a: [1, 2] }, { a: [1, 2], b: "x" }]);
  });

  it("parse lists", async () => {
    const chain = RunnableSequence.from([(_: string) => "a, b", new CommaSeparatedListOutputParser()]);
    expect(await chain.invoke("")).toEqual(["a", "b"]);
  });

  it("take call options bound in Runlane", async () => {
    const model = new FakeListChatModel({ responses: ["abcdef"] });
    const stopped = topic
      .pipe(PromptTemplate.fromTemplate("{topic}"))
      .pipe(RunnableLambda.from((_: unknown, options) => options.stop?.[0] ?? "none"))
      .withConfig({ stop: ["d"] });
    expect(await stopped.invoke("x")).toBe("d");
    expect(
      (
        await RunnableLambda.from((text: string) => text)
          .pipe(model)
          .invoke("x")
      ).content,
    ).toBe("abcdef");
  });
});

describe("LangChain's retrievers, tools and splitters in a Runlane chain", () => {
  it("find documents", async () => {
    const output = [new Document({ pageContent: "found" })];
    const chain = RunnableMap.from({
      context: new FakeRetriever({ output }),
      question: new RunnablePassthrough<string>(),
    }).pipe(
      ({ context, question }: { context: Document[]; question: string }) => `${question}: ${context[0]?.pageContent}`,
    );
    expect(await chain.invoke("where")).toBe("where: found");
  });

  it("run tools", async () => {
    const schema = z.object({ x: z.number() });
    const add = tool(({ x }) => `${x + 1}`, { name: "add", description: "Adds.", schema });
    const twice = new DynamicStructuredTool({
      name: "twice",
      description: "",
      schema,
      func: async ({ x }) => `${2 * x}`,
    });
    const chain = RunnableSequence.from([(x: number) => ({ x }), add, (text: string) => ({ x: Number(text) }), twice]);
    expect(await chain.invoke(2)).toBe("6");
    await expect(RunnableSequence.from([() => ({ x: "two" }), add]).invoke(0)).rejects.toThrow(/schema/);
  });

  it("split documents", async () => {
    const splitter = new RecursiveCharacterTextSplitter({ chunkSize: 4, chunkOverlap: 0 });
    const chain = RunnableLambda.from((text: string) => [new Document({ pageContent: text })])
      .pipe(splitter)
      .pipe(new RunnableEach({ bound: RunnableLambda.from((part: Document) => part.pageContent) }));
    expect(await chain.invoke("aaa bbb")).toEqual(["aaa", "bbb"]);
  });
});

describe("a LangChain runnable of any class", () => {
  const add = langchain.RunnableLambda.from((x: number) => x + 1);
  const steps: [string, langchain.Runnable<number, unknown>, unknown][] = [
    ["lambda", add, 2],
    ["sequence", add.pipe(add), 3],
    ["map", langchain.RunnableMap.from({ a: add }), { a: 2 }],
    ["branch", langchain.RunnableBranch.from<number, number>([[(x: number) => x > 0, add], () => 0]), 2],
    ["retry", add.withRetry({ stopAfterAttempt: 1 }), 2],
    ["fallbacks", langchain.RunnableLambda.from<number, number>(boom).withFallbacks([add]), 2],
    ["binding", add.withConfig({ tags: ["bound"] }), 2],
    ["passthrough", new langchain.RunnablePassthrough<number>(), 1],
    ["listeners", add.withListeners({ onEnd: () => {} }), 2],
  ];

  it.each(steps)("is a step of a sequence: %s", async (_, step, expected) => {
    const chain = RunnableLambda.from((x: number) => x)
      .pipe(step)
      .pipe((x: unknown) => [x]);
    expect(await chain.invoke(1)).toEqual([expected]);
    expect(await chain.batch([1, 1])).toEqual([[expected], [expected]]);
    expect(await all(await chain.stream(1))).toEqual([[expected]]);
  });

  it.each(steps)("is a value of a map and a branch: %s", async (_, step, expected) => {
    expect(await RunnableMap.from({ key: step }).invoke(1)).toEqual({ key: expected });
    expect(await RunnableBranch.from<number, unknown>([[() => true, step], () => "no"]).invoke(1)).toEqual(expected);
  });

  it("may be what a function returns", async () => {
    expect(await RunnableLambda.from<number, number>(() => add).invoke(1)).toBe(2);
    expect(await all(await RunnableLambda.from<number, number>(() => add).stream(1))).toEqual([2]);
  });

  it("gets a config of its own that it may write to", async () => {
    const foreign = langchain.RunnableLambda.from((x: number, config: Record<string, any>) => {
      config.extra = true;
      return [x, config.configurable?.by];
    });
    const chain = RunnableLambda.from((x: number) => x + 1).pipe(foreign);
    expect(await chain.invoke(1, { configurable: { by: "me" } })).toEqual([2, "me"]);
  });

  it("is kept as it is in steps", () => {
    expect(RunnableSequence.from([(x: number) => x, add]).steps[1]).toBe(add);
    expect(Runnable.isRunnable(add)).toBe(true);
  });

  it("streams its chunks into the next step as they come", async () => {
    const gate = defer<void>();
    const slow = langchain.RunnableLambda.from<string, any>(async function* (text: string) {
      yield text;
      await gate.promise;
      yield "last";
    });
    const stream = await RunnableLambda.from((text: string) => text)
      .pipe(slow)
      .stream("first");
    expect(await stream.next()).toEqual({ done: false, value: "first" });
    gate.resolve();
    expect(await all(stream)).toEqual(["last"]);
  });

  it("fails the chain with its own error", async () => {
    const error = new TypeError("mine");
    const foreign = langchain.RunnableLambda.from((_: number): number => {
      throw error;
    });
    const chain = RunnableLambda.from((x: number) => x).pipe(foreign);
    await expect(chain.invoke(1)).rejects.toBe(error);
    await expect(chain.stream(1)).rejects.toBe(error);
    expect(await chain.batch([1], {}, { returnExceptions: true })).toEqual([error]);
  });

  it("ends when the signal of the call aborts", async () => {
    const controller = new AbortController();
    const endless = langchain.RunnableLambda.from((_: number) => new Promise<number>(() => {}));
    const chain = RunnableLambda.from((x: number) => x).pipe(endless);
    const run = chain.invoke(1, { signal: controller.signal });
    controller.abort();
    await expect(run).rejects.toHaveProperty("name", "AbortError");
  });
});
