import type { CallbackManagerForLLMRun } from "@langchain/core/callbacks/manager";
import { AIMessageChunk } from "@langchain/core/messages";
import { StringOutputParser } from "@langchain/core/output_parsers";
import { ChatGenerationChunk } from "@langchain/core/outputs";
import { ChatPromptTemplate } from "@langchain/core/prompts";
import { BaseRetriever } from "@langchain/core/retrievers";
import * as langchain from "@langchain/core/runnables";
import { tool } from "@langchain/core/tools";
import { FakeListChatModel, FakeStreamingChatModel } from "@langchain/core/utils/testing";
import { SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { AlwaysOffSampler } from "@opentelemetry/sdk-trace-base";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { RunnableLambda, RunnableParallel } from "../../../src/index.ts";
import { start } from "./support.ts";

const add = RunnableLambda.from((x: number) => x + 1, { name: "add" });
const double = RunnableLambda.from(async (x: number) => x * 2, { name: "double" });

describe("spans of runs", () => {
  it("are one for each step, under the span of the whole, which is a workflow", async () => {
    const sdk = await start();
    expect(await add.pipe(double).invoke(1, { runName: "sum" })).toBe(4);
    expect(sdk.paths()).toEqual(["invoke_workflow sum > add", "invoke_workflow sum > double", "invoke_workflow sum"]);
    expect(sdk.span("invoke_workflow sum").attributes).toEqual({
      "gen_ai.operation.name": "invoke_workflow",
      "gen_ai.agent.name": "sum",
      "runlane.step.kind": "sequence",
    });
    expect(sdk.span("double").attributes).toEqual({
      "runlane.step.kind": "lambda",
      "runlane.step.place": "seq:step:2",
    });
  });

  it("are part of the trace around the call, and the active ones inside functions", async () => {
    const sdk = await start();
    const seen: (string | undefined)[] = [];
    const look = RunnableLambda.from(
      async (x: number) => {
        seen.push(trace.getActiveSpan()?.spanContext().spanId);
        await Promise.resolve();
        trace.getTracer("mine").startSpan("query").end();
        return await add.invoke(x);
      },
      { name: "look" },
    );
    await trace.getTracer("mine").startActiveSpan("request", async (span) => {
      await look.invoke(1);
      span.end();
    });
    expect(sdk.paths()).toContain("request > invoke_workflow look > query");
    // A call that a function makes without its config is no workflow of its own.
    expect(sdk.paths()).toContain("request > invoke_workflow look > add");
    expect(seen).toEqual([sdk.span("invoke_workflow look").spanContext().spanId]);
  });

  it("are those of streams, too, whose functions find them active at each chunk", async () => {
    const sdk = await start();
    const names: unknown[] = [];
    const spell = RunnableLambda.from(
      async function* (word: string) {
        for (const letter of word) {
          names.push((trace.getActiveSpan() as { name?: string } | undefined)?.name);
          yield letter;
        }
      },
      { name: "spell" },
    );
    const chunks: string[] = [];
    for await (const chunk of await RunnableLambda.from((text: string) => text, { name: "same" })
      .pipe(spell)
      .stream("ab"))
      chunks.push(chunk);
    expect(chunks).toEqual(["a", "b"]);
    expect(names).toEqual(["spell", "spell"]);
    expect(sdk.paths()).toContain("invoke_workflow RunnableSequence > spell");
  });

  it("say what failed", async () => {
    const sdk = await start();
    const fails = RunnableLambda.from(
      () => {
        throw Object.assign(new Error("no room"), { code: "ENOSPC" });
      },
      { name: "fails" },
    );
    await expect(add.pipe(fails).invoke(1)).rejects.toThrow("no room");
    const { status, attributes } = sdk.span("fails");
    expect(status).toEqual({ code: SpanStatusCode.ERROR, message: "no room" });
    expect(attributes["error.type"]).toBe("ENOSPC");
    expect(sdk.span("invoke_workflow RunnableSequence").status.code).toBe(SpanStatusCode.ERROR);
  });

  it("are told what metadata with dots says, once", async () => {
    const sdk = await start();
    const planner = add.pipe(double).withConfig({
      metadata: { "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "planner", note: "not this" },
    });
    await RunnableLambda.from((x: number) => x, { name: "same" })
      .pipe(planner)
      .invoke(1, { metadata: { "session.id": "s1" }, runName: "all" });
    expect(sdk.paths()).toContain("invoke_workflow all > invoke_agent planner > add");
    expect(sdk.span("invoke_workflow all").attributes["session.id"]).toBe("s1");
    expect(sdk.span("invoke_agent planner").attributes).toMatchObject({ "gen_ai.operation.name": "invoke_agent" });
    expect(sdk.span("add").attributes).toEqual({ "runlane.step.kind": "lambda", "runlane.step.place": "seq:step:1" });
  });

  it("are one trace for each input of a batch", async () => {
    const sdk = await start();
    await RunnableParallel.from({ a: add, b: double }).batch([1, 2, 3]);
    const roots = sdk.spans().filter(({ parentSpanContext }) => parentSpanContext === undefined);
    expect(roots).toHaveLength(3);
    expect(new Set(sdk.spans().map((span) => span.spanContext().traceId)).size).toBe(3);
    expect(sdk.spans()).toHaveLength(9);
  });

  it("hold what was said only where somebody wants that", async () => {
    const quiet = await start();
    await add.invoke(41);
    expect(JSON.stringify(quiet.span("invoke_workflow add").attributes)).not.toContain("41");
    const sdk = await start({ messages: true });
    await add.invoke(41);
    expect(sdk.span("invoke_workflow add").attributes).toMatchObject({ "runlane.input": "41", "runlane.output": "42" });
  });
});

describe("a run that the sampler leaves out", () => {
  it("has no observer in it, and tells the same to whoever starts a trace inside", async () => {
    const sdk = await start({ sampler: new AlwaysOffSampler() });
    const recording: (boolean | undefined)[] = [];
    const seen: unknown[] = [];
    const look = RunnableLambda.from((x: number, config) => {
      recording.push(trace.getActiveSpan()?.isRecording());
      seen.push(config.callbacks);
      return x;
    });
    await add.pipe(look).invoke(1);
    expect(recording).toEqual([false]);
    expect(seen).toEqual([undefined]);
    expect(sdk.spans()).toEqual([]);
  });
});

describe("spans of LangChain's steps", () => {
  const model = new FakeListChatModel({ responses: ["Four."] });

  it("are those of the conventions, inside the step that they are called in", async () => {
    const sdk = await start();
    const chain = RunnableLambda.from((question: string) => ({ question }), { name: "ask" })
      .pipe(ChatPromptTemplate.fromTemplate("{question}") as any)
      .pipe(model as any)
      .pipe(new StringOutputParser() as any);
    expect(await chain.invoke("2 + 2?", { runName: "answer" })).toBe("Four.");
    expect(sdk.paths()).toEqual([
      "invoke_workflow answer > ask",
      "invoke_workflow answer > ChatPromptTemplate",
      "invoke_workflow answer > chat FakeListChatModel",
      "invoke_workflow answer > StrOutputParser",
      "invoke_workflow answer",
    ]);
    const { kind, attributes } = sdk.span("chat FakeListChatModel");
    expect(kind).toBe(SpanKind.CLIENT);
    expect(attributes["gen_ai.operation.name"]).toBe("chat");
  });

  it("tell of models what they were asked, what they used and when they began to answer", async () => {
    const sdk = await start({ messages: true });
    const chunks = [
      new AIMessageChunk({ content: "Fo", id: "m1" }),
      new AIMessageChunk({
        content: "ur.",
        response_metadata: { model_name: "fake-1", finish_reason: "stop" },
        usage_metadata: { input_tokens: 5, output_tokens: 2, total_tokens: 7 },
      }),
    ];
    class Streaming extends FakeStreamingChatModel {
      override async *_streamResponseChunks(_messages: unknown, _options: unknown, run?: CallbackManagerForLLMRun) {
        for (const message of chunks) {
          const chunk = new ChatGenerationChunk({ message, text: message.content as string });
          yield chunk;
          await run?.handleLLMNewToken(chunk.text, undefined, undefined, undefined, undefined, { chunk });
        }
      }
    }
    const streaming = new Streaming({ chunks });
    const answer = RunnableLambda.from((text: string) => text, { name: "same" }).pipe(streaming as any);
    for await (const _ of await answer.stream("2 + 2?", { metadata: { ls_model_name: "fake" } }));
    const { attributes } = sdk.span("chat fake");
    expect(attributes).toMatchObject({
      "gen_ai.response.model": "fake-1",
      "gen_ai.response.finish_reasons": ["stop"],
      "gen_ai.usage.input_tokens": 5,
      "gen_ai.usage.output_tokens": 2,
      "gen_ai.response.time_to_first_chunk": expect.any(Number),
    });
    expect(JSON.parse(String(attributes["gen_ai.input.messages"]))).toEqual([
      { role: "user", parts: [{ type: "text", content: "2 + 2?" }] },
    ]);
    expect(JSON.parse(String(attributes["gen_ai.output.messages"]))).toEqual([
      { role: "assistant", parts: [{ type: "text", content: "Four." }], finish_reason: "stop" },
    ]);
  });

  it("are those of tools and retrievers, called by functions with the config", async () => {
    class Shelf extends BaseRetriever {
      lc_namespace = ["test"];
      override async _getRelevantDocuments() {
        return [];
      }
    }
    const weather = tool(async ({ city }) => `rain in ${city}`, {
      name: "weather",
      description: "The weather.",
      schema: z.object({ city: z.string() }),
    });
    const sdk = await start();
    const chain = RunnableLambda.from(
      async (city: string, config) => {
        await new Shelf().invoke(city, config);
        return (await weather.invoke({ city }, config)) as string;
      },
      { name: "look" },
    );
    expect(await chain.invoke("Ulm")).toBe("rain in Ulm");
    expect(sdk.paths()).toEqual([
      "invoke_workflow look > retrieval Shelf",
      "invoke_workflow look > execute_tool weather",
      "invoke_workflow look",
    ]);
    expect(sdk.span("execute_tool weather").attributes).toMatchObject({ "gen_ai.tool.name": "weather" });
  });

  it("are those of its own chains, with Runlane's steps in them", async () => {
    const sdk = await start();
    const theirs = langchain.RunnableLambda.from((x: number) => x + 1).pipe(add as any);
    await double.pipe(theirs as any).invoke(1, { runName: "mixed" });
    expect(sdk.paths()).toEqual([
      "invoke_workflow mixed > double",
      "invoke_workflow mixed > RunnableSequence > RunnableLambda",
      "invoke_workflow mixed > RunnableSequence > add",
      "invoke_workflow mixed > RunnableSequence",
      "invoke_workflow mixed",
    ]);
  });
});

describe("beside other handlers", () => {
  it("each run is told once to each, with the parents that they know", async () => {
    const sdk = await start();
    const told: string[] = [];
    const names = new Map<string, string>();
    const handler = {
      name: "langfuse",
      handleChainStart: (_c: unknown, _i: unknown, id: string, parent: string | undefined, ...rest: unknown[]) => {
        names.set(id, String(rest[3]));
        told.push(`${parent === undefined ? "" : `${names.get(parent)} > `}${rest[3]}`);
      },
      handleChatModelStart: (_m: unknown, _i: unknown, _id: string, parent: string) => {
        told.push(`${names.get(parent)} > model`);
      },
    };
    const model = new FakeListChatModel({ responses: ["Four."] });
    const inner = RunnableLambda.from(async (text: string, config) => (await model.invoke(text, config)).content, {
      name: "inner",
    });
    const chain = RunnableLambda.from((text: string, config) => inner.invoke(text, config), { name: "outer" }).pipe(
      model as any,
    );
    await chain.invoke("2 + 2?", { runName: "all", callbacks: [handler] });
    expect(told).toEqual(["all", "all > outer", "outer > inner", "inner > model", "all > model"]);
    expect(sdk.paths()).toEqual([
      "invoke_workflow all > outer > inner > chat FakeListChatModel",
      "invoke_workflow all > outer > inner",
      "invoke_workflow all > outer",
      "invoke_workflow all > chat FakeListChatModel",
      "invoke_workflow all",
    ]);
  });
});
