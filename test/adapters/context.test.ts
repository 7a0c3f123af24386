import * as theirs from "@langchain/core/context";
import * as langchain from "@langchain/core/runnables";
import { Annotation, START, StateGraph } from "@langchain/langgraph";
import { afterEach, describe, expect, it, vi } from "vitest";
import * as context from "../../src/adapters/context.ts";
import { RunnableGenerator, RunnableLambda, RunnableMap, RunnableSequence } from "../../src/index.ts";
import { all, turn } from "../runnables/support.ts";
import { Tree } from "./tree.ts";

const { dispatchCustomEvent, getContextVariable, registerConfigureHook, setContextVariable } = context;

/** Says what its config is. */
const seen = RunnableLambda.from((_: unknown, config) => config as any);
const around = { tags: ["a"], metadata: { m: 1 }, configurable: { user: "Ada" } };

/** A lambda that calls something without handing its config on. */
const calling = (use: (x: number) => any) => RunnableLambda.from(async (x: number) => use(x), { name: "caller" });

async function* one(x: unknown): AsyncGenerator<unknown> {
  yield x;
}

function fail(): never {
  throw new Error("boom");
}

async function* through(chunks: AsyncIterable<unknown>): AsyncGenerator<any> {
  for await (const chunk of chunks) yield await seen.invoke(chunk);
}

const calls: [string, (x: unknown) => Promise<any>][] = [
  ["invoke", (x) => seen.invoke(x)],
  ["batch", async (x) => (await seen.batch([x]))[0]],
  ["stream", async (x) => (await all(await seen.stream(x)))[0]],
  ["transform", async (x) => (await all(seen.transform(one(x), {})))[0]],
  ["batchAsCompleted", async (x) => (await all(seen.batchAsCompleted([x])))[0]?.[1]],
  ["batchStream", async (x) => (await all(seen.batchStream([x])))[0]?.[1]],
  ["a sequence", (x) => RunnableSequence.from([(y: unknown) => y, seen]).invoke(x)],
  ["a map", async (x) => (await RunnableMap.from({ seen }).invoke(x)).seen],
  ["a retry", (x) => seen.withRetry().invoke(x)],
  ["a fallback", (x) => RunnableLambda.from(fail).withFallbacks([seen]).invoke(x)],
  ["a generator", async (x) => (await all(await RunnableGenerator.from(through).stream(x)))[0]],
  ["another function", async (x) => RunnableLambda.from(() => seen.invoke(x)).invoke(x)],
];

/** What an outcome holds, or the thing itself. */
const unwrapped = (found: any): any => found.value ?? found;

