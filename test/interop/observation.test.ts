import { dispatchCustomEvent } from "@langchain/core/callbacks/dispatch";
import { StringOutputParser } from "@langchain/core/output_parsers";
import { ChatPromptTemplate } from "@langchain/core/prompts";
import * as langchain from "@langchain/core/runnables";
import { RunCollectorCallbackHandler } from "@langchain/core/tracers/run_collector";
import { FakeListChatModel, FakeRetriever } from "@langchain/core/utils/testing";
import { describe, expect, it } from "vitest";
import * as runlane from "../../src/index.ts";
import { all } from "../runnables/support.ts";

/** Either library: what is built outside and what is built inside may come from different ones. */
type Lib = any;
type Build = (outer: Lib, inner: Lib) => any;

const model = new FakeListChatModel({ responses: ["ab"] });
const prompt = ChatPromptTemplate.fromTemplate("Tell me about {topic}");
const asked = { topic: "bears" };

const chains: [string, Build, unknown][] = [
  [
    "a chain of prompt, model and parser",
    (outer) => outer.RunnableSequence.from([prompt, model, new StringOutputParser()]),
    asked,
  ],
  [
    "a sequence in a sequence",
    (outer, inner) =>
      outer.RunnableSequence.from([
        (x: number) => x + 1,
        inner.RunnableSequence.from([(x: number) => x + 1, (x: number) => x * 2]),
      ]),
    1,
  ],
  [
    "a map in a sequence",
    (outer, inner) =>
      outer.RunnableSequence.from([
        (x: number) => x + 1,
        inner.RunnableMap.from({ a: (x: number) => x, b: inner.RunnableLambda.from((x: number) => -x) }),
      ]),
    1,
  ],
  [
    "a bound lambda in a map",
    (outer, inner) =>
      outer.RunnableMap.from({
        named: inner.RunnableLambda.from((x: number) => x).withConfig({
          runName: "named",
          tags: ["mine"],
          metadata: { a: 1 },
        }),
        same: new inner.RunnablePassthrough(),
      }),
    1,
  ],
  [
    "a branch around a chain with a model",
    (outer, inner) =>
      outer.RunnableBranch.from([
        [(x: typeof asked) => x.topic === "bears", inner.RunnableSequence.from([prompt, model])],
        () => "default",
      ]),
    asked,
  ],
  [
    "a lambda that returns a chain",
    (outer, inner) =>
      outer.RunnableLambda.from(() => inner.RunnableSequence.from([(x: number) => x + 1, (x: number) => x + 2])),
    1,
  ],
  [
    "a lambda that calls a chain with its config",
    (outer, inner) => {
      const chain = inner.RunnableSequence.from([(x: number) => x + 1, (x: number) => x + 2]);
      return outer.RunnableLambda.from((x: number, config: any) => chain.invoke(x, config));
    },
    1,
  ],
  [
    "a retriever beside a passthrough",
    (outer, inner) =>
      outer.RunnableSequence.from([
        { context: new FakeRetriever(), question: new inner.RunnablePassthrough() },
        inner.RunnableLambda.from(({ question }: { question: string }) => question),
      ]),
    "who",
  ],
];

/** Apart, because LangChain traces a streamed fallback without its output. */
const fallback: Build = (outer, inner) =>
  outer.RunnableLambda.from((_: number) => {
    throw new Error("boom");
  }).withFallbacks([inner.RunnableLambda.from((x: number) => x)]);

const UUID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;
/** LangChain's maps have their keys in the order in which their steps end. */
const sorted = (_: string, value: unknown): unknown =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value;
const plain = (value: unknown): string => JSON.stringify(value ?? null, sorted).replace(UUID, "id");

type Run = RunCollectorCallbackHandler["tracedRuns"][number];

/** The runs of a trace, each under its parents: names, types, tags, metadata, what went in and out, and errors. */
function tree(run: Run, path = ""): string[] {
  const { name, run_type, tags = [], extra, inputs, outputs, error, child_runs = [] } = run;
  const here = `${path}/${name}`;
  const seen = [run_type, [...tags].sort(), extra?.metadata ?? {}, inputs, outputs, error !== undefined];
  return [`${here} ${plain(seen)}`, ...child_runs.flatMap((child) => tree(child as Run, here))];
}

async function traceOf(runnable: any, drive: (runnable: any, config: object) => Promise<unknown>): Promise<string[]> {
  const collector = new RunCollectorCallbackHandler();
  await drive(runnable, { callbacks: [collector], tags: ["call"], metadata: { site: "here" } });
  await new Promise((resolve) => setImmediate(resolve));
  return collector.tracedRuns.flatMap((run) => tree(run)).sort();
}

const sides: [string, Lib, Lib][] = [
  ["Runlane alone", runlane, runlane],
  ["Runlane inside LangChain", langchain, runlane],
  ["LangChain inside Runlane", runlane, langchain],
];

describe.each(sides)("the trace of %s", (_, outer, inner) => {
  describe.each(chains)("%s", (_, build, input) => {
    it.each<[string, (runnable: any, config: object) => Promise<unknown>]>([
      ["invoked", (runnable, config) => runnable.invoke(input, config)],
      ["batched", (runnable, config) => runnable.batch([input, input], config)],
      ["streamed", async (runnable, config) => all(await runnable.stream(input, config))],
    ])("has the runs that LangChain alone has, %s", async (_, drive) => {
      const expected = await traceOf(build(langchain, langchain), drive);
      expect(await traceOf(build(outer, inner), drive)).toEqual(expected);
      expect(expected.length).toBeGreaterThan(1);
    });
  });
});

describe.each(sides)("the trace of a fallback, %s", (_, outer, inner) => {
  it.each<[string, (runnable: any, config: object) => Promise<unknown>]>([
    ["invoked", (runnable, config) => runnable.invoke(1, config)],
    ["batched", (runnable, config) => runnable.batch([1, 2], config)],
  ])("has the runs that LangChain alone has, %s", async (_, drive) => {
    const expected = await traceOf(fallback(langchain, langchain), drive);
    expect(await traceOf(fallback(outer, inner), drive)).toEqual(expected);
  });
});

/** The events of a run without what differs from run to run. */
async function eventsOf(runnable: any, input: unknown): Promise<string[]> {
  const lines: string[] = [];
  for await (const { event, name, tags, data } of runnable.streamEvents(input, { version: "v2", tags: ["call"] })) {
    const chunk = typeof data.chunk === "string" ? data.chunk : "";
    lines.push(`${event} ${name} [${[...tags].sort()}] ${chunk}`);
  }
  return lines.sort();
}

/** LangChain's branch loses its own end: test/defects/events.test.ts. */
const evented = chains.filter(([name]) => !name.startsWith("a branch"));

describe.each(sides)("the events of %s", (_, outer, inner) => {
  it.each(evented)("are those of LangChain alone: %s", async (_, build, input) => {
    const expected = await eventsOf(build(langchain, langchain), input);
    expect(await eventsOf(build(outer, inner), input)).toEqual(expected);
  });

  it("have the custom events of a step", async () => {
    const step = inner.RunnableLambda.from(async (x: number, config: object) => {
      await dispatchCustomEvent("halfway", { x }, config);
      return x;
    });
    const chain = outer.RunnableSequence.from([(x: number) => x, step]);
    const heard: unknown[] = [];
    for await (const { event, name, data } of chain.streamEvents(1, { version: "v2" })) {
      if (event === "on_custom_event") heard.push([name, data]);
    }
    expect(heard).toEqual([["halfway", { x: 1 }]]);
  });
});
