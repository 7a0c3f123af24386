import { BaseCallbackHandler } from "@langchain/core/callbacks/base";
import { CallbackManager as LangChainManager } from "@langchain/core/callbacks/manager";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import {
  type CallbackHandler,
  CallbackManager,
  mergeConfigs,
  type RunnableConfig,
  RunnableLambda,
} from "../../src/index.ts";
import { all } from "../runnables/support.ts";
import { recorder } from "./support.ts";

const one: CallbackHandler = { name: "one" };
const two: CallbackHandler = { name: "two" };
const add = RunnableLambda.from((x: number) => x + 1);

/** The state of a manager, as plain data. */
function plain(manager: CallbackManager): object {
  const { handlers, inheritableHandlers, tags, inheritableTags, metadata, inheritableMetadata } = manager;
  const names = (list: CallbackHandler[]) => list.map(({ name }) => name);
  return {
    handlers: names(handlers),
    inheritableHandlers: names(inheritableHandlers),
    tags,
    inheritableTags,
    metadata,
    inheritableMetadata,
    parent: manager.getParentRunId(),
  };
}

describe("a manager", () => {
  it("starts empty", () => {
    expect(plain(new CallbackManager())).toEqual({
      handlers: [],
      inheritableHandlers: [],
      tags: [],
      inheritableTags: [],
      metadata: {},
      inheritableMetadata: {},
      parent: undefined,
    });
  });

  it("adds, removes and sets handlers, for the runs inside too unless told otherwise", () => {
    const manager = new CallbackManager();
    manager.addHandler(one);
    manager.addHandler(two, false);
    expect(plain(manager)).toMatchObject({ handlers: ["one", "two"], inheritableHandlers: ["one"] });
    manager.removeHandler(one);
    expect(plain(manager)).toMatchObject({ handlers: ["two"], inheritableHandlers: [] });
    manager.setHandler(one);
    expect(plain(manager)).toMatchObject({ handlers: ["one"], inheritableHandlers: ["one"] });
    manager.setHandlers([one, two], false);
    expect(plain(manager)).toMatchObject({ handlers: ["one", "two"], inheritableHandlers: [] });
  });

  it("adds and removes tags; one that is there already moves to the end", () => {
    const manager = new CallbackManager();
    manager.addTags(["a", "b"]);
    manager.addTags(["c"], false);
    manager.addTags(["a"]);
    expect(plain(manager)).toMatchObject({ tags: ["b", "c", "a"], inheritableTags: ["b", "a"] });
    manager.removeTags(["a", "c"]);
    expect(plain(manager)).toMatchObject({ tags: ["b"], inheritableTags: ["b"] });
  });

  it("adds and removes metadata", () => {
    const manager = new CallbackManager();
    manager.addMetadata({ a: 1, b: 1 });
    manager.addMetadata({ a: 2, c: 2 }, false);
    expect(plain(manager)).toMatchObject({ metadata: { a: 2, b: 1, c: 2 }, inheritableMetadata: { a: 1, b: 1 } });
    manager.removeMetadata({ a: 0, c: 0 });
    expect(plain(manager)).toMatchObject({ metadata: { b: 1 }, inheritableMetadata: { b: 1 } });
  });

  it("is copied with more handlers, and only one of those that print to the console", () => {
    const manager = new CallbackManager("parent", { handlers: [one], tags: ["a"], metadata: { m: 1 } });
    const printing = { name: "console_callback_handler" };
    const copy = manager.copy([two, printing, { ...printing }], false);
    expect(plain(copy)).toEqual({
      ...plain(manager),
      handlers: ["one", "two", "console_callback_handler"],
    });
    expect(plain(manager.copy([two]))).toMatchObject({ handlers: ["one", "two"], inheritableHandlers: ["two"] });
  });

  it("hands its inheritable part on to the runs inside a run, and a tag to those alone", async () => {
    const manager = new CallbackManager("outer", {
      handlers: [one, two],
      inheritableHandlers: [one],
      tags: ["a", "b"],
      inheritableTags: ["a"],
      metadata: { m: 1, n: 2 },
      inheritableMetadata: { m: 1 },
    });
    const run = await manager.handleChainStart({}, {}, "inner");
    expect(run.parentRunId).toBe("outer");
    const child = run.getChild("step");
    const inherited = { handlers: ["one"], inheritableHandlers: ["one"], parent: "inner", metadata: { m: 1 } };
    expect(plain(child)).toMatchObject({ ...inherited, tags: ["a", "step"], inheritableTags: ["a"] });
    expect(plain(run.getChild())).toMatchObject({ ...inherited, tags: ["a"] });
    const grandchild = (await child.handleChainStart({}, {}, "innermost")).getChild();
    expect(plain(grandchild)).toMatchObject({ parent: "innermost", tags: ["a"] });
  });

  const change = fc.constantFrom<(manager: CallbackManager) => unknown>(
    (manager) => manager.addHandler(one),
    (manager) => manager.addHandler(two, false),
    (manager) => manager.removeHandler(one),
    (manager) => manager.setHandlers([two, one]),
    (manager) => manager.addTags(["a", "b"]),
    (manager) => manager.addTags(["b", "c"], false),
    (manager) => manager.removeTags(["b"]),
    (manager) => manager.addMetadata({ a: 1 }),
    (manager) => manager.addMetadata({ b: 1 }, false),
    (manager) => manager.removeMetadata({ a: 0 }),
    (manager) => manager.childOf("inner", "tag").addTags(["x"]),
    (manager) =>
      (mergeConfigs({ callbacks: manager }, { callbacks: [two] }) as RunnableConfig).callbacks.addTags(["y"]),
  );

  it("never changes a list in place: what was copied or handed on before stays as it was", () => {
    fc.assert(
      fc.property(fc.array(change), fc.array(change), (before, after) => {
        const manager = new CallbackManager("run");
        for (const apply of before) apply(manager);
        const [copy, child] = [manager.copy(), manager.childOf("inner")];
        const lists = [manager.handlers, manager.tags, manager.inheritableTags];
        const states = [structuredClone(plain(copy)), structuredClone(plain(child)), lists.map((list) => [...list])];
        for (const apply of after) apply(manager);
        expect([plain(copy), plain(child), lists]).toEqual(states);
        const state = structuredClone(plain(manager));
        for (const apply of after) apply(copy);
        expect(plain(manager)).toEqual(state);
      }),
    );
  });

  it("stays as it was when it is the callbacks of a call", async () => {
    const { handler, runs } = recorder();
    const manager = new CallbackManager(undefined, {
      handlers: [handler],
      inheritableHandlers: [handler],
      tags: ["t"],
    });
    const before = structuredClone(plain(manager));
    await add.pipe(add).invoke(1, { callbacks: manager, tags: ["call"], metadata: { m: 1 } });
    expect(plain(manager)).toEqual(before);
    expect([...runs.values()].map(({ tags }) => tags)).toEqual(
      [
        ["t", "call"],
        ["seq:step:1", "call"],
        ["seq:step:2", "call"],
      ].map((tags) => expect.arrayContaining(tags)),
    );
  });

  it("reports models to handlers that know no chat models as text", async () => {
    const told = vi.fn();
    const manager = new CallbackManager(undefined, { handlers: [{ awaitHandlers: true, handleLLMStart: told }] });
    const messages = [
      { content: "hi", getType: () => "human" },
      { content: "hello", getType: () => "ai" },
    ];
    const [first, second] = await manager.handleChatModelStart({}, [messages, []], "id");
    expect(told.mock.calls[0]?.slice(1, 3)).toEqual([["Human: hi\nAI: hello"], "id"]);
    expect(first?.runId).toBe("id");
    expect(second?.runId).not.toBe("id");
  });
});

