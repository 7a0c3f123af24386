/** What it costs when somebody listens: one no-op handler, an event stream. */
import { BaseCallbackHandler } from "@langchain/core/callbacks/base";
import * as lc from "@langchain/core/runnables";
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
  unobserved: async (n: number) => {
    for (let i = 0; i < n; i++) await ten.invoke(i);
  },
  langchain: async (n: number) => {
    for (let i = 0; i < n; i++) await lcTen.invoke(i, listened);
  },
};
let seen = 0;
const events = {
  runlane: async (n: number) => {
    for (let i = 0; i < n; i++) for await (const _ of ten.streamEvents(i, { version: "v2" })) seen++;
  },
  langchain: async (n: number) => {
    for (let i = 0; i < n; i++) for await (const _ of lcTen.streamEvents(i, { version: "v2" })) seen++;
  },
};

/** Runs of a chain of ten: each step's, and the chain's own. */
const RUNS = 11;
const us = (ns: number): [number, string] => [ns / 1000, "us"];

export async function observe({ quick }: SuiteOptions): Promise<Row[]> {
  const rounds = quick ? 9 : 41;
  const lambdaTimes = await measure(one, { rounds });
  const chainTimes = await measure(chain, { rounds });
  const eventTimes = await measure(events, { rounds: quick ? 5 : 15, targetMs: 60 });
  if (seen === 0) throw new Error("no events");
  const perStep = (chainTimes.runlane - chainTimes.unobserved) / RUNS;
  return [
    row("a step, one no-op handler", us(perStep), null, { limit: 3 }),
    row("invoke, one no-op handler", us(lambdaTimes.runlane), ["langchain", lambdaTimes.langchain / 1000]),
    row("10 sync steps, one no-op handler", us(chainTimes.runlane), ["langchain", chainTimes.langchain / 1000], {
      timesLess: 20,
    }),
    row("streamEvents of 10 sync steps", us(eventTimes.runlane), ["langchain", eventTimes.langchain / 1000]),
  ];
}
