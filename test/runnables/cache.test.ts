import { AIMessage, HumanMessage } from "@langchain/core/messages";
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { PLAIN } from "../../src/core/context.ts";
import { dataText } from "../../src/core/data-text.ts";
import { type CacheStore, Runnable, RunnableLambda, threads } from "../../src/index.ts";
import { toStep } from "../../src/runnables/coerce.ts";
import { all } from "./support.ts";

/** A step that waits until it is let go, and counts its runs. */
function gated() {
  const runs: unknown[] = [];
  const signals: (AbortSignal | undefined)[] = [];
  const gates: { open(value?: string): void; fail(error: unknown): void }[] = [];
  const step = RunnableLambda.from((input: string, { signal }) => {
    runs.push(input);
    signals.push(signal);
    return new Promise<string>((resolve, reject) => {
      gates.push({ open: (value = input) => resolve(value), fail: reject });
    });
  });
  return { step, runs, signals, gates };
}

/** Lets promises settle, however many follow each other, and imports too. */
const turns = async (ready: () => boolean): Promise<void> => {
  while (!ready()) await new Promise((resolve) => setImmediate(resolve));
};

/** A store that is asked across a turn of the loop. */
function slowStore(): CacheStore & { kept: Map<string, unknown>; ttls: unknown[] } {
  const kept = new Map<string, unknown>();
  const ttls: unknown[] = [];
  const later = () => new Promise((resolve) => setImmediate(resolve));
  return {
    kept,
    ttls,
    async get(key) {
      await later();
      return kept.get(key);
    },
    async set(key, output, ttlMs) {
      await later();
      kept.set(key, output);
      ttls.push(ttlMs);
    },
  };
}

afterEach(() => {
  vi.useRealTimers();
});

