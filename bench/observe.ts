/** What it costs when somebody listens: one no-op handler, an event stream. */
import { BaseCallbackHandler } from "@langchain/core/callbacks/base";
import type { CallbackManagerForLLMRun } from "@langchain/core/callbacks/manager";
import { AIMessageChunk } from "@langchain/core/messages";
import { StringOutputParser } from "@langchain/core/output_parsers";
import { ChatGenerationChunk } from "@langchain/core/outputs";
import * as lc from "@langchain/core/runnables";
import { FakeStreamingChatModel } from "@langchain/core/utils/testing";
import { RunnableLambda, RunnableSequence } from "runlane";
import { measure, type Row, row, type SuiteOptions } from "./measure.ts";

/** The cheapest handler there is. LangChain is given it awaited: in the background its queue would grow without end. */
class Silent extends BaseCallbackHandler {
  name = "silent";
  override awaitHandlers = true;
  override handleChainStart(): void {}
  override handleChainEnd(): void {}
}

const add = (x: number) => x + 1;
const steps = new Array(10).fill(add) as any;
const lambda = RunnableLambda.from(add);
const lcLambda = lc.RunnableLambda.from(add);
const ten: any = RunnableSequence.from(steps);
const lcTen: any = lc.RunnableSequence.from(steps);
/** Functions that may look at their config, for which one is made. */
const takingConfigs: any = RunnableSequence.from(new Array(10).fill((x: number, _config: object) => x + 1) as any);
const listened = { callbacks: [new Silent()] };

const one = {
  runlane: async (n: number) => {
    for (let i = 0; i < n; i++) await lambda.invoke(i, listened);
  },
  langchain: async (n: number) => {
    for (let i = 0; i < n; i++) await lcLambda.invoke(i, listened);
  },
};
const chain = {
  runlane: async (n: number) => {
    for (let i = 0; i < n; i++) await ten.invoke(i, listened);
  },
  "with configs": async (n: number) => {
    for (let i = 0; i < n; i++) await takingConfigs.invoke(i, listened);
  },
  unobserved: async (n: number) => {
    for (let i = 0; i < n; i++) await ten.invoke(i);
  },
  langchain: async (n: number) => {
    for (let i = 0; i < n; i++) await lcTen.invoke(i, listened);
  },
};
let seen = 0;
const atOnce = new Array(100).fill(0);
const readAll = async (input: number) => {
  for await (const _ of ten.streamEvents(input, { version: "v2" })) seen++;
};
const events = {
  runlane: async (n: number) => {
    for (let i = 0; i < n; i++) for await (const _ of ten.streamEvents(i, { version: "v2" })) seen++;
  },
  filtered: async (n: number) => {
    const filter = { includeNames: ["RunnableSequence"] };
    for (let i = 0; i < n; i++) for await (const _ of ten.streamEvents(i, { version: "v2" }, filter)) seen++;
  },
  "100 at once": async (n: number) => {
    for (let i = 0; i < n; i++) await Promise.all(atOnce.map(readAll));
  },
  langchain: async (n: number) => {
    for (let i = 0; i < n; i++) for await (const _ of lcTen.streamEvents(i, { version: "v2" })) seen++;
  },
};

/** A chat model that gives 500 chunks, and a parser behind it: both LangChain's. */
class Talkative extends FakeStreamingChatModel {
  override async *_streamResponseChunks(_messages: unknown, _options: unknown, run?: CallbackManagerForLLMRun) {
    for (const message of TOKENS) {
      const chunk = new ChatGenerationChunk({ message, text: message.content as string });
      yield chunk;
      await run?.handleLLMNewToken(chunk.text, undefined, undefined, undefined, undefined, { chunk });
    }
  }
}
const TOKENS = Array.from({ length: 500 }, (_, index) => new AIMessageChunk({ content: `token ${index} ` }));
const talk = [new Talkative({ chunks: TOKENS }), new StringOutputParser()] as any;
const talking: any = RunnableSequence.from(talk);
const lcTalking: any = lc.RunnableSequence.from(talk);
const tokens = {
  runlane: async (n: number) => {
    for (let i = 0; i < n; i++) for await (const _ of talking.streamEvents("hi", { version: "v2" })) seen++;
  },
  "without events": async (n: number) => {
    for (let i = 0; i < n; i++) for await (const _ of await talking.stream("hi")) seen++;
  },
  langchain: async (n: number) => {
    for (let i = 0; i < n; i++) for await (const _ of lcTalking.streamEvents("hi", { version: "v2" })) seen++;
  },
};

/** Events of a chain of ten: the start, the chunk and the end of each run. */
const EVENTS = 33;
/** Runs of a chain of ten: each step's, and the chain's own. */
const RUNS = 11;
const us = (ns: number): [number, string] => [ns / 1000, "us"];

export async function observe({ quick }: SuiteOptions): Promise<Row[]> {
  const rounds = quick ? 9 : 41;
  const lambdaTimes = await measure(one, { rounds });
  const chainTimes = await measure(chain, { rounds });
  const eventTimes = await measure(events, { rounds: quick ? 5 : 15, targetMs: 60 });
  const tokenTimes = await measure(tokens, { rounds: quick ? 5 : 15, targetMs: 100 });
  if (seen === 0) throw new Error("no events");
  const perStep = (ns: number) => us((ns - chainTimes.unobserved) / RUNS);
  return [
    row("a step, one no-op handler", perStep(chainTimes.runlane), null, { limit: 0.8 }),
    row("the same, of a function that takes its config", perStep(chainTimes["with configs"]), null),
    row("invoke, one no-op handler", us(lambdaTimes.runlane), ["langchain", lambdaTimes.langchain / 1000]),
    row("10 sync steps, one no-op handler", us(chainTimes.runlane), ["langchain", chainTimes.langchain / 1000], {
      timesLess: 40,
    }),
    row("streamEvents of 10 sync steps", us(eventTimes.runlane), ["langchain", eventTimes.langchain / 1000], {
      timesLess: 10,
    }),
    row("one of its events", us(eventTimes.runlane / EVENTS), null, { limit: 2 }),
    row("one of its events, 100 streams at once", us(eventTimes["100 at once"] / 100 / EVENTS), null, { limit: 2 }),
    row("the same, filtered by name", us(eventTimes.filtered), ["all events", eventTimes.runlane / 1000], { max: 0.5 }),
    row(
      "streamEvents of a chat model's 500 tokens",
      us(tokenTimes.runlane),
      ["langchain", tokenTimes.langchain / 1000],
      {
        timesLess: 5,
      },
    ),
    row("the same", us(tokenTimes.runlane), ["stream, no events", tokenTimes["without events"] / 1000]),
  ];
}
