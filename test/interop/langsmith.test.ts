import { StringOutputParser } from "@langchain/core/output_parsers";
import { ChatPromptTemplate } from "@langchain/core/prompts";
import * as langchain from "@langchain/core/runnables";
import { LangChainTracer } from "@langchain/core/tracers/tracer_langchain";
import { FakeListChatModel } from "@langchain/core/utils/testing";
import { Client } from "langsmith";
import { getCurrentRunTree, traceable } from "langsmith/traceable";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { traceFromEnvironment } from "../../src/adapters/langchain/index.ts";
import * as runlane from "../../src/index.ts";
import { all, turn } from "../runnables/support.ts";

/** Either library. */
type Lib = any;

/** A run as LangSmith's client was told of it, posted and patched. */
interface Sent {
  id: string;
  name: string;
  run_type: string;
  parent_run_id?: string;
  trace_id: string;
  dotted_order: string;
  inputs?: unknown;
  outputs?: unknown;
  error?: string;
  tags?: string[];
  extra?: { metadata?: Record<string, unknown> };
  end_time?: number;
}

const sent = new Map<string, Sent>();
const client = new Client({ apiUrl: "http://nowhere.invalid", apiKey: "none", autoBatchTracing: false });
const tracer = (): LangChainTracer => new LangChainTracer({ client, projectName: "test" });

