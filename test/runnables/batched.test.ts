import { AsyncLocalStorage } from "node:async_hooks";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  type BatchedOptions,
  Runnable,
  RunnableBatched,
  type RunnableConfig,
  RunnableLambda,
  RunnableSequence,
} from "../../src/index.ts";
import { everything } from "../everything.ts";
import { Places } from "./places.ts";
import { all, type Deferred, defer, turn } from "./support.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
});

afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

/** A batched function that doubles numbers, and the inputs of its calls. */
function doubling(options: BatchedOptions<number> = {}) {
  const calls: number[][] = [];
  const batched = RunnableLambda.batched((inputs: number[]) => {
    calls.push(inputs);
    return inputs.map((x) => x * 2);
  }, options);
  return { calls, batched };
}

/** A batched function whose calls a test ends by hand. */
function held(options: BatchedOptions<number> = {}) {
  const calls: (Deferred<(number | Error)[]> & { inputs: number[]; config: RunnableConfig })[] = [];
  const batched = RunnableLambda.batched((inputs: number[], config) => {
    const call = { ...defer<(number | Error)[]>(), inputs, config };
    calls.push(call);
    return call.promise;
  }, options);
  return { calls, batched };
}

const outcomeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => ({ value }),
    (error) => ({ error: error.message }),
  );

describe("concurrent calls", () => {
  it("share one call of the function, wherever they are made", async () => {
    const { calls, batched } = doubling();
    const chain = RunnableSequence.from<number, number>([(x: number) => x + 1, batched]);
    const outputs = Promise.all([batched.invoke(1), chain.invoke(1), batched.batch([3, 4])]);
    await vi.advanceTimersByTimeAsync(10);
    expect(await outputs).toEqual([2, 4, [6, 8]]);
    expect(calls).toEqual([[1, 2, 3, 4]]);
  });

  it("are sent as soon as they fill a call, and after 10 ms otherwise", async () => {
    const { calls, batched } = doubling({ maxBatchSize: 2 });
    const outputs = Promise.all([1, 2, 3].map((x) => batched.invoke(x)));
    expect(calls).toEqual([[1, 2]]);
    await vi.advanceTimersByTimeAsync(9);
    expect(calls).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(await outputs).toEqual([2, 4, 6]);
  });

  it("are sent by 32 unless another size is set", async () => {
    const { calls, batched } = doubling({ maxWaitMs: 0 });
    await Promise.all(Array.from({ length: 70 }, (_, x) => batched.invoke(x)));
    expect(calls.map(({ length }) => length)).toEqual([32, 32, 6]);
  });

  it("wait for nothing but their turn of microtasks when they may not wait", async () => {
    const { calls, batched } = doubling({ maxWaitMs: 0 });
    const output = batched.invoke(1);
    expect(calls).toEqual([]);
    await Promise.resolve();
    expect(calls).toEqual([[1]]);
    expect(await output).toBe(2);
  });

  it("keep the process alive while they wait", async () => {
    const timers = vi.spyOn(globalThis, "setTimeout");
    const output = doubling().batched.invoke(1);
    expect(timers.mock.results.map(({ value }) => value.hasRef())).toEqual([true]);
    timers.mockRestore();
    await vi.advanceTimersByTimeAsync(10);
    expect(await output).toBe(2);
  });

  it("gather while as many calls run as may", async () => {
    const { calls, batched } = held({ maxBatchSize: 2, maxConcurrentBatches: 2 });
    const outputs = Promise.all([1, 2, 3, 4, 5].map((x) => batched.invoke(x)));
    await vi.advanceTimersByTimeAsync(1000);
    expect(calls.map(({ inputs }) => inputs)).toEqual([
      [1, 2],
      [3, 4],
    ]);
    calls[1]?.resolve([30, 40]);
    await turn();
    expect(calls[2]?.inputs).toEqual([5]);
    calls[2]?.resolve([50]);
    calls[0]?.resolve([10, 20]);
    expect(await outputs).toEqual([10, 20, 30, 40, 50]);
  });

  it("are measured by what each adds, if the function says so", async () => {
    const calls: string[][] = [];
    const batched = RunnableLambda.batched(
      (texts: string[]) => {
        calls.push(texts);
        return texts.map((text) => text.length);
      },
      { maxBatchSize: 10, batchSizeOf: (text) => text.length },
    );
    expect(await batched.batch(["aaaa", "bbbb", "cccc", "d".repeat(30), "e"])).toEqual([4, 4, 4, 30, 1]);
    expect(calls.map((texts) => texts.join(""))).toEqual(["aaaabbbb", "cccc", "d".repeat(30), "e"]);
  });

  it("go on in the async context of each caller, and the function in that of its making", async () => {
    const storage = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const batched = storage.run("maker", () =>
      RunnableLambda.batched(async (inputs: number[]) => {
        seen.push(storage.getStore());
        await turn();
        seen.push(storage.getStore());
        return inputs;
      }),
    );
    const call = (name: string): Promise<unknown> =>
      storage.run(name, async () => {
        await batched.invoke(1);
        return storage.getStore();
      });
    const names = Promise.all([call("one"), call("other")]);
    await vi.advanceTimersByTimeAsync(10);
    expect(await names).toEqual(["one", "other"]);
    expect(seen).toEqual(["maker", "maker"]);
  });
});