/** Handlers as a list, as Runlane's manager and as LangChain's. */
const forms: [string, (handler: CallbackHandler) => any][] = [
  ["a list", (handler) => [handler]],
  ["Runlane's manager", (handler) => managed(new CallbackManager() as never, handler)],
  ["LangChain's manager", (handler) => managed(new LangChainManager(), handler)],
];

function managed(manager: LangChainManager, handler: CallbackHandler): LangChainManager {
  manager.addHandler(handler as never, true);
  manager.addTags(["managed"], true);
  return manager;
}

/** A handler in LangChain's form, which its manager can copy. */
function langchainHandler(): { handler: CallbackHandler; log: string[] } {
  const { handler, log } = recorder();
  const made = BaseCallbackHandler.fromMethods(handler as never);
  made.awaitHandlers = true;
  return { handler: made as never, log };
}

describe.each(forms)("callbacks that are %s", (_first, form) => {
  it.each(forms)("merge with %s: both are told, of the runs inside too", async (_second, otherForm) => {
    const [bound, given] = [langchainHandler(), langchainHandler()];
    const callbacks = [form(bound.handler), otherForm(given.handler)];
    const before = callbacks.map((list) => (Array.isArray(list) ? list.length : list.handlers.length));
    const merged = mergeConfigs({ callbacks: callbacks[0] }, { callbacks: callbacks[1] });
    const chain = add.pipe(add);
    expect(await chain.invoke(1, merged)).toBe(3);
    expect(await chain.withConfig({ callbacks: callbacks[0] }).invoke(1, { callbacks: callbacks[1] })).toBe(3);
    const once = ["start RunnableSequence", "start RunnableLambda", "end RunnableLambda"];
    once.push("start RunnableLambda", "end RunnableLambda", "end RunnableSequence");
    expect(bound.log).toEqual([...once, ...once]);
    expect(given.log).toEqual([...once, ...once]);
    expect(callbacks.map((list) => (Array.isArray(list) ? list.length : list.handlers.length))).toEqual(before);
  });

  it("are told once of a run when they are given twice", async () => {
    const { handler, log } = langchainHandler();
    const callbacks = form(handler);
    await add.invoke(1, mergeConfigs({ callbacks }, { callbacks }));
    await add.invoke(1, mergeConfigs({ callbacks }, { callbacks: [handler] }));
    const inner = add.withConfig({ callbacks: [handler] });
    await RunnableLambda.from((x: number, config) => inner.invoke(x, config)).invoke(1, { callbacks });
    expect(log.filter((line) => line.startsWith("start"))).toHaveLength(4);
  });
});

