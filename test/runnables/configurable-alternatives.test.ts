import * as langchain from "@langchain/core/runnables";
import { FakeListChatModel } from "@langchain/core/utils/testing";
import { describe, expect, it, vi } from "vitest";
import { PLAIN } from "../../src/core/context.ts";
import { RunnableConfigurableAlternatives, RunnableLambda } from "../../src/index.ts";
import { Places } from "./places.ts";
import { all } from "./support.ts";

const say = (greeting: string): RunnableLambda<string, string> =>
  RunnableLambda.from((name: string) => `${greeting} ${name}`);
const language = (key: string) => ({ configurable: { language: key } });
const greet = say("Hello").configurableAlternatives(
  { id: "language", name: "Language", defaultKey: "english" },
  { french: say("Salut"), german: () => say("Hallo") },
);

describe("alternatives", () => {
  it("are chosen by the config of the call", async () => {
    expect(await greet.invoke("Ada")).toBe("Hello Ada");
    expect(await greet.invoke("Ada", language("english"))).toBe("Hello Ada");
    expect(await greet.invoke("Ada", language("french"))).toBe("Salut Ada");
    expect(await greet.invoke("Ada", language("german"))).toBe("Hallo Ada");
  });

  it("differ from input to input of a batch", async () => {
    expect(await greet.batch(["Ada", "Bob"], [language("german"), {}])).toEqual(["Hallo Ada", "Hello Bob"]);
  });

  it("stream", async () => {
    const letters = RunnableLambda.from<string, string>(function* (text: string) {
      yield* text;
    });
    const runnable = say("Hello").configurableAlternatives({ id: "how" }, { letters, later: async () => letters });
    for (const how of ["letters", "later"]) {
      expect(await all(await runnable.stream("abc", { configurable: { how } }))).toEqual(["a", "b", "c"]);
    }
  });

  it("are chosen inside chains, bindings, and what a function returns", async () => {
    const chain = RunnableLambda.from((name: string) => greet.pipe((text) => `${name}: ${text}`));
    expect(await chain.invoke("Ada", language("french"))).toBe("Ada: Salut Ada");
    expect(await chain.withConfig(language("german")).invoke("Ada")).toBe("Ada: Hallo Ada");
    expect(await chain.withConfig(language("german")).invoke("Ada", language("french"))).toBe("Ada: Salut Ada");
  });

  it("return at once when what was chosen does", () => {
    expect(greet.run("Ada", PLAIN)).toBe("Hello Ada");
  });

  it.each(["spanish", "toString", 5])("that do not exist are refused: %s", async (key) => {
    const expected = {
      code: "RUNLANE_UNKNOWN_ALTERNATIVE",
      message: expect.stringMatching(
        /^config\.configurable\.language must be one of english, french, german, but it is/,
      ),
    };
    await expect(greet.invoke("Ada", language(key as string))).rejects.toMatchObject(expected);
    await expect(greet.stream("Ada", language(key as string))).rejects.toMatchObject(expected);
  });

  it("may be objects of steps and LangChain's runnables", async () => {
    const runnable = say("Hello").configurableAlternatives(
      { id: "how" },
      { both: { a: say("A"), b: say("B") }, theirs: langchain.RunnableLambda.from((name: string) => `Theirs ${name}`) },
    );
    expect(await runnable.invoke("Ada", { configurable: { how: "both" } })).toEqual({ a: "A Ada", b: "B Ada" });
    expect(await runnable.invoke("Ada", { configurable: { how: "theirs" } })).toBe("Theirs Ada");
  });

  it("can be given to a LangChain runnable", async () => {
    const model = RunnableConfigurableAlternatives.from(
      new FakeListChatModel({ responses: ["one"] }),
      { id: "model", defaultKey: "small" },
      { large: () => new FakeListChatModel({ responses: ["two"] }) },
    );
    const chain = model.pipe((message) => message.content);
    expect(await chain.batch(["a", "a"], [{}, { configurable: { model: "large" } }])).toEqual(["one", "two"]);
  });

  it("have no run of their own, and are called what the default is called", async () => {
    const places = new Places();
    const named = RunnableLambda.from((x: string) => x, { name: "first" }).configurableAlternatives(
      { id: "which" },
      {},
    );
    expect(named.getName()).toBe("first");
    expect(named.trace).toBeUndefined();
    await greet.invoke("Ada", { ...places.config(), ...language("french"), runName: "mine" });
    expect(places.names("RunnableLambda")).toEqual(["mine"]);
  });

  it.each<[string, unknown, unknown]>([
    ["an id", {}, {}],
    ["an id", undefined, {}],
    ["an object of alternatives", { id: "a" }, undefined],
    ["other keys than the default's", { id: "a" }, { default: say("a") }],
    ["other keys than the default's", { id: "a", defaultKey: "b" }, { b: say("a") }],
  ])("need %s", (expected, which, alternatives) => {
    expect(() => say("a").configurableAlternatives(which as never, alternatives as never)).toThrow(
      expect.objectContaining({ code: "RUNLANE_INVALID_STEPS", message: expect.stringContaining(expected) }),
    );
  });

  it("must be runnables", async () => {
    expect(() => say("a").configurableAlternatives({ id: "a" }, { b: [] as never })).toThrow(
      expect.objectContaining({
        code: "RUNLANE_NOT_RUNNABLE",
        message: expect.stringContaining('The alternative "b"'),
      }),
    );
    const lazy = say("a").configurableAlternatives({ id: "a" }, { b: () => "no" as never });
    await expect(lazy.invoke("x", { configurable: { a: "b" } })).rejects.toMatchObject({
      code: "RUNLANE_NOT_RUNNABLE",
    });
  });
});