beforeEach(() => {
  sent.clear();
  // The border to the network: of every client, also of those that the libraries make themselves.
  vi.spyOn(Client.prototype, "createRun").mockImplementation(async (run: any) => {
    sent.set(run.id, { ...sent.get(run.id), ...run });
  });
  vi.spyOn(Client.prototype, "updateRun").mockImplementation(async (id: string, run: any) => {
    const known = Object.fromEntries(Object.entries(run).filter(([, value]) => value !== undefined));
    sent.set(id, { ...(sent.get(id) as Sent), ...known });
  });
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

/** The runs around a run and itself, outermost first. */
function pathOf(run: Sent): Sent[] {
  const around = run.parent_run_id === undefined ? undefined : sent.get(run.parent_run_id);
  return around === undefined ? [run] : [...pathOf(around), run];
}

/** The names of all runs, each under those around it. */
const paths = (): string[] =>
  [...sent.values()]
    .map((run) =>
      pathOf(run)
        .map(({ name }) => name)
        .join("/"),
    )
    .sort();

/** What tracers and clients do behind the back of a call. */
async function settle(): Promise<void> {
  await runlane.awaitAllCallbacks();
  for (let turns = 0; turns < 5; turns++) await turn();
}

/** All runs without what differs from run to run. */
function trace(): string[] {
  return [...sent.values()]
    .map((run) => {
      const path = pathOf(run);
      const ids = run.dotted_order.split(".").map((part) => part.slice(part.indexOf("Z") + 1));
      expect(ids, `the dotted order of ${run.name}`).toEqual(path.map(({ id }) => id));
      expect(run.trace_id, `the trace of ${run.name}`).toBe(path[0]?.id);
      expect(run.end_time, `the end of ${run.name}`).toBeTypeOf("number");
      const { run_type: type, inputs, outputs, tags, extra } = run;
      const error = run.error?.split("\n")[0];
      const { metadata } = extra ?? {};
      return `${path.map(({ name }) => name).join("/")} ${JSON.stringify({ type, inputs, outputs, error, tags, metadata })}`;
    })
    .map((line) => line.replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "id"))
    .sort();
}

/** What is traced of a call of a chain. */
async function traceOf(chain: any, drive: (chain: any, config: object) => Promise<unknown>): Promise<string[]> {
  sent.clear();
  await drive(chain, { callbacks: [tracer()], tags: ["call"], metadata: { site: "here" } }).catch(() => {});
  await settle();
  return trace();
}

function fail(): number {
  throw new Error("boom");
}

const traced = (name: string) => traceable((x: number) => x * 2, { name, client, tracingEnabled: true });

const chains: [string, (lib: Lib) => any, unknown][] = [
  [
    "functions",
    (lib) => lib.RunnableSequence.from([(x: number) => x + 1, lib.RunnableLambda.from((x: number) => x * 2)]),
    1,
  ],
  [
    "prompt, model and parser",
    (lib) =>
      lib.RunnableSequence.from([
        { topic: new lib.RunnablePassthrough() },
        ChatPromptTemplate.fromTemplate("Tell me about {topic}"),
        new FakeListChatModel({ responses: ["ab"] }),
        new StringOutputParser(),
      ]),
    "bears",
  ],
  [
    "names, tags and metadata",
    (lib) =>
      lib.RunnableLambda.from((x: number) => x)
        .withConfig({ runName: "named", tags: ["mine"], metadata: { a: 1 } })
        .pipe((x: number) => [x]),
    1,
  ],
  [
    "a function that calls a traceable one",
    (lib) => lib.RunnableSequence.from([(x: number) => x, async (x: number) => traced("inner")(x)]),
    1,
  ],
  [
    "a traceable function as a step",
    (lib) => lib.RunnableSequence.from([(x: number) => x, lib.RunnableLambda.from(traced("step"))]),
    1,
  ],
  ["a traceable function alone", (lib) => lib.RunnableLambda.from(traced("alone")), 1],
  ["traceable functions in a map", (lib) => lib.RunnableMap.from({ a: traced("a"), b: traced("b") }), 1],
];

const drives: [string, (input: unknown) => (chain: any, config: object) => Promise<unknown>][] = [
  ["invoked", (input) => (chain, config) => chain.invoke(input, config)],
  ["batched", (input) => (chain, config) => chain.batch([input, input], config)],
  ["streamed", (input) => async (chain, config) => all(await chain.stream(input, config))],
];

describe("LangSmith's trace of a chain with LangChain's tracer among its callbacks", () => {
  describe.each(chains)("of %s", (_, build, input) => {
    it.each(drives)("is the one that LangChain makes, %s", async (_, drive) => {
      const expected = await traceOf(build(langchain), drive(input));
      expect(await traceOf(build(runlane), drive(input))).toEqual(expected);
      expect(expected.length).toBeGreaterThan(0);
    });
  });

  it.each<(typeof drives)[number]>([
    ["invoked", (input) => (chain, config) => chain.invoke(input, config)],
    ["batched", (input) => (chain, config) => chain.batch([input], config)],
    ["streamed", (input) => async (chain, config) => all(await chain.stream(input, config))],
  ])("has the error of a step in the runs around it, %s", async (_, drive) => {
    const build = (lib: Lib): any => lib.RunnableSequence.from([(x: number) => x, fail]);
    const expected = await traceOf(build(langchain), drive(1));
    expect(await traceOf(build(runlane), drive(1))).toEqual(expected);
    expect(expected.filter((line) => line.includes('"error":"boom"'))).toHaveLength(2);
  });

  it("shows plain values of configurable as metadata, which other handlers are not told", async () => {
    const heard: unknown[] = [];
    const other = {
      handleChainStart: (...args: any[]) => {
        heard.push(args[5]);
      },
    };
    const configurable = { user: "Ada", level: 1, __hidden: "x", api_key: "secret", list: [1] };
    const config = { callbacks: [tracer(), other], configurable, metadata: { level: "own" } };
    const drive = (chain: any) => async (): Promise<unknown> => chain.invoke(1, config);
    const build = (lib: Lib): any => lib.RunnableLambda.from((x: number) => x).pipe((x: number) => x);
    const expected = await traceOf(null, drive(build(langchain)));
    heard.length = 0;
    const seen = await traceOf(null, drive(build(runlane)));
    expect(seen).toEqual(expected);
    expect([...sent.values()].map(({ extra }) => extra?.metadata)).toEqual(
      Array.from({ length: 3 }, () => expect.objectContaining({ user: "Ada", level: "own" })),
    );
    expect(JSON.stringify([...sent.values()].map(({ extra }) => extra?.metadata))).not.toMatch(/secret|hidden|list/);
    expect(heard).toEqual(Array.from({ length: 3 }, () => ({ level: "own" })));
  });
});

describe("a lambda of a traceable function", () => {
  it("calls it with the input alone where nobody traces", async () => {
    const calls: unknown[][] = [];
    const func = traceable((...args: unknown[]) => {
      calls.push(args);
      return args[0];
    });
    const lambda = runlane.RunnableLambda.from(func as (input: unknown) => unknown);
    const chain = runlane.RunnableSequence.from([(x: unknown) => x, lambda]);
    expect([await lambda.invoke(1), await chain.invoke(2, { tags: ["a"] }), await lambda.batch([3])]).toEqual([
      1,
      2,
      [3],
    ]);
    expect(calls).toEqual([[1], [2], [3]]);
    expect(sent.size).toBe(0);
  });

  it("gets LangChain's config first where nobody traces: a defect of LangChain", async () => {
    const func = traceable((...args: unknown[]) => args.length);
    expect(await langchain.RunnableLambda.from(func as any).invoke(1)).toBe(2);
  });

  it("is called what LangChain calls it, and is the same when it is built again", async () => {
    const func = traced("f");
    const lambda = new runlane.RunnableLambda({ func: func as any });
    expect(lambda).toBeInstanceOf(runlane.RunnableLambda);
    expect(lambda.func).toBe(func);
    expect(JSON.stringify(lambda)).toBe(JSON.stringify(new langchain.RunnableLambda({ func: func as any })));
    await lambda
      .withRetry()
      .withConfig({ callbacks: [tracer()] })
      .invoke(1);
    await settle();
    expect(paths().filter((path) => path.includes("RunnableLambda"))).toEqual([]);
  });

  it("streams the chunks of a generator as they come, and traces them together", async () => {
    const seen: string[] = [];
    const letters = traceable(
      async function* (text: string) {
        for (const letter of text) {
          seen.push(`made ${letter}`);
          yield letter;
        }
      },
      { name: "letters", client, tracingEnabled: true },
    );
    const chain = runlane.RunnableLambda.from((text: string) => text).pipe(letters as any);
    for await (const letter of await chain.stream("ab", { callbacks: [tracer()] })) seen.push(`took ${letter}`);
    await settle();
    expect(seen.indexOf("took a")).toBeLessThan(seen.indexOf("made b"));
    expect(paths()).toEqual(["RunnableSequence", "RunnableSequence/RunnableLambda", "RunnableSequence/letters"]);
    const run = [...sent.values()].find(({ name }) => name === "letters");
    expect([run?.inputs, run?.outputs]).toEqual([{ input: "ab" }, { outputs: ["a", "b"] }]);
    expect(await chain.invoke("ab")).toBe("ab");
  });

  it("fails with the error of the function, which its run has", async () => {
    const fail = traceable(
      () => {
        throw new TypeError("boom");
      },
      { name: "fail", client, tracingEnabled: true },
    );
    const lambda = runlane.RunnableLambda.from(fail as () => never);
    await expect(lambda.invoke(1, { callbacks: [tracer()] })).rejects.toThrow(new TypeError("boom"));
    await settle();
    expect([...sent.values()].map(({ name, error }) => [name, error])).toEqual([
      ["fail", expect.stringContaining("boom")],
    ]);
  });

  it("reports no run to other handlers, and hands its callbacks on", async () => {
    const names: string[] = [];
    const handler = { handleChainStart: (...args: any[]) => void names.push(args[7]) };
    await runlane.RunnableLambda.from((x: number) => x)
      .pipe(traced("f") as any)
      .invoke(1, { callbacks: [handler] });
    expect(names).toEqual(["RunnableSequence", "RunnableLambda"]);
  });
});

describe("traceable functions around and inside Runlane's chains", () => {
  it("nest in the run of the lambda that calls them, after waits too", async () => {
    const lambda = runlane.RunnableLambda.from(
      async (x: number) => {
        await turn();
        return traced("inside")(x);
      },
      { name: "outside" },
    );
    const both = runlane.RunnableMap.from({ a: lambda, b: lambda.withConfig({ runName: "b" }) });
    expect(await both.invoke(1, { callbacks: [tracer()] })).toEqual({ a: 2, b: 2 });
    await settle();
    expect(paths()).toEqual([
      "RunnableMap",
      "RunnableMap/b",
      "RunnableMap/b/inside",
      "RunnableMap/outside",
      "RunnableMap/outside/inside",
    ]);
  });

  it("stay in the trace of a traceable function around a chain that nobody traces, with a config or without", async () => {
    const chain = runlane.RunnableLambda.from((x: number) => x).pipe(async (x: number) => traced("inside")(x));
    const around = traceable(async (x: number) => [await chain.invoke(x), await chain.invoke(x, { tags: ["a"] })], {
      name: "around",
      client,
      tracingEnabled: true,
    });
    await around(1);
    await settle();
    expect(paths()).toEqual(["around", "around/inside", "around/inside"]);
    expect(new Set([...sent.values()].map((run) => run.trace_id)).size).toBe(1);
  });

  it("hand the config around them on to the chains that they call", async () => {
    const inner = runlane.RunnableLambda.from((_: number, config) => config.configurable?.user as string, {
      name: "inner",
    });
    const middle = traceable((x: number) => inner.invoke(x), { name: "middle", client, tracingEnabled: true });
    const outer = runlane.RunnableLambda.from(async (x: number) => middle(x), { name: "outer" });
    expect(await outer.invoke(1, { callbacks: [tracer()], configurable: { user: "Ada" } })).toBe("Ada");
    await settle();
    expect(paths()).toEqual(["outer", "outer/middle", "outer/middle/inner"]);
  });

  it("see the run tree of the lambda that they would nest in", async () => {
    const lambda = runlane.RunnableLambda.from(() => getCurrentRunTree().name, { name: "me" });
    expect(await lambda.invoke(1, { callbacks: [tracer()] })).toBe("me");
  });
});

describe("traceFromEnvironment", () => {
  const chain = runlane.RunnableLambda.from((x: number) => x + 1).pipe((x: number) => x * 2);
  let stop: (() => void) | undefined;

  afterEach(() => {
    stop?.();
    stop = undefined;
  });

  it("does nothing unless the environment asks for it", async () => {
    stop = traceFromEnvironment();
    expect(await chain.invoke(1)).toBe(4);
    await settle();
    expect(sent.size).toBe(0);
  });

  it("traces every call while LANGSMITH_TRACING is set, as LangChain does, until it is stopped", async () => {
    vi.stubEnv("LANGSMITH_TRACING", "true");
    const build = (lib: Lib): any => lib.RunnableLambda.from((x: number) => x + 1).pipe((x: number) => x * 2);
    await build(langchain).invoke(1, { tags: ["a"] });
    await settle();
    const expected = trace();
    sent.clear();
    stop = traceFromEnvironment();
    await build(runlane).invoke(1, { tags: ["a"] });
    await settle();
    expect(trace()).toEqual(expected);
    expect(expected).toHaveLength(3);
    sent.clear();
    stop();
    await build(runlane).invoke(1);
    await settle();
    expect(sent.size).toBe(0);
  });

  it("traces batches, streams and calls without a config", async () => {
    vi.stubEnv("LANGSMITH_TRACING", "true");
    stop = traceFromEnvironment();
    await chain.invoke(1);
    await chain.batch([1, 2]);
    await all(await chain.stream(1));
    await settle();
    expect(paths().filter((path) => path === "RunnableSequence")).toHaveLength(4);
  });

  it("nests chains in the traceable function that calls them, and traceable functions in their steps", async () => {
    vi.stubEnv("LANGSMITH_TRACING", "true");
    stop = traceFromEnvironment();
    const inner = runlane.RunnableLambda.from(async (x: number) => traced("inside")(x), { name: "step" });
    const around = traceable((x: number) => inner.pipe((y: number) => y).invoke(x), { name: "around", client });
    await around(1);
    await settle();
    expect(paths()).toEqual([
      "around",
      "around/RunnableSequence",
      "around/RunnableSequence/RunnableLambda",
      "around/RunnableSequence/step",
      "around/RunnableSequence/step/inside",
    ]);
    trace();
  });

  it("makes one run of a traceable function that is a step", async () => {
    vi.stubEnv("LANGSMITH_TRACING", "true");
    stop = traceFromEnvironment();
    await runlane.RunnableLambda.from(traced("alone") as any).invoke(1);
    await runlane.RunnableLambda.from((x: number) => x, { name: "first" })
      .pipe(traced("second") as any)
      .invoke(1);
    await settle();
    expect(paths()).toEqual(["RunnableSequence", "RunnableSequence/first", "RunnableSequence/second", "alone"]);
  });

  it("does not trace a call twice whose config brings a tracer", async () => {
    vi.stubEnv("LANGSMITH_TRACING", "true");
    stop = traceFromEnvironment();
    await chain.invoke(1, { callbacks: [tracer()] });
    await settle();
    expect(paths()).toEqual(["RunnableSequence", "RunnableSequence/RunnableLambda", "RunnableSequence/RunnableLambda"]);
  });

  it("prints every call while LANGCHAIN_VERBOSE is set", async () => {
    vi.stubEnv("LANGCHAIN_VERBOSE", "true");
    const print = vi.spyOn(console, "log").mockImplementation(() => {});
    stop = traceFromEnvironment();
    await chain.invoke(1);
    await settle();
    const lines = print.mock.calls.map(([line]) => String(line));
    expect(lines.filter((line) => line.includes("[chain/start]"))).toHaveLength(3);
    expect(lines.filter((line) => line.includes("[chain/end]"))).toHaveLength(3);
    print.mockClear();
    stop();
    await chain.invoke(1);
    await settle();
    expect(print).not.toHaveBeenCalled();
  });
});