describe("the parent of merged managers", () => {
  it("is that of the manager, where the other is a list", () => {
    const manager = new CallbackManager("parent");
    for (const pair of [
      [manager, [one]],
      [[one], manager],
    ]) {
      const merged: RunnableConfig = mergeConfigs({ callbacks: pair[0] }, { callbacks: pair[1] });
      expect(merged.callbacks.getParentRunId()).toBe("parent");
    }
  });

  it("is that of the later one of two, with the tags and the metadata of both", () => {
    const options = (name: string) => ({
      handlers: [{ name }],
      inheritableHandlers: [{ name }],
      tags: [name, "shared"],
      inheritableTags: [name, "shared"],
      metadata: { [name]: 1, shared: name },
      inheritableMetadata: { [name]: 1, shared: name },
    });
    const [early, late] = [new CallbackManager("a", options("early")), new CallbackManager("b", options("late"))];
    const merged = mergeConfigs({ callbacks: early }, { callbacks: late }).callbacks as CallbackManager;
    expect(merged.getParentRunId()).toBe("b");
    expect(merged.handlers.map(({ name }) => name)).toEqual(["early", "late"]);
    expect(new Set(merged.tags)).toEqual(new Set(["early", "late", "shared"]));
    expect(merged.tags).toHaveLength(3);
    expect(merged.metadata).toEqual({ early: 1, late: 1, shared: "late" });
  });
});

describe("callbacks that are none", () => {
  const invalid: [string, unknown][] = [
    ["a handler by itself", { handleChainStart: () => {} }],
    ["a string", "recorder"],
    ["a number", 5],
    ["true", true],
    ["a function", () => {}],
    ["a list with a string", [one, "two"]],
    ["a list with null", [null]],
    ["a list with undefined", [undefined]],
    ["a list with a function", [() => {}]],
    ["handlers without a manager", { handlers: [one] }],
  ];

  it.each(invalid)("are refused in every kind of call: %s", async (_, callbacks) => {
    const refused = { code: "RUNLANE_INVALID_CONFIG", message: expect.stringContaining("callbacks") };
    await expect(add.invoke(1, { callbacks })).rejects.toMatchObject(refused);
    await expect(add.batch([1], { callbacks })).rejects.toMatchObject(refused);
    await expect(add.stream(1, { callbacks })).rejects.toMatchObject(refused);
    await expect((async () => add.withConfig({ callbacks }).invoke(1))()).rejects.toMatchObject(refused);
    await expect(all(add.pipe(add).transform(new Response("x").body as never, { callbacks }))).rejects.toMatchObject(
      refused,
    );
  });

  it.each([[undefined], [null]])("are fine when they are %s", async (callbacks) => {
    expect(await add.invoke(1, { callbacks })).toBe(2);
  });
});