describe("a runnable that is called inside a function without a config", () => {
  it.each(calls)("inherits the config of the function: %s", async (_, call) => {
    const tree = new Tree();
    const controller = new AbortController();
    const options = { ...around, callbacks: [tree], signal: controller.signal, runName: "outer", runId: ID };
    const { tags, metadata, configurable, signal, runName, runId } = unwrapped(await calling(call).invoke(1, options));
    expect({ tags, metadata, configurable }).toEqual(around);
    expect([runName, runId]).toEqual([undefined, undefined]);
    expect(signal).toBeInstanceOf(AbortSignal);
    expect(tree.runs.length).toBeGreaterThan(1);
    expect(tree.runs.filter((run) => run.endsWith("<"))).toEqual(["outer<"]);
  });

  it("inherits it after waits, timers and other turns", async () => {
    const late = calling(async (x) => {
      await turn();
      await new Promise((resolve) => setTimeout(resolve));
      return seen.invoke(x);
    });
    expect((await late.invoke(1, around)).configurable).toEqual({ user: "Ada" });
  });

  it("replaces what its own config names, key by key", async () => {
    const own = { tags: ["b"], configurable: { other: 1 } };
    const found = await calling((x) => seen.invoke(x, own)).invoke(1, around);
    expect(found).toMatchObject({ ...own, metadata: { m: 1 } });
    expect(found.tags).toEqual(["b"]);
    expect(found.configurable).toEqual({ other: 1 });
  });

  it("is not reported once its own config has no callbacks", async () => {
    const tree = new Tree();
    await calling((x) => seen.invoke(x, { callbacks: [] })).invoke(1, { callbacks: [tree] });
    expect(tree.runs).toEqual(["caller<"]);
  });

  it("ends with the call around it", async () => {
    const controller = new AbortController();
    const inside: AbortSignal[] = [];
    const waiting = RunnableLambda.from((_: number, { signal }) => {
      inside.push(signal as AbortSignal);
      return new Promise<never>(() => {});
    });
    const ends: unknown[] = [];
    const outer = calling((x) => {
      const running = waiting.invoke(x);
      running.catch((error) => ends.push(error.name));
      return running;
    });
    const running = outer.invoke(1, { signal: controller.signal });
    await turn();
    controller.abort();
    await expect(running).rejects.toMatchObject({ name: "AbortError" });
    await turn();
    expect(inside.map(({ aborted }) => aborted)).toEqual([true]);
    expect(ends).toEqual(["AbortError"]);
  });

  it("shares the budget of the call around it", async () => {
    let now = 0;
    let peak = 0;
    const counted = RunnableLambda.from(async (x: number) => {
      peak = Math.max(peak, ++now);
      await turn();
      now--;
      return x;
    });
    const nested = RunnableLambda.from((x: number) => counted.batch([x, x, x]));
    await nested.batch([1, 2, 3], { maxConcurrency: 2 });
    expect(peak).toBe(2);
  });

  it("inherits what its own branch or input was given, beside others", async () => {
    const user = RunnableLambda.from(async (_: number) => {
      await turn();
      const { user, branch } = (await seen.invoke(1)).configurable;
      return (branch ?? user) as string;
    });
    const both = RunnableMap.from({
      a: user.withConfig({ configurable: { branch: "a" } }),
      b: user.withConfig({ configurable: { branch: "b" } }),
      c: user,
    });
    expect(await both.invoke(1, around)).toEqual({ a: "a", b: "b", c: "Ada" });
    const configs = [{ configurable: { user: "x" } }, { configurable: { user: "y" } }];
    expect(await user.batch([1, 2], configs)).toEqual(["x", "y"]);
    expect(await user.batch([1, 2], configs, { maxConcurrency: 1 })).toEqual(["x", "y"]);
  });

  describe("inherits it every time its function goes on", () => {
    const users: unknown[] = [];
    const note = async (x: number): Promise<number> => {
      users.push((await seen.invoke(x)).configurable?.user);
      return x;
    };
    const chunks = RunnableLambda.from(async function* (x: number) {
      yield await note(x);
      await turn();
      yield await note(x);
    });
    const syncChunks = RunnableLambda.from(function* (x: number) {
      yield note(x);
      yield note(x);
    });
    const transformed = RunnableGenerator.from<number, number>(async function* (numbers) {
      for await (const x of numbers) {
        yield await note(x);
        await turn();
        yield await note(x);
      }
    });
    const retried = (): RunnableLambda["invoke"] => {
      let attempts = 0;
      const flaky = RunnableLambda.from(async (x: number) => {
        await note(x);
        if (attempts++ === 0) throw new Error("again");
      });
      const retry = flaky.withRetry({ stopAfterAttempt: 2, backoff: { initialDelayMs: 0 } });
      return (x, config) => retry.invoke(x, config) as Promise<any>;
    };
    const failing = RunnableLambda.from(async (x: number): Promise<number> => {
      await note(x);
      return fail();
    }).withFallbacks([RunnableLambda.from(note)]);

    afterEach(() => {
      users.length = 0;
    });

    it.each<[string, () => Promise<unknown>]>([
      ["an async generator, streamed", async () => all(await chunks.stream(1, around))],
      ["an async generator, invoked", () => chunks.invoke(1, around)],
      ["a generator, streamed", async () => all(await syncChunks.stream(1, around))],
      ["a generator, invoked", () => syncChunks.invoke(1, around)],
      ["a function from chunks to chunks, streamed", async () => all(await transformed.stream(1, around))],
      ["a function from chunks to chunks, invoked", () => transformed.invoke(1, around)],
      ["attempts", () => retried()(1, around)],
      ["fallbacks", () => failing.invoke(1, around)],
    ])("%s", async (_, run) => {
      vi.useFakeTimers({ toFake: ["setTimeout"] });
      try {
        const running = run();
        running.catch(() => {});
        await vi.runAllTimersAsync();
        await vi.advanceTimersByTimeAsync(60_000);
        await running;
      } finally {
        vi.useRealTimers();
      }
      expect(users).toEqual(["Ada", "Ada"]);
    });
  });

  it("is seen by streamEvents of the function", async () => {
    const outer = calling((x) => RunnableLambda.from(() => x, { name: "inner" }).invoke(x));
    const starts: unknown[] = [];
    for await (const { event, name, parent_ids } of outer.streamEvents(
      1,
      { version: "v2" },
      { includeParentIds: true },
    )) {
      if (event.endsWith("_start")) starts.push([name, parent_ids?.length]);
    }
    expect(starts).toEqual([
      ["caller", 0],
      ["inner", 1],
    ]);
  });

  it.each<[string, (inner: typeof seen) => AsyncIterable<unknown>]>([
    ["streamEvents", (inner) => inner.streamEvents(1, { version: "v2" })],
    ["streamEvents, version 1", (inner) => inner.streamEvents(1, { version: "v1" })],
    ["streamLog", (inner) => inner.streamLog(1)],
  ])("reports to the callbacks around it as well as to %s of its own, and ends with the call", async (_, use) => {
    const tree = new Tree();
    const signals: AbortSignal[] = [];
    const waiting = RunnableLambda.from(
      (_: number, { signal }) => {
        signals.push(signal as AbortSignal);
        return new Promise<never>(() => {});
      },
      { name: "inner" },
    );
    const controller = new AbortController();
    const ends: unknown[] = [];
    const outer = calling(async () => all(use(waiting as never)).catch(({ name }) => ends.push(name)));
    const running = outer.invoke(1, { callbacks: [tree], signal: controller.signal });
    while (signals.length === 0) await turn();
    controller.abort();
    await expect(running).rejects.toMatchObject({ name: "AbortError" });
    while (ends.length === 0) await turn();
    expect(tree.runs).toEqual(["caller<", "inner<caller"]);
    expect([ends, signals.map(({ aborted }) => aborted)]).toEqual([["AbortError"], [true]]);
  });

  it("reports to the callbacks around it as well as to listeners and bound callbacks", async () => {
    const tree = new Tree();
    const bound = new Tree();
    const heard: unknown[] = [];
    const inner = RunnableLambda.from((x: number) => x, { name: "inner" })
      .withListeners({ onEnd: (run) => void heard.push(run.name) })
      .withConfig({ callbacks: [bound] });
    await calling((x) => inner.invoke(x)).invoke(1, { callbacks: [tree] });
    expect([tree.runs, bound.runs, heard]).toEqual([["caller<", "inner<caller"], ["inner<?"], ["inner"]]);
  });

  it("inherits nothing once the function has ended, nor in handlers", async () => {
    expect((await calling((x) => seen.invoke(x)).invoke(1, around)).tags).toEqual(["a"]);
    expect((await seen.invoke(1)).tags).toEqual([]);
    const found: unknown[] = [];
    const handler = {
      awaitHandlers: true,
      handleChainStart: async () => void found.push((await seen.invoke(1)).configurable),
    };
    await calling((x) => x).invoke(1, { ...around, callbacks: [handler] });
    expect(found).toEqual([undefined]);
  });
});

