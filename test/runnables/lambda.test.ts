import { describe, expect, it, vi } from "vitest";
import {
  ensureConfig,
  patchConfig,
  pickRunnableConfigKeys,
  RouterRunnable,
  Runnable,
  RunnableBinding,
  RunnableBranch,
  type RunnableConfig,
  RunnableEach,
  RunnableGenerator,
  RunnableLambda,
  RunnableParallel,
  RunnablePassthrough,
  RunnablePick,
  raceWithSignal,
} from "../../src/index.ts";
import { fromNode } from "../../src/runnables/registry.ts";
import { all } from "./support.ts";

describe("a lambda", () => {
  const iterator = (): Iterator<string> => ["a", "b"].values();
  it.each<[string, () => unknown]>([
    [
      "a generator",
      function* () {
        yield "a";
        yield "b";
      },
    ],
    [
      "an async generator",
      async function* () {
        yield "a";
        yield "b";
      },
    ],
    ["a promise of an async iterable", async () => ReadableStream.from(["a", "b"])],
    [
      "a bare iterator",
      () => {
        const inner = iterator();
        return { next: () => inner.next() };
      },
    ],
    [
      "a generator of promises",
      function* () {
        yield Promise.resolve("a");
        yield "b";
      },
    ],
    [
      "an iterable whose iterator is another object",
      () => ({ [Symbol.asyncIterator]: () => ReadableStream.from(["a", "b"])[Symbol.asyncIterator]() }),
    ],
    [
      "a runnable that streams",
      () =>
        RunnableLambda.from(function* () {
          yield "a";
          yield "b";
        }),
    ],
  ])("that returns %s joins its chunks and streams them", async (_, func) => {
    const lambda = RunnableLambda.from(func);
    expect(await lambda.invoke(0)).toBe("ab");
    expect(await all(await lambda.stream(0))).toEqual(["a", "b"]);
    expect(await all(await lambda.pipe(new RunnablePassthrough()).stream(0))).toEqual(["a", "b"]);
  });

  it("does not take arrays and strings apart", async () => {
    expect(await RunnableLambda.from(() => ["a", "b"]).invoke(0)).toEqual(["a", "b"]);
    expect(await all(await RunnableLambda.from(() => "ab").stream(0))).toEqual(["ab"]);
  });

  it("runs later steps once when a thenable calls back twice", async () => {
    const next = vi.fn((x: number) => x);
    const twice = {
      // biome-ignore lint/suspicious/noThenProperty: a misbehaving thenable is the point
      then: (done: (value: number) => void) => {
        done(1);
        done(2);
      },
    };
    const chain = RunnableLambda.from(() => twice as unknown as Promise<number>).pipe(next);
    expect(await chain.invoke(0)).toBe(1);
    expect(next).toHaveBeenCalledTimes(1);
  });
});

describe("streams", () => {
  const upper = RunnableGenerator.from(async function* (chunks: AsyncIterable<string>) {
    for await (const chunk of chunks) yield chunk.toUpperCase();
  });
  const letters = RunnableLambda.from(function* (word: string) {
    yield* word;
  });

  it("flow chunk by chunk through nested and bound sequences", async () => {
    const nested = letters.pipe(upper.pipe(upper).withConfig({ tags: ["bound"] }));
    expect(await all(await nested.stream("abc"))).toEqual(["A", "B", "C"]);
    expect(await all(await letters.pipe(nested).stream("abc"))).toEqual(["A", "B", "C"]);
  });

  it("give the passthrough's function the joined chunks after the last of them", async () => {
    const seen = vi.fn();
    const chain = letters.pipe(new RunnablePassthrough({ func: seen }));
    expect(await all(await chain.stream("abc"))).toEqual(["a", "b", "c"]);
    expect(seen).toHaveBeenCalledExactlyOnceWith("abc", expect.anything());
  });

  it("through assign bring the object's own keys first, and pick skips what is not there", async () => {
    const chain = RunnableLambda.from((word: string) => ({ word })).assign({
      letters: ({ word }) => letters.invoke(word),
    });
    expect(await all(await chain.stream("ab"))).toEqual([{ word: "ab" }, { letters: "ab" }]);
    expect(await all(await chain.pick("letters").stream("ab"))).toEqual(["ab"]);
  });
});