describe("batches", () => {
  it("are cut to size, and do not wait", async () => {
    const { calls, batched } = doubling({ maxBatchSize: 4 });
    expect(await batched.batch([1, 2, 3, 4, 5, 6])).toEqual([2, 4, 6, 8, 10, 12]);
    expect(calls).toEqual([
      [1, 2, 3, 4],
      [5, 6],
    ]);
  });

  it("do not wait when maxConcurrency keeps calls from being filled", async () => {
    const { calls, batched } = doubling({ maxBatchSize: 4 });
    expect(await batched.batch([1, 2, 3, 4, 5, 6, 7], { maxConcurrency: 3 })).toEqual([2, 4, 6, 8, 10, 12, 14]);
    expect(calls).toEqual([[1, 2, 3], [4, 5, 6], [7]]);
  });

  it("stay together when the loop's slice is used up before all of their inputs have started", async () => {
    const { calls, batched } = doubling({
      batchSizeOf: (input) => {
        if (input === 1) vi.advanceTimersByTime(20);
        return 1;
      },
    });
    expect(await batched.batch([1, 2, 3])).toEqual([2, 4, 6]);
    expect(calls).toEqual([[1, 2, 3]]);
  });

  it("as completed do not wait", async () => {
    const { calls, batched } = doubling({ maxBatchSize: 2 });
    const outcomes = await all(batched.batchAsCompleted([1, 2, 3]));
    expect(outcomes.map(([index, outcome]) => [index, outcome.status === "fulfilled" && outcome.value])).toEqual([
      [0, 2],
      [1, 4],
      [2, 6],
    ]);
    expect(calls).toEqual([[1, 2], [3]]);
  });

  it.each<[string, (count: number) => Iterable<number> | AsyncIterable<number>]>([
    ["an array", (count) => Array.from({ length: count }, (_, x) => x)],
    [
      "a generator",
      function* (count) {
        for (let x = 0; x < count; x++) yield x;
      },
    ],
    [
      "an async generator",
      async function* (count) {
        for (let x = 0; x < count; x++) yield x;
      },
    ],
  ])("of the stream of %s do not wait once nobody else can come", async (_, source) => {
    const { calls, batched } = doubling({ maxBatchSize: 16 });
    const outcomes = await all(batched.batchStream(source(100)));
    expect(outcomes.map(([index]) => index)).toEqual(Array.from({ length: 100 }, (_, index) => index));
    expect(calls.flat()).toHaveLength(100);
    expect(calls.length).toBeLessThanOrEqual(16);
  });

  it("of a stream close their source when the reader leaves", async () => {
    const { batched } = doubling({ maxBatchSize: 2 });
    let isClosed = false;
    async function* source() {
      try {
        for (let x = 0; ; x++) yield x;
      } finally {
        isClosed = true;
      }
    }
    for await (const [index] of batched.batchStream(source(), { maxConcurrency: 2 })) if (index === 3) break;
    await turn();
    expect(isClosed).toBe(true);
  });

  it("refuse what is no source", async () => {
    const { batched } = doubling();
    await expect(all(batched.batchStream(7 as never))).rejects.toMatchObject({ code: "RUNLANE_INVALID_INPUT" });
    await expect(batched.batch("abc" as never)).rejects.toMatchObject({ code: "RUNLANE_INVALID_INPUT" });
  });
});