describe("a runnable with a cache", () => {
  it("answers an input that comes again without a run", async () => {
    let runs = 0;
    const step = RunnableLambda.from((x: number) => [++runs, x]).withCache();
    expect([await step.invoke(1), await step.invoke(1), await step.invoke(2), await step.invoke(1)]).toEqual([
      [1, 1],
      [1, 1],
      [2, 2],
      [1, 1],
    ]);
    expect(step.statistics()).toEqual({ hits: 2, shared: 0, misses: 2, skipped: 0, storeErrors: 0 });
  });

  it.each([
    ["in memory", undefined],
    ["in a map", () => new Map<string, unknown>()],
    ["in a store that is waited for", slowStore],
  ])("runs each input of a batch once, %s", async (_name, makeStore) => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(5)), fc.boolean(), async (inputs, isSync) => {
        const runs: number[] = [];
        const square = (x: number) => {
          runs.push(x);
          return isSync ? x * x : Promise.resolve(x * x);
        };
        const step = RunnableLambda.from(square).withCache({ store: makeStore?.() });
        expect(await step.batch(inputs)).toEqual(inputs.map((x) => x * x));
        expect(runs.sort()).toEqual([...new Set(inputs)].sort());
        const { hits, shared, misses } = step.statistics();
        expect([hits + shared + misses, misses]).toEqual([inputs.length, runs.length]);
      }),
      { numRuns: 20 },
    );
  });

  it("stays sync where its step and its store are", () => {
    const step = toStep(RunnableLambda.from((x: number) => x + 1).withCache({ store: new Map() }));
    expect([step.run(1, PLAIN), step.run(1, PLAIN)]).toEqual([2, 2]);
  });

  it("forgets what was used longest ago, beyond so many outputs", async () => {
    const runs: number[] = [];
    const step = RunnableLambda.from((x: number) => {
      runs.push(x);
      return x;
    }).withCache({ maxEntries: 2 });
    for (const x of [1, 2, 1, 3, 1, 2]) await step.invoke(x);
    expect(runs).toEqual([1, 2, 3, 2]);
  });

  it("forgets what is older than it may be", async () => {
    vi.useFakeTimers({ toFake: ["performance", "setTimeout", "clearTimeout"] });
    vi.advanceTimersByTime(1);
    let runs = 0;
    const step = RunnableLambda.from(() => ++runs).withCache({ ttlMs: 1000 });
    const outputs = [await step.invoke(1), await step.invoke(1)];
    vi.advanceTimersByTime(1100);
    outputs.push(await step.invoke(1));
    expect(outputs).toEqual([1, 1, 2]);
  });

  it("keeps no failures, and gives them to all who share a run", async () => {
    const { step, runs, gates } = gated();
    const cached = step.withCache();
    const calls = [cached.invoke("a"), cached.invoke("a")];
    await turns(() => gates.length === 1);
    gates[0]?.fail(new Error("down"));
    expect(await Promise.allSettled(calls)).toMatchObject([
      { reason: { message: "down" } },
      { reason: { message: "down" } },
    ]);
    const again = cached.invoke("a");
    await turns(() => gates.length === 2);
    gates[1]?.open("up");
    expect([await again, await cached.invoke("a"), runs]).toEqual(["up", "up", ["a", "a"]]);
  });

  it("keeps no output that is undefined or null", async () => {
    let runs = 0;
    const step = RunnableLambda.from((x: number | null | undefined) => {
      runs++;
      return x;
    }).withCache();
    for (const x of [null, null, undefined, undefined, 0, 0]) await step.invoke(x);
    expect(runs).toBe(5);
  });

  it("leaves a run to the others when one of its callers aborts", async () => {
    for (const leaving of [0, 1]) {
      const { step, signals, gates } = gated();
      const cached = step.withCache();
      const controllers = [new AbortController(), new AbortController()];
      const calls = controllers.map(({ signal }) => cached.invoke("a", { signal }));
      const settled = Promise.allSettled(calls);
      await turns(() => gates.length === 1);
      controllers[leaving]?.abort();
      await expect(calls[leaving]).rejects.toMatchObject({ name: "AbortError" });
      expect(signals[0]?.aborted).toBe(false);
      gates[0]?.open();
      const expected = ["fulfilled", "fulfilled"];
      expected[leaving] = "rejected";
      expect((await settled).map(({ status }) => status)).toEqual(expected);
      expect(await cached.invoke("a")).toBe("a");
    }
  });

  it("gives a run up when all of its callers have left, and begins anew for the next", async () => {
    const { step, signals, gates } = gated();
    const cached = step.withCache();
    const controller = new AbortController();
    const calls = [1, 2].map(() => cached.invoke("a", { signal: controller.signal }));
    await turns(() => gates.length === 1);
    controller.abort();
    await Promise.allSettled(calls);
    expect(signals[0]?.aborted).toBe(true);
    const next = cached.invoke("a");
    await turns(() => gates.length === 2);
    gates[1]?.open("new");
    expect(await next).toBe("new");
  });

  it("times each caller by itself", async () => {
    const { step, gates } = gated();
    const cached = step.withCache();
    const hurried = cached.invoke("a", { timeout: 20 });
    const patient = cached.invoke("a");
    await expect(hurried).rejects.toMatchObject({ name: "TimeoutError" });
    gates[0]?.open();
    expect(await patient).toBe("a");
  });

  it("takes inputs for the same when their data is, and configs when their data that steps read is", async () => {
    let runs = 0;
    const step = RunnableLambda.from(() => ++runs).withCache();
    const one = await step.invoke({ a: 1, b: [new Date(5)] });
    expect(await step.invoke({ b: [new Date(5)], a: 1 })).toBe(one);
    expect(await step.invoke({ b: [new Date(6)], a: 1 })).not.toBe(one);
    const said = await step.invoke([new HumanMessage("hi")]);
    expect(await step.invoke([new HumanMessage("hi")])).toBe(said);
    expect(await step.invoke([new AIMessage("hi")])).not.toBe(said);
    const bare = await step.invoke(1);
    expect(await step.invoke(1, { tags: ["t"], metadata: { m: 1 }, runName: "n", timeout: 1000 })).toBe(bare);
    expect(await step.invoke(1, { configurable: { user: "ada" } })).not.toBe(bare);
    expect(await step.invoke(1, { stop: ["x"] } as object)).not.toBe(bare);
    expect(await step.invoke(1, { writer: () => {}, configurable: { __internal: 1 } } as object)).toBe(bare);
  });

  it("runs inputs that are no data, and counts them", async () => {
    let runs = 0;
    const step = RunnableLambda.from((_: unknown) => ++runs).withCache();
    const cyclic: Record<string, unknown> = {};
    cyclic.self = cyclic;
    for (const input of [() => 1, new Map(), Symbol.iterator, cyclic, { deep: [new Set()] }])
      for (let time = 0; time < 2; time++) await step.invoke(input);
    expect([runs, step.statistics().skipped]).toEqual([10, 10]);
  });

  it("is told by `key` which inputs share an output", async () => {
    let runs = 0;
    const step = RunnableLambda.from((_: { id: string; at: number }) => ++runs).withCache({
      key: ({ id }, { configurable }) => (id === "" ? undefined : `${configurable?.user ?? ""}/${id}`),
    });
    expect(
      await step.batch([
        { id: "a", at: 1 },
        { id: "a", at: 2 },
        { id: "", at: 1 },
        { id: "", at: 1 },
      ]),
    ).toEqual([1, 1, 2, 3]);
    expect(await step.invoke({ id: "a", at: 3 }, { configurable: { user: "ada" } })).toBe(4);
    const wrong = RunnableLambda.from((x: number) => x).withCache({ key: ((x: number) => x) as never });
    await expect(wrong.invoke(1)).rejects.toHaveProperty("code", "RUNLANE_INVALID_OPTION");
  });

  it("shares a run from when a store is asked, and hands it how long to keep", async () => {
    const store = slowStore();
    let runs = 0;
    const make = () => RunnableLambda.from(async (x: string) => `${x}${++runs}`).withCache({ store, ttlMs: 500 });
    expect(await make().batch(["a", "a", "b"])).toEqual(["a1", "a1", "b2"]);
    await turns(() => store.kept.size === 2);
    expect(await make().batch(["b", "a"])).toEqual(["b2", "a1"]);
    expect([runs, store.ttls]).toEqual([2, [500, 500]]);
  });

  it("does not fail for its store, and counts its errors", async () => {
    for (const broken of [async () => Promise.reject(new Error("down")), () => JSON.parse("{")]) {
      const step = RunnableLambda.from((x: number) => x + 1).withCache({ store: { get: broken, set: broken } });
      expect([await step.invoke(1), await step.invoke(1)]).toEqual([2, 2]);
      await turns(() => step.statistics().storeErrors === 4);
    }
  });

  it("is one run to those who observe it, hit or not", async () => {
    const names: string[] = [];
    const step = RunnableLambda.from((x: number) => x, { name: "inner" }).withCache();
    const callbacks = [{ handleChainStart: (...args: unknown[]) => void names.push(args[7] as string) }];
    for (let time = 0; time < 2; time++) await step.invoke(1, { callbacks });
    expect(names).toEqual(["inner", "inner", "inner"]);
  });

  it("draws its way past the step", () => {
    const graph = RunnableLambda.from((x: number) => x)
      .withCache()
      .getGraph();
    expect(graph.edges.map(({ data, conditional }) => [data, conditional ?? false])).toContainEqual(["cached", true]);
  });

  it("is part of chains and of plans, and runs its step on a lane where that has one", async () => {
    await using lane = threads({ max: 1, execArgv: [] });
    const step = RunnableLambda.from((x: number) => x * 2)
      .withLane(lane)
      .withCache({ maxEntries: 9 });
    expect(await step.pipe((x) => x + 1).batch([1, 1, 2])).toEqual([3, 3, 5]);
    expect(step.statistics().misses).toBe(2);
    expect(String(step.explain())).toContain("answers from the last 9 outputs");
  });

  it.each([
    ["key", { key: "a" }],
    ["ttlMs", { ttlMs: 0 }],
    ["maxEntries", { maxEntries: 1.5 }],
    ["store", { store: { get: () => 1 } }],
    ["maxEntries", { maxEntries: 1, store: new Map() }],
  ])("refuses a wrong %s", (option, options) => {
    const make = () => RunnableLambda.from((x: number) => x).withCache(options as never);
    expect(make).toThrow(option);
    expect(make).toThrow(expect.objectContaining({ code: "RUNLANE_INVALID_OPTION" }));
  });
});