describe("a subclass", () => {
  class OnlyInvoke extends Runnable<number, number> {
    override async invoke(input: number): Promise<number> {
      return input + 1;
    }
  }
  class OnlyStream extends Runnable<string, string> {
    override async invoke(input: string): Promise<string> {
      return input;
    }
    override async *_streamIterator(input: string): AsyncGenerator<string> {
      yield* input;
    }
  }
  class Neither extends Runnable {}

  it("that overrides only invoke works everywhere", async () => {
    const chain = new OnlyInvoke().pipe((x) => x * 2);
    expect(await chain.invoke(1)).toBe(4);
    expect(await chain.batch([1, 2])).toEqual([4, 6]);
    expect(await all(await chain.stream(1))).toEqual([4]);
  });

  it("that overrides _streamIterator streams in chains", async () => {
    expect(await all(await new OnlyStream().pipe(new RunnablePassthrough()).stream("ab"))).toEqual(["a", "b"]);
  });

  it("that overrides nothing says so", async () => {
    await expect(new Neither().invoke(1)).rejects.toMatchObject({ code: "RUNLANE_NOT_IMPLEMENTED" });
  });
});

describe("the node of a runnable", () => {
  const double = RunnableLambda.from((x: number) => x * 2);
  it.each<[Runnable, unknown]>([
    [double, 2],
    [double.pipe(double), 2],
    [RunnableParallel.from({ a: double }), 2],
    [RunnablePassthrough.assign({ b: ({ a }: { a: number }) => a }), { a: 2 }],
    [new RunnablePassthrough(), 2],
    [new RunnablePick("a"), { a: 1 }],
    [RunnableBranch.from([[(x: number) => x > 1, double], double]), 2],
    [new RouterRunnable({ runnables: { double } }), { key: "double", input: 2 }],
    [new RunnableEach({ bound: double }), [1, 2]],
    [new RunnableBinding({ bound: double, config: { tags: ["a"] } }), 2],
    [RunnableGenerator.from((chunks: AsyncIterable<number>) => chunks), 2],
  ])("rebuilds it: %s", async (runnable, input) => {
    const rebuilt = fromNode(runnable.node);
    expect(rebuilt).toBeInstanceOf(runnable.constructor);
    expect(await rebuilt.invoke(input)).toEqual(await runnable.invoke(input));
  });
});

describe("the config functions", () => {
  it("ensureConfig fills in defaults, notes the model and turns a timeout into a signal", () => {
    expect(ensureConfig()).toEqual({ tags: [], metadata: {}, recursionLimit: 25, runId: undefined });
    const config = ensureConfig<RunnableConfig>({ configurable: { model: "m" }, timeout: 60_000 });
    expect(config.metadata).toEqual({ model: "m", timeoutMs: 60_000 });
    expect(config.signal).toBeInstanceOf(AbortSignal);
    expect(config).not.toHaveProperty("timeout");
  });

  it("patchConfig merges configurable and drops what belonged to another run", () => {
    const patched = patchConfig(
      { runName: "r", runId: "i", configurable: { a: 1 } },
      { callbacks: [], runId: "j", configurable: { b: 2 } },
    );
    expect(patched.configurable).toEqual({ a: 1, b: 2 });
    expect(patched).not.toHaveProperty("runName");
    expect(patched).not.toHaveProperty("runId");
  });

  it("pickRunnableConfigKeys leaves call options, name and id behind", () => {
    const picked = pickRunnableConfigKeys({ tags: ["a"], stop: ["x"], runName: "r", runId: "i" });
    expect(picked).toMatchObject({ tags: ["a"] });
    expect(Object.keys(picked ?? {})).not.toEqual(expect.arrayContaining(["stop"]));
  });

  it("raceWithSignal gives the promise's result, or the signal's error when that comes first", async () => {
    expect(await raceWithSignal(Promise.resolve(1))).toBe(1);
    const controller = new AbortController();
    const race = raceWithSignal(new Promise(() => {}), controller.signal);
    controller.abort("enough");
    await expect(race).rejects.toMatchObject({ name: "AbortError", message: "enough" });
  });
});
