import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { RunnableLambda, RunnableParallel, RunnableSequence } from "../../src/index.ts";
import { Gauge, turn } from "./support.ts";

function selfReturning() {
  const counter = { calls: 0 };
  const self: RunnableLambda<number, number> = RunnableLambda.from((_: number) => {
    counter.calls++;
    return self;
  });
  return { self, counter };
}

describe("recursionLimit", () => {
  it.each([0, 1, 2, 5, 10, 25])("of %i lets a self-returning function run once more than that", async (limit) => {
    const { self, counter } = selfReturning();
    await expect(self.invoke(1, { recursionLimit: limit })).rejects.toMatchObject({ code: "RUNLANE_RECURSION_LIMIT" });
    expect(counter.calls).toBe(limit + 1);
  });

  it("is 25 unless set, in invoke, stream and batch alike", async () => {
    const expected = { code: "RUNLANE_RECURSION_LIMIT" };
    const invoked = selfReturning();
    await expect(invoked.self.invoke(1)).rejects.toMatchObject(expected);
    const streamed = selfReturning();
    await expect(streamed.self.stream(1)).rejects.toMatchObject(expected);
    const batched = selfReturning();
    await expect(batched.self.batch([1])).rejects.toMatchObject(expected);
    expect([invoked.counter.calls, streamed.counter.calls, batched.counter.calls]).toEqual([26, 26, 26]);
  });

  it("trips for functions that return the runnable in a promise", async () => {
    let calls = 0;
    const self: RunnableLambda<number, number> = RunnableLambda.from(async (_: number) => {
      calls++;
      return self;
    });
    await expect(self.invoke(1, { recursionLimit: 3 })).rejects.toMatchObject({ code: "RUNLANE_RECURSION_LIMIT" });
    expect(calls).toBe(4);
  });

  it("lets a recursion that ends within the limit end", async () => {
    const nested = (levels: number): RunnableLambda<number, string> =>
      RunnableLambda.from((_: number) => (levels === 0 ? "done" : nested(levels - 1)));
    expect(await nested(4).invoke(1, { recursionLimit: 4 })).toBe("done");
    await expect(nested(5).invoke(1, { recursionLimit: 4 })).rejects.toMatchObject({ code: "RUNLANE_RECURSION_LIMIT" });
  });
});

describe("failures in a batch", () => {
  it("keep the failed input out of later steps under returnExceptions", async () => {
    const seen: unknown[] = [];
    const chain = RunnableLambda.from((x: number) => {
      if (x === 2) throw new Error("no twos");
      return x;
    }).pipe((x: number) => {
      seen.push(x);
      return x * 10;
    });
    const outputs = await chain.batch([1, 2, 3], {}, { returnExceptions: true });
    expect(outputs).toEqual([10, new Error("no twos"), 30]);
    expect(seen).toEqual([1, 3]);
  });

  it("come back as thrown under returnExceptions, whatever was thrown", async () => {
    const odd = RunnableLambda.from((x: number): number => {
      if (x === 1) throw "a string";
      return x;
    });
    expect(await odd.batch([1, 2], {}, { returnExceptions: true })).toEqual(["a string", 2]);
  });

  it.each([1, 2])("stop inputs that have not started, with maxConcurrency %i", async (maxConcurrency) => {
    const started: number[] = [];
    const fail = RunnableLambda.from(async (x: number) => {
      started.push(x);
      await Promise.resolve();
      throw new Error(`failed ${x}`);
    });
    await expect(fail.batch([1, 2, 3, 4], { maxConcurrency })).rejects.toThrow("failed 1");
    await turn();
    expect(started.length).toBeLessThanOrEqual(maxConcurrency);
  });

  it("stop a sync batch at the first of them", async () => {
    let calls = 0;
    const fail = RunnableLambda.from((x: number) => {
      calls++;
      if (x === 1) throw new Error("stop");
      return x;
    });
    await expect(fail.batch([0, 1, 2, 3])).rejects.toThrow("stop");
    expect(calls).toBe(2);
  });
});