describe("a stream through a cache", () => {
  function letters() {
    const state = { runs: 0, closed: 0, signal: undefined as AbortSignal | undefined };
    const step = RunnableLambda.from(async function* (text: string, { signal }) {
      state.runs++;
      state.signal = signal;
      try {
        for (const letter of text) {
          await Promise.resolve();
          yield letter;
        }
      } finally {
        state.closed++;
      }
    });
    return { state, cached: step.withCache() as Runnable<string, string> & { statistics(): object } };
  }

  it("has chunks when it runs, and one chunk when it is answered", async () => {
    const { state, cached } = letters();
    expect(await all(await cached.stream("abc"))).toEqual(["a", "b", "c"]);
    expect(await all(await cached.stream("abc"))).toEqual(["abc"]);
    expect(await cached.invoke("abc")).toBe("abc");
    expect(state.runs).toBe(1);
  });

  it("shares its run with streams and with calls, which have all of it", async () => {
    const { state, cached } = letters();
    const first = await cached.stream("abc");
    const [rest, others, whole] = await Promise.all([all(first), cached.stream("abc").then(all), cached.invoke("abc")]);
    expect([rest, others, whole]).toEqual([["a", "b", "c"], ["a", "b", "c"], "abc"]);
    expect([state.runs, cached.statistics()]).toMatchObject([1, { misses: 1, shared: 2 }]);
  });

  it("waits for a call that runs already", async () => {
    const { step, runs, gates } = gated();
    const cached = step.withCache();
    const call = cached.invoke("a");
    await turns(() => gates.length === 1);
    const stream = cached.stream("a").then(all);
    gates[0]?.open("out");
    expect([await call, await stream, runs]).toEqual(["out", ["out"], ["a"]]);
  });

  it("goes on for the others when one reader leaves, and ends when all have", async () => {
    const { state, cached } = letters();
    const [one, other] = [await cached.stream("abc"), await cached.stream("abc")];
    for await (const _ of one) break;
    expect(await all(other)).toEqual(["a", "b", "c"]);
    const alone = await cached.stream("xyz");
    for await (const _ of alone) break;
    await turns(() => state.closed === 2);
    expect(await all(await cached.stream("xyz"))).toEqual(["x", "y", "z"]);
    expect(state.runs).toBe(3);
  });

  it("aborts what it waits for when its only reader's signal does", async () => {
    let seen: AbortSignal | undefined;
    const step = RunnableLambda.from(async function* (text: string, { signal }) {
      seen = signal;
      yield text;
      await new Promise(() => {});
    }).withCache();
    const controller = new AbortController();
    const stream = await step.stream("a", { signal: controller.signal });
    await stream.next();
    const pending = stream.next();
    controller.abort();
    await expect(pending).rejects.toMatchObject({ name: "AbortError" });
    expect(seen?.aborted).toBe(true);
  });

  it("keeps what its chunks join to, as who made them says", async () => {
    class Snapshots extends Runnable<string, object> {
      override async invoke() {
        return { a: 2 };
      }
      override async *_streamIterator() {
        yield { a: 1 };
        yield { a: 2 };
      }
      override _concatOutputChunks<O>(_: O, second: O): O {
        return second;
      }
    }
    const cached = new Snapshots().withCache();
    expect(await all(await cached.stream("q"))).toEqual([{ a: 1 }, { a: 2 }]);
    expect(await all(await cached.stream("q"))).toEqual([{ a: 2 }]);
  });
});

it("the text of data is the same for the same data alone", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
      const isSame = JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));
      expect(dataText(one) === dataText(other)).toBe(isSame);
      expect(dataText(one)).toBe(dataText(structuredClone(one)));
    }),
  );
});

function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return Object.is(value, -0) ? 0 : value;
  if (Array.isArray(value)) return value.map(sorted);
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return { entries: entries.map(([key, part]) => [key, sorted(part)]) };
}