describe("errors", () => {
  it("in the place of an output fail that input alone", async () => {
    const batched = RunnableLambda.batched((inputs: number[]) =>
      inputs.map((x) => (x === 2 ? new RangeError(`no ${x}`) : x)),
    );
    const outputs = await batched.batch([1, 2, 3], {}, { returnExceptions: true });
    expect(outputs).toEqual([1, new RangeError("no 2"), 3]);
  });

  it("that the function throws fail the inputs of that call, and no others", async () => {
    const batched = RunnableLambda.batched(
      (inputs: number[]) => {
        if (inputs.includes(2)) throw new Error("boom");
        return inputs;
      },
      { maxBatchSize: 2 },
    );
    const boom = new Error("boom");
    expect(await batched.batch([1, 2, 3, 4], {}, { returnExceptions: true })).toEqual([boom, boom, 3, 4]);
  });

  it("of a call that is made again for each input fail those that fail alone", async () => {
    const calls: number[][] = [];
    const batched = RunnableLambda.batched(
      async (inputs: number[]) => {
        calls.push(inputs);
        if (inputs.includes(2)) throw "boom";
        return inputs;
      },
      { isolateErrors: true },
    );
    expect(await batched.batch([1, 2, 3], {}, { returnExceptions: true })).toEqual([1, "boom", 3]);
    expect(calls).toEqual([[1, 2, 3], [1], [2], [3]]);
  });

  it.each<[string, unknown, string]>([
    ["too few outputs", [1], "gave 1 output;"],
    ["too many outputs", [1, 2, 3], "gave 3 outputs;"],
    ["no array", "12", 'gave the string "12";'],
    ["nothing", undefined, "gave undefined;"],
  ])("say so when the function gives %s", async (_, outputs, said) => {
    const batched = RunnableLambda.batched(function score(_inputs: number[]) {
      return outputs as number[];
    });
    const errors = (await batched.batch([1, 2], {}, { returnExceptions: true })) as unknown as Error[];
    expect(errors[0]).toMatchObject({ code: "RUNLANE_BATCH_MISMATCH" });
    expect(errors[0]?.message).toContain(`score was called with 2 inputs and ${said}`);
    expect(errors[1]).toBe(errors[0]);
  });

  it("name wrong options", () => {
    const wrong: [string, unknown][] = [
      ["maxBatchSize", 0],
      ["maxBatchSize", 1.5],
      ["maxBatchSize", -1],
      ["maxBatchSize", "8"],
      ["maxWaitMs", -1],
      ["maxWaitMs", Number.NaN],
      ["maxWaitMs", Number.POSITIVE_INFINITY],
      ["maxConcurrentBatches", 0],
      ["batchSizeOf", 3],
      ["isolateErrors", "yes"],
    ];
    for (const [option, value] of wrong) {
      const build = () => RunnableLambda.batched((inputs: number[]) => inputs, { [option]: value });
      expect(build).toThrow(expect.objectContaining({ code: "RUNLANE_INVALID_OPTION" }));
      expect(build).toThrow(option);
    }
    const nothing = () => RunnableLambda.batched(undefined as never);
    expect(nothing).toThrow(expect.objectContaining({ code: "RUNLANE_INVALID_STEPS" }));
  });

  it("name a size that is none, for that input alone", async () => {
    const { batched } = doubling({ batchSizeOf: (x) => (x === 2 ? Number.NaN : x) });
    const outputs = await batched.batch([1, 2, 3], {}, { returnExceptions: true });
    expect(outputs).toEqual([2, expect.objectContaining({ code: "RUNLANE_INVALID_OPTION" }), 6]);
  });
});