describe("an alternative that a function makes", () => {
  const choose = { configurable: { which: "made" } };

  it("is made once, when it is first chosen", async () => {
    const make = vi.fn(() => say("Made"));
    const runnable = say("Hello").configurableAlternatives({ id: "which" }, { made: make });
    await runnable.invoke("Ada");
    expect(make).not.toHaveBeenCalled();
    expect(await runnable.batch(["Ada", "Bob"], choose)).toEqual(["Made Ada", "Made Bob"]);
    expect(make).toHaveBeenCalledTimes(1);
  });

  it("may take its time, and is made once also when several wait for it", async () => {
    const make = vi.fn(async () => say("Made"));
    const runnable = say("Hello").configurableAlternatives({ id: "which" }, { made: make });
    const running = runnable.batch(["Ada", "Bob"], choose);
    expect(runnable.configSpecs().map(({ id }) => id)).toEqual(["which"]);
    expect(await running).toEqual(["Made Ada", "Made Bob"]);
    expect(await runnable.invoke("Eve", choose)).toBe("Made Eve");
    expect(make).toHaveBeenCalledTimes(1);
  });

  it.each([
    [
      "throws",
      () => {
        throw new Error("no luck");
      },
    ],
    ["rejects", () => Promise.reject(new Error("no luck"))],
  ])("is made again when its function %s", async (_, fail) => {
    const make = vi.fn<() => any>(() => say("Made")).mockImplementationOnce(fail);
    const runnable = say("Hello").configurableAlternatives({ id: "which" }, { made: make });
    await expect(runnable.invoke("Ada", choose)).rejects.toThrow("no luck");
    expect(await runnable.invoke("Ada", choose)).toBe("Made Ada");
  });
});

describe("with fields that are configurable themselves", () => {
  const model = (response: string) => new FakeListChatModel({ responses: [response] });
  const build = (prefixKeys: boolean) => {
    const wrap = (response: string) =>
      RunnableLambda.from((_: string) => response).configurableFields({ func: { id: "func" } });
    return wrap("one").configurableAlternatives({ id: "model", defaultKey: "a", prefixKeys }, { b: wrap("two") });
  };
  const func = (text: string) => () => text;

  it("alternatives share ids unless keys are prefixed", async () => {
    const runnable = build(false);
    const configurable = { func: func("x") };
    expect(await runnable.invoke("", { configurable })).toBe("x");
    expect(await runnable.invoke("", { configurable: { ...configurable, model: "b" } })).toBe("x");
    expect(runnable.configSpecs().map(({ id }) => id)).toEqual(["model", "func"]);
  });

  it("each alternative has its own ids when keys are prefixed", async () => {
    const runnable = build(true);
    const configurable = { "model==a/func": func("x"), "model==b/func": func("y") };
    expect(await runnable.invoke("", { configurable })).toBe("x");
    expect(await runnable.invoke("", { configurable: { ...configurable, model: "b" } })).toBe("y");
    expect(await runnable.invoke("", { configurable: { "model==a/func": func("x"), model: "b" } })).toBe("two");
    expect(runnable.configSpecs().map(({ id }) => id)).toEqual(["model", "model==a/func", "model==b/func"]);
  });

  it("configSpecs names the choice and its options", () => {
    expect(greet.configSpecs()).toEqual([
      {
        id: "language",
        name: "Language",
        description: undefined,
        default: "english",
        options: ["english", "french", "german"],
      },
    ]);
  });

  it("an alternative that is not made yet has nothing to list, and has when it is made", async () => {
    const lazy = () => RunnableLambda.from((x: string) => x).configurableFields({ func: { id: "inner" } });
    const runnable = RunnableConfigurableAlternatives.from(model("a"), { id: "model" }, { lazy: lazy as never });
    expect(runnable.configSpecs().map(({ id }) => id)).toEqual(["model"]);
    await runnable.invoke("x", { configurable: { model: "lazy" } });
    expect(runnable.configSpecs().map(({ id }) => id)).toEqual(["model", "inner"]);
  });
});