describe("maxConcurrency", () => {
  it("bounds a batch", async () => {
    const gauge = new Gauge();
    const inputs = Array.from({ length: 12 }, (_, index) => index);
    expect(await RunnableLambda.from(gauge.pass<number>).batch(inputs, { maxConcurrency: 3 })).toEqual(inputs);
    expect(gauge.peak).toBe(3);
  });

  it("bounds a parallel", async () => {
    const gauge = new Gauge();
    const steps = { a: gauge.pass<number>, b: gauge.pass<number>, c: gauge.pass<number>, d: gauge.pass<number> };
    const parallel = RunnableParallel.from<number, { a: number; b: number; c: number; d: number }>(steps);
    expect(await parallel.invoke(7, { maxConcurrency: 2 })).toEqual({ a: 7, b: 7, c: 7, d: 7 });
    expect(gauge.peak).toBe(2);
  });

  it("is one budget for a batch, the parallels in it and map() in those", async () => {
    const gauge = new Gauge();
    const leaf = RunnableLambda.from(gauge.pass<number>);
    const chain = RunnableLambda.from((x: number) => [x, x + 1, x + 2]).pipe({ first: leaf.map(), second: leaf.map() });
    const outputs = await chain.batch([1, 10, 20, 30], { maxConcurrency: 3 });
    expect(outputs[1]).toEqual({ first: [10, 11, 12], second: [10, 11, 12] });
    expect(gauge.peak).toBe(3);
  });

  it("of 1 runs nested batches one at a time and never waits for itself", async () => {
    const gauge = new Gauge();
    const nested = RunnableLambda.from(gauge.pass<number>)
      .map()
      .map();
    const inputs = [
      [[1, 2], [3]],
      [[4], [5, 6]],
    ];
    expect(await nested.batch(inputs, { maxConcurrency: 1 })).toEqual(inputs);
    expect(gauge.peak).toBe(1);
  });

  it("counts a batch that a function starts with the config it was given", async () => {
    const gauge = new Gauge();
    const leaf = RunnableLambda.from(gauge.pass<number>);
    const outer = RunnableLambda.from((xs: number[], config) => leaf.batch(xs, config));
    const outputs = await outer.batch([[1, 2, 3], [4, 5, 6], [7]], { maxConcurrency: 2 });
    expect(outputs).toEqual([[1, 2, 3], [4, 5, 6], [7]]);
    expect(gauge.peak).toBeLessThanOrEqual(2);
  });
});

describe("timeout", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("in a batch counts for each input from its start", async () => {
    const slow = RunnableLambda.from((x: number) => new Promise<number>((done) => setTimeout(done, 40, x)));
    const inputs = [1, 2, 3, 4, 5];
    const outputs = slow.batch(inputs, { maxConcurrency: 1, timeout: 120 });
    await vi.advanceTimersByTimeAsync(200);
    expect(await outputs).toEqual(inputs);
  });

  it("in a batch ends only the input that overruns it", async () => {
    const work = RunnableLambda.from((x: number) => (x === 1 ? new Promise<number>(() => {}) : x));
    const outputs = work.batch([0, 1, 2], { timeout: 20 }, { returnExceptions: true });
    await vi.advanceTimersByTimeAsync(20);
    const [first, failed, last] = await outputs;
    expect([first, last]).toEqual([0, 2]);
    expect(failed).toMatchObject({ name: "TimeoutError" });
  });

  it("rejects a sync function that overran it", async () => {
    const busy = RunnableLambda.from((x: number) => {
      vi.advanceTimersByTime(30);
      return x;
    });
    await expect(busy.invoke(1, { timeout: 5 })).rejects.toMatchObject({ name: "TimeoutError" });
    await expect(busy.batch([1], { timeout: 5 })).rejects.toMatchObject({ name: "TimeoutError" });
  });

  it("bound with withConfig counts from the start of the bound run", async () => {
    const hang = RunnableLambda.from((_: number) => new Promise<number>(() => {})).withConfig({ timeout: 10 });
    const chain = RunnableSequence.from<number, number>([(x: number) => x, hang]);
    const output = expect(chain.invoke(1)).rejects.toMatchObject({ name: "TimeoutError" });
    await vi.advanceTimersByTimeAsync(10);
    await output;
  });
});

describe("a bound recursionLimit", () => {
  it.each([2, 40])("of %i holds where the call gives none", async (recursionLimit) => {
    let calls = 0;
    const endless: RunnableLambda<number, number> = RunnableLambda.from((_: number): RunnableLambda<number, number> => {
      calls++;
      return endless;
    });
    await expect(endless.withConfig({ recursionLimit }).invoke(0)).rejects.toMatchObject({
      code: "RUNLANE_RECURSION_LIMIT",
    });
    expect(calls).toBe(recursionLimit + 1);
  });
});