const ID = "00000000-0000-4000-8000-000000000001";

describe("dispatchCustomEvent without a config", () => {
  it("tells the callbacks of the run that it is called in", async () => {
    const tree = new Tree();
    const inner = RunnableLambda.from(
      async (x: number) => {
        await turn();
        await dispatchCustomEvent("half", { x });
        return x;
      },
      { name: "inner" },
    );
    await calling((x) => inner.invoke(x)).invoke(1, { callbacks: [tree] });
    expect(tree.events).toEqual([["half", { x: 1 }, "inner"]]);
  });

  it("rejects outside of runs", async () => {
    await expect(dispatchCustomEvent("half", 1)).rejects.toMatchObject({ code: "RUNLANE_NO_RUN" });
  });

  it("is silent in a run that nobody listens to", async () => {
    await expect(calling(() => dispatchCustomEvent("half", 1)).invoke(1, around)).resolves.toBeUndefined();
  });
});

describe("context variables", () => {
  it("are found in everything that is called afterwards, and not outside", async () => {
    const read = RunnableLambda.from(async () => {
      await turn();
      return getContextVariable("who");
    });
    const outer = calling(async (x) => {
      const before = await read.invoke(x);
      setContextVariable("who", "me");
      return [before, await read.invoke(x), (await read.batch([x]))[0], (await all(await read.stream(x)))[0]];
    });
    expect(await outer.invoke(1, around)).toEqual([undefined, "me", "me", "me"]);
    expect(getContextVariable("who")).toBeUndefined();
  });

  it("that a generator sets are still there when it goes on", async () => {
    const generator = RunnableLambda.from(async function* () {
      setContextVariable("who", "me");
      yield getContextVariable("who");
      yield getContextVariable("who");
    });
    expect(await all(await generator.stream(1))).toEqual(["me", "me"]);
    expect(await all(await generator.stream(1, around))).toEqual(["me", "me"]);
  });

  it("that a child sets are not seen by its parent or by other branches", async () => {
    const set = (who: string) =>
      RunnableLambda.from(async () => {
        setContextVariable("who", who);
        await turn();
        return getContextVariable("who");
      });
    const outer = calling(async (x) => {
      setContextVariable("who", "parent");
      const children = await RunnableMap.from({ a: set("a"), b: set("b") }).invoke(x);
      return [children, getContextVariable("who")];
    });
    expect(await outer.invoke(1, around)).toEqual([{ a: "a", b: "b" }, "parent"]);
  });

  it("leave the config of the function in place", async () => {
    const outer = calling((x) => {
      setContextVariable("who", "me");
      return seen.invoke(x);
    });
    expect((await outer.invoke(1, around)).configurable).toEqual({ user: "Ada" });
  });

  const sides = [
    ["LangChain", theirs, "Runlane", context],
    ["Runlane", context, "LangChain", theirs],
  ] as const;
  describe.each(sides)("that %s sets and %s reads", (_, setter, __, getter) => {
    it.each<[string, any, string, any]>([
      ["Runlane", RunnableLambda, "Runlane", RunnableLambda],
      ["Runlane", RunnableLambda, "LangChain", langchain.RunnableLambda],
      ["LangChain", langchain.RunnableLambda, "Runlane", RunnableLambda],
      ["LangChain", langchain.RunnableLambda, "LangChain", langchain.RunnableLambda],
    ])("pass from a lambda of %s to one of %s", async (_, Outer, __, Inner) => {
      const inner = Inner.from(() => getter.getContextVariable("who"));
      const outer = Outer.from((x: number) => {
        setter.setContextVariable("who", "me");
        return inner.invoke(x);
      });
      expect(await outer.invoke(1)).toBe("me");
      expect(await outer.invoke(1, around)).toBe("me");
    });
  });

  it("that LangChain sets leave Runlane's runnables the config of the function", async () => {
    const tree = new Tree();
    const inner = RunnableLambda.from((_: number, { configurable }) => configurable, { name: "inner" });
    const outer = calling((x) => {
      theirs.setContextVariable("who", "me");
      theirs.setContextVariable("where", "here");
      return inner.invoke(x);
    });
    expect(await outer.invoke(1, { ...around, callbacks: [tree] })).toEqual({ user: "Ada" });
    expect(tree.runs).toEqual(["caller<", "inner<caller"]);
  });

  it("that LangChain sets in an inner function leave it the config of that function, not of an outer one", async () => {
    const user = RunnableLambda.from((_: number, { configurable }) => configurable?.user as string);
    const middle = calling((x) => {
      theirs.setContextVariable("who", "me");
      return user.invoke(x);
    });
    const outer = calling((x) => middle.invoke(x, { configurable: { user: "inner" } }));
    expect(await outer.invoke(1, around)).toBe("inner");
  });
});

