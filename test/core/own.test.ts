import { afterAll, afterEach, describe, expect, it } from "vitest";
import { concat } from "../../src/core/streams/concat.ts";
import {
  ensureConfig,
  load,
  mergeConfigs,
  processes,
  type Runnable,
  RunnableBranch,
  RunnableLambda,
  type RunnableLike,
  RunnableParallel,
  RunnablePassthrough,
  RunnablePick,
  RunnableSequence,
  threads,
} from "../../src/index.ts";
import { all } from "../runnables/support.ts";

const pools = [threads({ max: 1 }), processes({ max: 1 })];
afterAll(() => Promise.all(pools.map((pool) => pool.close())));

const ODD = ["__proto__", "constructor", "toString", "valueOf", "hasOwnProperty", "__defineGetter__"] as const;

/** An object with a key of its own, whatever that is called. */
const having = <T>(key: string, value: T): Record<string, T> => Object.fromEntries([[key, value]]);

/** Own keys and values, and that nothing else has become of the object. */
function contentOf(object: unknown): [string, unknown][] {
  expect(Object.getPrototypeOf(object)).toBe(Object.prototype);
  return Object.entries(object as object);
}

describe.each(ODD)("a key called %s", (key) => {
  const double = RunnableLambda.from((x: number) => x * 2);

  it("is a key of a parallel's outputs, called, streamed, bounded and in a batch", async () => {
    const steps = { ...having(key, double), b: async (x: number) => x + 1 } as Record<string, RunnableLike>;
    const both = RunnableParallel.from<number, Record<string, unknown>>(steps);
    const expected = Object.entries({ ...having(key, 2), b: 2 });
    expect(contentOf(await both.invoke(1))).toEqual(expected);
    expect(contentOf(await both.invoke(1, { maxConcurrency: 1 }))).toEqual(expected);
    expect((await both.batch([1, 1])).map(contentOf)).toEqual([expected, expected]);
    const joined = (await all(await both.stream(1))).reduce((first, second) => concat(first, second));
    expect(contentOf(joined).sort()).toEqual(expected.sort());
  });

  it("is a key that assign adds, and that pick takes", async () => {
    const added = RunnablePassthrough.assign(having(key, () => 1));
    expect(contentOf(await added.invoke({ a: 0 }))).toEqual([
      ["a", 0],
      [key, 1],
    ]);
    const inputs = Object.fromEntries([
      ["a", 0],
      [key, 7],
    ]);
    expect(contentOf(await new RunnablePick(["a", key]).invoke(inputs))).toEqual([
      ["a", 0],
      [key, 7],
    ]);
    expect(await new RunnablePick(key).invoke(inputs)).toBe(7);
    expect(await new RunnablePick(key).invoke({ a: 0 })).toBeUndefined();
    expect(await new RunnablePick(["a", key]).invoke({ a: 0 })).toEqual({ a: 0 });
  });

  it("is a key of chunks that are joined", () => {
    expect(contentOf(concat({ a: 1 }, having(key, "x")))).toEqual([
      ["a", 1],
      [key, "x"],
    ]);
    expect(contentOf(concat(having(key, "x"), having(key, "y")))).toEqual([[key, "xy"]]);
  });

  it("is a call option like any other", async () => {
    const read = RunnableLambda.from((_: number, config) => (Object.hasOwn(config, key) ? config[key] : "none"));
    expect(await read.invoke(1, having(key, 3))).toBe(3);
    expect(await read.bind(having(key, 4)).invoke(1)).toBe(4);
    expect(await read.bind(having(key, 4)).bind(having("other", 1)).invoke(1)).toBe(4);
    expect(await read.batch([1, 2], [having(key, 5), {}])).toEqual([5, "none"]);
    expect(contentOf(mergeConfigs(having(key, 1), having(key, 2)))).toEqual([[key, 2]]);
    expect(contentOf(mergeConfigs({ metadata: having(key, 1) }, {}).metadata)).toEqual([[key, 1]]);
    expect(Object.entries(ensureConfig(having(key, 1)))).toContainEqual([key, 1]);
    expect(Object.getPrototypeOf(ensureConfig(having(key, { tags: ["x"] })))).toBe(Object.prototype);
  });

  it("is an id of what is configurable, with a prefix too", async () => {
    const inner = double.configurableAlternatives(
      { id: key, defaultKey: "twice" },
      { same: () => new RunnablePassthrough() },
    );
    expect(await inner.invoke(2)).toBe(4);
    expect(await inner.invoke(2, { configurable: {} })).toBe(4);
    expect(await inner.invoke(2, { configurable: having(key, "same") })).toBe(2);
    const outer = inner.configurableAlternatives({ id: "which", defaultKey: "one", prefixKeys: true }, {});
    expect(await outer.invoke(2, { configurable: having(`which==one/${key}`, "same") })).toBe(2);
    expect(inner.getGraph({ configurable: {} }).nodes).toBeTypeOf("object");
    const named = double.configurableFields({ name: { id: key } });
    expect(await named.invoke(2, { configurable: {} })).toBe(4);
  });

  it("is the name of something that a function uses", async () => {
    const uses = having(key, 5);
    const func = (x: number, config: { uses: Record<string, number> }) => [x, Object.entries(config.uses)];
    for (const lane of [undefined, ...pools])
      expect(await RunnableLambda.from(func as never, { uses, lane }).invoke(1)).toEqual([1, [[key, 5]]]);
  });

  it("survives being saved and loaded", async () => {
    const steps = having(key, new RunnablePick("a"));
    const chain = RunnableSequence.from([RunnableParallel.from(steps), new RunnablePassthrough()]);
    const loaded = await load<Runnable>(JSON.stringify(chain.withConfig({ metadata: having(key, 1) })));
    expect(contentOf(await loaded.invoke({ a: 3 }))).toEqual([[key, 3]]);
  });
});

describe("a key that every object has, because somebody has extended Object.prototype", () => {
  afterEach(() => {
    Reflect.deleteProperty(Object.prototype, "shout");
    Reflect.deleteProperty(Object.prototype, "tags");
  });

  it("is no call option, and fails no call", async () => {
    const chain = RunnableSequence.from([
      RunnableParallel.from({ a: (x: number) => x + 1 }),
      RunnableBranch.from([[() => true, ({ a }: { a: number }) => a], () => 0]),
    ]);
    const away = RunnableLambda.from((x: { n: number }) => x.n * 2, { lane: pools[0] });
    Object.assign(Object.prototype, { shout: () => "!", tags: "no list" });
    expect(await chain.invoke(1, { metadata: {} })).toBe(2);
    expect(await chain.withConfig({ runName: "bound" }).batch([1, 2])).toEqual([2, 3]);
    expect(await away.invoke({ n: 2 })).toBe(4);
    expect(Object.keys(mergeConfigs({ timeout: 1 }))).toEqual(["timeout"]);
  });
});
