import { InMemoryChatMessageHistory } from "@langchain/core/chat_history";
import { AIMessage, type BaseMessage, HumanMessage } from "@langchain/core/messages";
import { StringOutputParser } from "@langchain/core/output_parsers";
import { ChatPromptTemplate } from "@langchain/core/prompts";
import * as langchain from "@langchain/core/runnables";
import { tool } from "@langchain/core/tools";
import { FakeListChatModel } from "@langchain/core/utils/testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  RunnableBranch,
  RunnableGenerator,
  RunnableLambda,
  RunnableMap,
  RunnablePassthrough,
  RunnableSequence,
} from "../../src/index.ts";
import { all, defer } from "../runnables/support.ts";

const add = RunnableLambda.from((x: number) => x + 1);
const upper = RunnableLambda.from((text: string) => text.toUpperCase());
const letters = RunnableLambda.from(function* (word: string) {
  yield* word;
});
const boom = RunnableLambda.from((_: number): number => {
  throw new Error("boom");
});
/** LangChain's classes have protected members, so that only they themselves are assignable to them. */
const asLangChain = (runnable: unknown): langchain.Runnable<any, any> => runnable as langchain.Runnable;

const kinds: [string, unknown, unknown][] = [
  ["lambda", add, 2],
  ["sequence", add.pipe(add), 3],
  ["map", RunnableMap.from({ a: add }), { a: 2 }],
  ["branch", RunnableBranch.from<number, number>([[(x: number) => x > 0, add], () => 0]), 2],
  ["binding", add.withConfig({ tags: ["bound"] }), 2],
  ["passthrough", new RunnablePassthrough<number>(), 1],
  [
    "assign and pick",
    RunnableLambda.from((x: number) => ({ x }))
      .assign({ y: ({ x }: { x: number }) => x + 1 })
      .pick("y"),
    2,
  ],
];

describe("a Runlane runnable of any class in LangChain", () => {
  it.each(kinds)("is a step of a sequence: %s", async (_, step, expected) => {
    const chain = langchain.RunnableSequence.from([(x: number) => x, asLangChain(step), (x: unknown) => [x]]);
    expect(await chain.invoke(1)).toEqual([expected]);
    expect(await chain.batch([1, 1])).toEqual([[expected], [expected]]);
    expect(await all(await chain.stream(1))).toEqual([[expected]]);
  });

  it.each(kinds)("is a value of a map, a branch, an each and a returned runnable: %s", async (_, step, expected) => {
    const runnable = asLangChain(step);
    expect(await langchain.RunnableMap.from({ key: runnable }).invoke(1)).toEqual({ key: expected });
    expect(await langchain.RunnableBranch.from<number, any>([[() => true, runnable], () => "no"]).invoke(1)).toEqual(
      expected,
    );
    expect(await new langchain.RunnableEach({ bound: runnable }).invoke([1, 1])).toEqual([expected, expected]);
    expect(await langchain.RunnableLambda.from<number, any>(() => runnable).invoke(1)).toEqual(expected);
  });

  it.each(kinds)("is bound, retried and fallen back on: %s", async (_, step, expected) => {
    const runnable = asLangChain(step);
    const failing = langchain.RunnableLambda.from((_: number): number => {
      throw new Error("boom");
    });
    expect(await new langchain.RunnableBinding({ bound: runnable, config: {} }).invoke(1)).toEqual(expected);
    expect(await new langchain.RunnableRetry({ bound: runnable, config: {} }).invoke(1)).toEqual(expected);
    expect(await failing.withFallbacks([runnable]).invoke(1)).toEqual(expected);
    expect(await failing.withFallbacks([runnable]).batch([1, 1])).toEqual([expected, expected]);
    expect(await all(await failing.withFallbacks([runnable]).stream(1))).toEqual([expected]);
  });

  it.each(kinds)("streams as the first, a middle and the last step: %s", async (_, step, expected) => {
    const same = (x: unknown) => x;
    const runnable = asLangChain(step);
    for (const steps of [
      [runnable, same, same],
      [same, runnable, same],
      [same, same, runnable],
    ] as [any, any, any][]) {
      expect(await all(await langchain.RunnableSequence.from(steps).stream(1))).toEqual([expected]);
    }
  });
});