describe("with LangChain's runnables", () => {
  const lambda = langchain.RunnableLambda.from((_: number, options) => options as any);
  const ours = RunnableLambda.from((_: number, options) => options as any, { name: "ours" });

  it("one that a Runlane lambda calls inherits the lambda's config, under the right parent", async () => {
    const tree = new Tree();
    const found = await calling((x) => lambda.invoke(x)).invoke(1, { ...around, callbacks: [tree] });
    expect(found).toMatchObject(around);
    expect(tree.runs).toEqual(["caller<", "RunnableLambda<caller"]);
  });

  it("one that a generator streams does, too", async () => {
    const tree = new Tree();
    const outer = RunnableLambda.from(
      async function* (x: number) {
        await turn();
        for await (const chunk of await lambda.stream(x)) yield chunk.configurable.user;
      },
      { name: "generator" },
    );
    expect(await all(await outer.stream(1, { ...around, callbacks: [tree] }))).toEqual(["Ada"]);
    expect(tree.runs).toEqual(["generator<", "RunnableLambda<generator"]);
  });

  it("a Runlane runnable that a LangChain lambda calls inherits the lambda's config", async () => {
    // LangChain takes objects with a name as they are, and copies the own methods of others.
    const tree = Object.assign(new Tree(), { name: "tree" });
    const outer = langchain.RunnableLambda.from((x: number) => ours.invoke(x));
    const found = await outer.invoke(1, { ...around, callbacks: [tree as any], runName: "outer" });
    expect(found).toMatchObject(around);
    expect(tree.runs).toEqual(["outer<", "ours<outer"]);
  });

  it("functions of both libraries that call each other are one tree", async () => {
    const tree = new Tree();
    const middle = langchain.RunnableLambda.from(async (x: number) => {
      await turn();
      return ours.invoke(x);
    });
    await calling((x) => middle.invoke(x)).invoke(1, { callbacks: [tree] });
    expect(tree.runs).toEqual(["caller<", "RunnableLambda<caller", "ours<RunnableLambda"]);
  });

  it("a chain that a LangGraph node calls inherits the config of the graph", async () => {
    const State = Annotation.Root({ user: Annotation<string>() });
    const chain = seen.pipe((found: any) => ({ user: found.configurable.user as string }));
    const graph = new StateGraph(State)
      .addNode("node", async () => {
        await turn();
        return chain.invoke(1);
      })
      .addEdge(START, "node")
      .compile();
    expect(await graph.invoke({ user: "" }, { configurable: { user: "Ada" } })).toEqual({ user: "Ada" });
    const parents = new Map<string, string>();
    for await (const event of graph.streamEvents({ user: "" }, { version: "v2", ...around })) {
      if (event.event === "on_chain_start") parents.set(event.name, event.metadata.langgraph_node);
    }
    expect(parents.get("RunnableSequence")).toBe("node");
  });
});