describe("functions that yield", () => {
  it("give each caller its output as it comes, and the last one at their end", async () => {
    const gates = [defer<void>(), defer<void>(), defer<void>()];
    const batched = RunnableLambda.batched(
      async function* (inputs: number[]) {
        for (const [index, x] of inputs.entries()) {
          yield x * 2;
          await gates[index]?.promise;
        }
      },
      { maxWaitMs: 0 },
    );
    const seen: number[] = [];
    const outputs = [1, 2, 3].map((x) => batched.invoke(x).then((output) => seen.push(output)));
    await turn();
    expect(seen).toEqual([2]);
    gates[0]?.resolve();
    await turn();
    expect(seen).toEqual([2, 4]);
    gates[1]?.resolve();
    await turn();
    expect(seen).toEqual([2, 4]);
    gates[2]?.resolve();
    await Promise.all(outputs);
    expect(seen).toEqual([2, 4, 6]);
  });

  it.each<[string, number, string]>([
    ["too few", 2, "gave 2 outputs;"],
    ["too many", 4, "gave 4 outputs or more;"],
  ])("%s outputs fail those whose output is not known", async (_, count, said) => {
    const batched = RunnableLambda.batched(async function* (_inputs: number[]) {
      for (let output = 1; output <= count; output++) yield output;
    });
    const outputs = await batched.batch([1, 2, 3], {}, { returnExceptions: true });
    expect(outputs.slice(0, 2)).toEqual([1, 2]);
    expect(outputs[2]).toMatchObject({ code: "RUNLANE_BATCH_MISMATCH", message: expect.stringContaining(said) });
  });

  it("and fail half-way keep what they have yielded", async () => {
    const batched = RunnableLambda.batched(async function* (inputs: number[]) {
      yield inputs[0] as number;
      yield new TypeError("not this one");
      throw new Error("boom");
    });
    const outputs = await batched.batch([1, 2, 3, 4], {}, { returnExceptions: true });
    expect(outputs).toEqual([1, new TypeError("not this one"), new Error("boom"), new Error("boom")]);
  });

  it("are closed when nobody waits any more", async () => {
    const gate = defer<void>();
    let isClosed = false;
    const batched = RunnableLambda.batched(
      async function* (inputs: number[]) {
        try {
          for (const x of inputs) {
            yield x;
            await gate.promise;
          }
        } finally {
          isClosed = true;
        }
      },
      { maxWaitMs: 0 },
    );
    const leaving = new AbortController();
    const one = batched.invoke(1);
    const other = batched.invoke(2, { signal: leaving.signal });
    expect(await one).toBe(1);
    leaving.abort(new Error("enough"));
    await expect(other).rejects.toThrow("enough");
    gate.resolve();
    await turn();
    expect(isClosed).toBe(true);
  });

  it("may be plain generators, or functions that return one", async () => {
    const plain = RunnableLambda.batched(function* (inputs: number[]) {
      yield* inputs;
    });
    const returned = RunnableLambda.batched((inputs: number[]) =>
      (async function* () {
        yield* inputs;
      })(),
    );
    expect(await plain.batch([1, 2, 3])).toEqual([1, 2, 3]);
    expect(await returned.batch([1, 2, 3])).toEqual([1, 2, 3]);
  });
});