describe("streaming through LangChain", () => {
  it("hands chunks on as they come, as the last step", async () => {
    const chain = langchain.RunnableSequence.from([(text: string) => text, letters]);
    expect(await all(await chain.stream("abc"))).toEqual(["a", "b", "c"]);
  });

  it("hands chunks on as they come, between a model and a parser", async () => {
    const shout = RunnableGenerator.from<string, string>(async function* (chunks) {
      for await (const chunk of chunks) yield chunk.toUpperCase();
    });
    const chain = langchain.RunnableSequence.from([
      ChatPromptTemplate.fromTemplate("{x}"),
      new FakeListChatModel({ responses: ["abc"] }),
      new StringOutputParser(),
      shout,
      new RunnablePassthrough<string>(),
    ]);
    expect(await all(await chain.stream({ x: "" }))).toEqual(["A", "B", "C"]);
  });

  it("does not wait for chunks that come later", async () => {
    const gate = defer<void>();
    const slow = RunnableLambda.from(async function* (text: string) {
      yield text;
      await gate.promise;
      yield "last";
    });
    const stream = await langchain.RunnableSequence.from([(text: string) => text, slow]).stream("first");
    expect(await stream.next()).toEqual({ done: false, value: "first" });
    gate.resolve();
    expect(await all(stream)).toEqual(["last"]);
  });

  it("goes through a Runlane sequence that is nested in LangChain's", async () => {
    const nested = RunnableSequence.from([new RunnablePassthrough<string>(), new RunnablePassthrough<string>()]);
    const chain = langchain.RunnableSequence.from([letters, nested.withConfig({ tags: ["nested"] })]);
    expect(await all(await chain.stream("abc"))).toEqual(["a", "b", "c"]);
  });

  it("joins chunks the way the last step joins them", () => {
    const chain = langchain.RunnableSequence.from([(text: string) => text, letters]);
    expect(chain._concatOutputChunks("a", "b")).toBe("ab");
  });
});

describe("what LangChain builds around Runlane", () => {
  it("fails with the error that the step threw", async () => {
    const chain = langchain.RunnableSequence.from([(x: number) => x, boom]);
    await expect(chain.invoke(1)).rejects.toThrow("boom");
    await expect(chain.stream(1)).rejects.toThrow("boom");
    const outcomes = await chain.batch([1, 2], {}, { returnExceptions: true });
    expect(outcomes.map(String)).toEqual(["Error: boom", "Error: boom"]);
  });

  it("sees Runlane's first error before a fallback takes over", async () => {
    const seen: string[] = [];
    const guarded = new langchain.RunnableWithFallbacks<number, number>({
      runnable: asLangChain(boom),
      fallbacks: [
        langchain.RunnableLambda.from((x: number) => {
          seen.push("fallback");
          return x;
        }),
      ],
    });
    expect(await guarded.invoke(3)).toBe(3);
    expect(seen).toEqual(["fallback"]);
  });

  it("aborts Runlane's steps with the signal of the call", async () => {
    const controller = new AbortController();
    const signals: AbortSignal[] = [];
    const started = defer<void>();
    const endless = RunnableLambda.from((_: number, { signal }) => {
      signals.push(signal as AbortSignal);
      started.resolve();
      return new Promise<number>(() => {});
    });
    const run = langchain.RunnableSequence.from([(x: number) => x, endless]).invoke(1, { signal: controller.signal });
    await started.promise;
    controller.abort();
    await expect(run).rejects.toThrow();
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
  });

  it("gives each input of a batch its own config", async () => {
    const read = RunnableLambda.from((x: number, { configurable }) => `${x}${configurable?.unit}`);
    const chain = langchain.RunnableSequence.from([(x: number) => x, read]);
    const configs = [{ configurable: { unit: "m" } }, { configurable: { unit: "s" } }];
    expect(await chain.batch([1, 2], configs)).toEqual(["1m", "2s"]);
  });

  it("passes call options and configurable values through", async () => {
    const read = RunnableLambda.from((_: number, { stop, configurable }) => [stop, configurable?.id]);
    const chain = langchain.RunnableLambda.from((x: number) => x).pipe(asLangChain(read));
    const bound = new langchain.RunnableBinding({ bound: asLangChain(read), config: {}, kwargs: { stop: "." } as any });
    expect(await bound.invoke(1, { configurable: { id: 7 } })).toEqual([".", 7]);
    expect(await chain.invoke(1, { configurable: { id: 8 } })).toEqual([undefined, 8]);
  });

  it("keeps the history of a conversation", async () => {
    const history = new InMemoryChatMessageHistory();
    const reply = RunnableLambda.from((messages: BaseMessage[]) => new AIMessage(`${messages.length}`));
    const chain = new langchain.RunnableWithMessageHistory({
      runnable: asLangChain(reply),
      getMessageHistory: () => history,
      config: { configurable: { sessionId: "1" } },
    });
    expect((await chain.invoke([new HumanMessage("a")])).content).toBe("1");
    expect((await chain.invoke([new HumanMessage("b")])).content).toBe("3");
    expect((await history.getMessages()).map(({ content }) => content)).toEqual(["a", "1", "b", "3"]);
  });

  it("calls Runlane from a tool", async () => {
    const shout = tool(({ text }: { text: string }, config) => upper.invoke(text, config), {
      name: "shout",
      description: "",
      schema: z.object({ text: z.string() }),
    });
    expect(await shout.invoke({ text: "a" })).toBe("A");
    const message = await shout.invoke({ type: "tool_call", id: "1", name: "shout", args: { text: "b" } });
    expect(message.content).toBe("B");
  });

  it("draws its graph and serializes with Runlane's steps in it", () => {
    const chain = langchain.RunnableSequence.from([(text: string) => text, upper, RunnableMap.from({ a: letters })]);
    const names = Object.values(chain.getGraph().nodes).map(({ name }) => name);
    expect(names.filter((name) => name === "Lambda")).toHaveLength(3);
    expect(JSON.parse(JSON.stringify(chain)).id).toEqual(["langchain_core", "runnables", "RunnableSequence"]);
  });
});