describe("registerConfigureHook", () => {
  const undo: (() => void)[] = [];

  afterEach(() => {
    for (const stop of undo.splice(0)) stop();
    vi.unstubAllEnvs();
  });

  it("adds the handler that a context variable holds to calls in that context", async () => {
    undo.push(registerConfigureHook({ contextVar: "tree" }));
    const tree = new Tree();
    const inner = RunnableLambda.from((x: number) => x, { name: "inner" });
    const outer = calling((x) => {
      setContextVariable("tree", tree);
      return inner.pipe((y: number) => y).invoke(x);
    });
    await outer.invoke(1);
    await inner.invoke(1);
    expect(tree.runs).toEqual(["RunnableSequence<", "inner<RunnableSequence", "RunnableLambda<RunnableSequence"]);
  });

  it("adds it to calls inside a run that has other callbacks", async () => {
    undo.push(registerConfigureHook({ contextVar: "late" }));
    const tree = new Tree();
    const late = new Tree();
    const inner = RunnableLambda.from((x: number) => x, { name: "inner" });
    const outer = calling((x) => {
      setContextVariable("late", late);
      return inner.invoke(x);
    });
    await outer.invoke(1, { callbacks: [tree] });
    expect(tree.runs).toEqual(["caller<", "inner<caller"]);
    expect(late.runs).toEqual(["inner<?"]);
  });

  it("makes a handler for each call while an environment variable asks for it, until it is taken back", async () => {
    const trees: Tree[] = [];
    class Kept extends Tree {
      constructor() {
        super();
        trees.push(this);
      }
    }
    const stop = registerConfigureHook({ envVar: "RUNLANE_TEST_TRACE", handlerClass: Kept });
    undo.push(stop);
    const lambda = calling((x) => seen.invoke(x));
    await lambda.invoke(1);
    vi.stubEnv("RUNLANE_TEST_TRACE", "true");
    await lambda.invoke(1);
    await lambda.invoke(1, around);
    expect(trees.map(({ runs }) => runs)).toEqual([
      ["caller<", "RunnableLambda<caller"],
      ["caller<", "RunnableLambda<caller"],
    ]);
    stop();
    await lambda.invoke(1);
    expect(trees).toHaveLength(2);
  });

  it("reports a handler that is in the config and in the context once", async () => {
    undo.push(registerConfigureHook({ contextVar: "tree" }));
    const tree = new Tree();
    const outer = RunnableLambda.from((x: number) => {
      setContextVariable("tree", tree);
      return RunnableLambda.from((y: number) => y, { name: "inner" }).invoke(x, { callbacks: [tree] });
    });
    await outer.invoke(1);
    expect(tree.runs).toEqual(["inner<"]);
  });
});