describe("a caller that leaves", () => {
  it("is rejected at once, and its input is not sent", async () => {
    const { calls, batched } = held();
    const leaving = new AbortController();
    const one = batched.invoke(1);
    const left = batched.invoke(2, { signal: leaving.signal });
    leaving.abort(new Error("enough"));
    await expect(left).rejects.toThrow("enough");
    await vi.advanceTimersByTimeAsync(10);
    expect(calls[0]?.inputs).toEqual([1]);
    calls[0]?.resolve([10]);
    expect(await one).toBe(10);
  });

  it("leaves the others of its call alone", async () => {
    const { calls, batched } = held({ maxBatchSize: 2 });
    const leaving = new AbortController();
    const one = batched.invoke(1);
    const left = batched.invoke(2, { signal: leaving.signal });
    expect(calls[0]?.inputs).toEqual([1, 2]);
    leaving.abort();
    await expect(left).rejects.toMatchObject({ name: "AbortError" });
    calls[0]?.resolve([10, 20]);
    expect(await one).toBe(10);
  });

  it("by its timeout does so too, waiting included", async () => {
    const { calls, batched } = held({ maxWaitMs: 100 });
    const one = batched.invoke(1);
    const late = batched.invoke(2, { timeout: 50 });
    late.catch(() => {});
    await vi.advanceTimersByTimeAsync(50);
    await expect(late).rejects.toMatchObject({ name: "TimeoutError" });
    await vi.advanceTimersByTimeAsync(50);
    expect(calls[0]?.inputs).toEqual([1]);
    calls[0]?.resolve([10]);
    expect(await one).toBe(10);
  });

  it("aborts the signal of the function when it was the last one", async () => {
    const { calls, batched } = held({ maxBatchSize: 2 });
    const leaving = [new AbortController(), new AbortController()];
    const outputs = leaving.map(({ signal }, x) => outcomeOf(batched.invoke(x, { signal })));
    const signal = calls[0]?.config.signal;
    leaving[0]?.abort();
    expect(signal?.aborted).toBe(false);
    leaving[1]?.abort();
    expect(signal?.aborted).toBe(true);
    await Promise.all(outputs);
    calls[0]?.resolve([1, 2]);
  });

  it("leaves no signal to the function if another one cannot leave", async () => {
    const { calls, batched } = held({ maxBatchSize: 2 });
    const outputs = [batched.invoke(1), batched.invoke(2, { signal: new AbortController().signal })];
    expect(calls[0]?.config.signal).toBeUndefined();
    calls[0]?.resolve([1, 2]);
    expect(await Promise.all(outputs)).toEqual([1, 2]);
  });

  it("before it has come is rejected without a call", async () => {
    const { calls, batched } = doubling({ maxWaitMs: 0 });
    await expect(batched.invoke(1, { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: "AbortError" });
    await turn();
    expect(calls).toEqual([]);
  });
});

describe("configs", () => {
  it("that differ keep inputs apart, and the function sees what they have in common", async () => {
    const seen: unknown[] = [];
    const batched = RunnableLambda.batched((inputs: number[], config) => {
      const { configurable, tags, stop, runName, callbacks } = config;
      seen.push([inputs, configurable, tags, stop, runName, callbacks]);
      return inputs;
    });
    const outputs = Promise.all([
      batched.invoke(1, { configurable: { user: "a" }, runName: "first", callbacks: [] }),
      batched.invoke(2, { configurable: { user: "b" } }),
      batched.invoke(3, { configurable: { user: "a" }, metadata: {}, runName: "third" }),
      batched.invoke(4, { tags: ["x"] }),
      batched.invoke(5, { stop: "." }),
      batched.invoke(6),
      batched.invoke(7, {}),
    ]);
    await vi.advanceTimersByTimeAsync(10);
    expect(await outputs).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(seen).toEqual([
      [[1, 3], { user: "a" }, [], undefined, undefined, undefined],
      [[2], { user: "b" }, [], undefined, undefined, undefined],
      [[4], undefined, ["x"], undefined, undefined, undefined],
      [[5], undefined, [], ".", undefined, undefined],
      [[6, 7], undefined, [], undefined, undefined, undefined],
    ]);
  });

  it("that differ in objects keep inputs apart, though they look the same", async () => {
    const { calls, batched } = doubling();
    const [one, other] = [{ host: "db" }, { host: "db" }];
    const outputs = Promise.all([one, other, one].map((db, x) => batched.invoke(x, { configurable: { db } })));
    await vi.advanceTimersByTimeAsync(10);
    await outputs;
    expect(calls).toEqual([[0, 2], [1]]);
  });

  it("that differ in timeouts or in depth share a call", async () => {
    const { calls, batched } = doubling();
    const outer = RunnableLambda.from((x: number, config) => batched.invoke(x, config));
    const outputs = Promise.all([
      batched.invoke(1, { timeout: 1000 }),
      batched.invoke(2, { timeout: 2000 }),
      outer.invoke(3, { recursionLimit: 7 }),
      batched.invoke(4),
    ]);
    await vi.advanceTimersByTimeAsync(10);
    expect(await outputs).toEqual([2, 4, 6, 8]);
    expect(calls).toEqual([[1, 2, 3, 4]]);
  });

  it("share a call when shareBy makes no difference between them, and the function sees what they have in common", async () => {
    const seen: unknown[] = [];
    const batched = RunnableLambda.batched(
      (inputs: number[], { configurable, metadata, tags, stop, model }) => {
        seen.push([inputs, configurable, metadata, tags, stop, model]);
        return inputs;
      },
      { shareBy: ({ configurable }) => configurable?.tenant },
    );
    const of = (tenant: string, request: number) => ({
      configurable: { tenant, request, region: "eu" },
      metadata: { request },
      tags: ["t"],
      stop: ["."],
      model: request,
    });
    const outputs = Promise.all([
      ...[1, 2, 3].map((request) => batched.invoke(request, of("a", request))),
      batched.invoke(4, of("b", 4)),
      batched.invoke(5),
      batched.invoke(6, { tags: ["without a tenant"] }),
    ]);
    await vi.advanceTimersByTimeAsync(10);
    expect(await outputs).toEqual([1, 2, 3, 4, 5, 6]);
    expect(seen).toEqual([
      [[1, 2, 3], { tenant: "a", region: "eu" }, {}, ["t"], ["."], undefined],
      [[4], { tenant: "b", request: 4, region: "eu" }, { request: 4 }, ["t"], ["."], 4],
      [[5, 6], undefined, {}, [], undefined, undefined],
    ]);
    expect(batched.meanCallSize).toBe(2);
  });

  it("keep shareBy when the runnable is configured or moved", () => {
    const shareBy = () => "";
    const batched = RunnableLambda.batched((inputs: number[]) => inputs, { shareBy });
    expect(batched.node).toMatchObject({ shareBy });
    expect(() => RunnableLambda.batched((inputs: number[]) => inputs, { shareBy: "tenant" as never })).toThrow(
      "shareBy must be a function",
    );
  });

  it("bound to the runnable are seen by the function", async () => {
    const batched = RunnableLambda.batched((inputs: number[], { factor }) => inputs.map((x) => x * factor), {
      maxWaitMs: 0,
    });
    expect(await batched.bind({ factor: 3 } as object).invoke(2)).toBe(6);
  });
});

describe("a batched runnable", () => {
  it("has a run for each input", async () => {
    const events: string[] = [];
    const { batched } = doubling({ maxBatchSize: 2, name: "double" });
    const callbacks = [
      {
        handleChainStart: (...[, inputs, , , , , , name]: unknown[]) =>
          void events.push(`${name} ${JSON.stringify(inputs)}`),
        handleChainEnd: (outputs: unknown) => void events.push(JSON.stringify(outputs)),
      },
    ];
    await batched.batch([1, 2], { callbacks });
    expect(events.sort()).toEqual(['double {"input":1}', 'double {"input":2}', '{"output":2}', '{"output":4}']);
  });

  it("is the one step that observers know, in batches too", async () => {
    const steps: unknown[] = [];
    class Steps extends Places {
      override start(...run: Parameters<Places["start"]>) {
        steps.push(run[0]);
        return super.start(...run);
      }
    }
    const { batched } = doubling({ maxWaitMs: 0 });
    await batched.batch([1, 2], new Steps().config());
    await batched.invoke(3, new Steps().config());
    expect(steps).toHaveLength(3);
    for (const step of steps) expect(step).toBe(batched);
  });

  it("streams one chunk", async () => {
    const { batched } = doubling({ maxWaitMs: 0 });
    expect(await all(await batched.stream(2))).toEqual([4]);
    const chain = batched.pipe((x: number) => x + 1);
    expect(await all(await chain.stream(2))).toEqual([5]);
  });

  it("has names as a lambda has", () => {
    const named = RunnableLambda.batched(function embed(inputs: number[]) {
      return inputs;
    });
    expect([named.label, named.getName()]).toEqual(["embed", "RunnableBatched"]);
    const { batched } = doubling({ name: "double" });
    expect([batched.label, batched.getName()]).toEqual(["double", "double"]);
    expect(batched).toBeInstanceOf(RunnableBatched);
    expect(Runnable.isRunnable(batched)).toBe(true);
  });

  it("gives the function what it uses", async () => {
    const batched = RunnableLambda.batched((inputs: number[], { uses }) => inputs.map((x) => x * uses.factor), {
      uses: { factor: 5 },
      maxWaitMs: 0,
    });
    expect(await batched.invoke(2)).toBe(10);
  });

  it("is one box of a graph", () => {
    const { batched } = doubling({ name: "double" });
    expect(Object.values(batched.getGraph().nodes).map(({ name }) => name)).toEqual([
      "doubleInput",
      "double",
      "doubleOutput",
    ]);
  });

  it("can be built anew of its parts, with some of them configured", async () => {
    const { calls, batched } = doubling({ maxBatchSize: 2, name: "double" });
    const configured = batched.configurableFields({ maxBatchSize: { id: "size" } });
    expect(await configured.batch([1, 2, 3], { configurable: { size: 3 } })).toEqual([2, 4, 6]);
    expect(calls.map(({ length }) => length)).toEqual([3]);
  });

  it("says in a plan that it gathers, and where its function runs", () => {
    const batched = RunnableLambda.batched((inputs: number[]) => inputs, { name: "double", lane: "thread" });
    const [stage] = batched.explain().stages;
    expect(stage?.steps.map(({ name, lane, why }) => [name, lane, why])).toEqual([
      ["double", "loop", "gathers up to 32 inputs for a call"],
      ["double", "thread", 'withLane("thread")'],
    ]);
  });

  it("in a chain that is to go to a lane says what to do instead", () => {
    const chain = RunnableLambda.from((x: number) => x + 1).pipe(doubling().batched);
    const move = () => chain.withLane("thread");
    expect(move).toThrow(expect.objectContaining({ code: "RUNLANE_NOT_SHIPPABLE" }));
    expect(move).toThrow("RunnableLambda.batched(func, { lane })");
  });

  it("checks when it is made whether its function can run on the lane", () => {
    const factor = 3;
    const build = () => RunnableLambda.batched((inputs: number[]) => inputs.map((x) => x * factor), { lane: "thread" });
    expect(build).toThrow(expect.objectContaining({ code: "RUNLANE_CAPTURED_VARIABLE" }));
  });
});

it("gives each input its own outcome once, whatever callers and calls do", async () => {
  const event = fc.oneof(
    { weight: 4, arbitrary: fc.record({ does: fc.constant("invoke"), which: fc.nat(3) }) },
    { weight: 2, arbitrary: fc.record({ does: fc.constant("pass"), which: fc.integer({ min: 1, max: 15 }) }) },
    { weight: 2, arbitrary: fc.record({ does: fc.constant("end"), which: fc.nat(9) }) },
    { weight: 1, arbitrary: fc.record({ does: fc.constant("abort"), which: fc.nat(20) }) },
  );
  const options = fc.record({
    maxBatchSize: fc.integer({ min: 1, max: 5 }),
    maxWaitMs: fc.constantFrom(0, 10),
    maxConcurrentBatches: fc.integer({ min: 1, max: 3 }),
    isolateErrors: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(options, fc.array(event, { maxLength: 50 }), async (settings, events) => {
      const running: { inputs: number[]; end: (fails: boolean) => void }[] = [];
      let peak = 0;
      const batched = RunnableLambda.batched((inputs: number[]) => {
        expect(inputs.length).toBeLessThanOrEqual(settings.maxBatchSize);
        const { promise, resolve, reject } = defer<(string | Error)[]>();
        const end = (fails: boolean): void => {
          running.splice(running.indexOf(call), 1);
          if (fails) reject(new Error(`failed ${inputs.join()}`));
          else resolve(inputs.map((x) => (x % 5 === 4 ? new Error(`bad ${x}`) : `out ${x}`)));
        };
        const call = { inputs, end };
        running.push(call);
        peak = Math.max(peak, running.length);
        return promise;
      }, settings);
      const callers: { leaving: AbortController; outcomes: string[] }[] = [];
      for (const { does, which } of events) {
        if (does === "invoke") {
          const leaving = new AbortController();
          const outcomes: string[] = [];
          const input = callers.push({ leaving, outcomes }) - 1;
          const config = which === 0 ? {} : { signal: leaving.signal, ...(which === 1 && { tags: ["x"] }) };
          batched.invoke(input, config).then(
            (output) => outcomes.push(output),
            (error) => outcomes.push(error.message),
          );
        } else if (does === "pass") await vi.advanceTimersByTimeAsync(which);
        else if (does === "end") running[which % Math.max(1, running.length)]?.end(which > 6);
        else callers[which]?.leaving.abort(new Error(`left ${which}`));
        if (which % 2 === 0) await turn();
      }
      for (let round = 0; callers.some(({ outcomes }) => outcomes.length === 0) && round < 500; round++) {
        await vi.advanceTimersByTimeAsync(10);
        running[0]?.end(false);
        await turn();
      }
      await turn();
      expect(peak).toBeLessThanOrEqual(settings.maxConcurrentBatches);
      callers.forEach(({ outcomes }, input) => {
        expect(outcomes).toHaveLength(1);
        const [outcome = ""] = outcomes;
        if (outcome.startsWith("failed")) expect(outcome.slice(7).split(",")).toContain(String(input));
        else expect(outcome).toBe(`${outcome.startsWith("left") ? "left" : input % 5 === 4 ? "bad" : "out"} ${input}`);
      });
      for (const { end } of [...running]) end(false);
      await turn();
    }),
    { numRuns: everything ? 200 : 50 },
  );
});
