import { AsyncLocalStorage } from "node:async_hooks";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { PLAIN } from "../../src/core/context.ts";
import { RunnableGenerator, RunnableLambda, RunnableLimited } from "../../src/index.ts";
import { all, type Deferred, defer, turn } from "./support.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
});

afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

/** A function whose runs a test ends by hand. */
function held() {
  const runs: (Deferred<string> & { input: string })[] = [];
  const lambda = RunnableLambda.from((input: string) => {
    const run = { ...defer<string>(), input };
    runs.push(run);
    return run.promise;
  });
  const inputs = () => runs.map(({ input }) => input).join("");
  const end = async (index: number): Promise<void> => {
    const run = runs[index];
    run?.resolve(run.input.toUpperCase());
    await turn();
  };
  return { runs, lambda, inputs, end };
}

describe("limits", () => {
  it("hold for all calls through one runnable, in whichever chain", async () => {
    const { lambda, inputs, end } = held();
    const limited = lambda.withLimits({ maxConcurrency: 2 });
    const chain = RunnableLambda.from((x: string) => x).pipe(limited);
    const outputs = Promise.all([limited.invoke("a"), chain.invoke("b"), chain.batch(["c", "d"]), limited.invoke("e")]);
    await turn();
    expect(inputs()).toBe("ab");
    expect(limited.waiting).toBe(3);
    for (let index = 0; index < 5; index++) await end(index);
    expect(await outputs).toEqual(["A", "B", ["C", "D"], "E"]);
    expect(limited.waiting).toBe(0);
  });

  it("hold for copies with a config bound to them, and not for another runnable with the same limits", async () => {
    const { lambda, inputs, end } = held();
    const limited = lambda.withLimits({ maxConcurrency: 1 });
    const outputs = [limited.invoke("a"), limited.withConfig({ tags: ["x"] }).invoke("b")];
    outputs.push(lambda.withLimits({ maxConcurrency: 1 }).invoke("c"));
    await turn();
    expect(inputs()).toBe("ac");
    for (const index of [0, 1, 2]) await end(index);
    expect(await Promise.all(outputs)).toEqual(["A", "B", "C"]);
  });

  it("of a rate spread the starts", async () => {
    const starts: number[] = [];
    const limited = RunnableLambda.from((x: number) => {
      starts.push(performance.now());
      return x;
    }).withLimits({ ratePerSecond: 10, burst: 2 });
    const from = performance.now();
    const outputs = limited.batch([1, 2, 3, 4]);
    await vi.advanceTimersByTimeAsync(1000);
    expect(await outputs).toEqual([1, 2, 3, 4]);
    expect(starts.map((at) => at - from)).toEqual([0, 0, 100, 200]);
  });

  it("leave a sync step sync while nobody waits", () => {
    const limited = RunnableLambda.from((x: number) => x + 1).withLimits({
      maxConcurrency: 1,
      ratePerSecond: 1,
      burst: 2,
    });
    expect(limited.run(1, PLAIN)).toBe(2);
    expect(limited.run(2, PLAIN)).toBe(3);
    const waiting = limited.run(3, PLAIN);
    expect(waiting).toBeInstanceOf(Promise);
    return vi.advanceTimersByTimeAsync(1000).then(async () => expect(await waiting).toBe(4));
  });

  it("are free again after an error, thrown or rejected", async () => {
    const limited = RunnableLambda.from((x: number): number | Promise<number> => {
      if (x === 1) throw new Error("thrown");
      return x === 2 ? Promise.reject(new Error("rejected")) : x;
    }).withLimits({ maxConcurrency: 1 });
    const outputs = await limited.batch([1, 2, 3], {}, { returnExceptions: true });
    expect(outputs).toEqual([new Error("thrown"), new Error("rejected"), 3]);
    expect(limited.run(4, PLAIN)).toBe(4);
  });

  it("hold besides maxConcurrency", async () => {
    const { lambda, inputs, end } = held();
    const limited = lambda.withLimits({ maxConcurrency: 3 });
    const outputs = limited.batch([..."abcde"], { maxConcurrency: 2 });
    const other = limited.batch([..."vwxyz"], { maxConcurrency: 2 });
    await turn();
    expect(inputs()).toBe("abv");
    for (let index = 0; index < 10; index++) await end(index);
    expect(await outputs).toEqual([..."ABCDE"]);
    expect(await other).toEqual([..."VWXYZ"]);
  });
});

describe("who waits", () => {
  it("is not kept waiting by a batch that came before", async () => {
    const { lambda, inputs, end } = held();
    const limited = lambda.withLimits({ maxConcurrency: 1 });
    const batch = limited.batch([..."aaaaaaaa"]);
    await turn();
    const single = limited.invoke("b");
    await end(0);
    await end(1);
    await end(2);
    expect(inputs()).toMatch(/^a{1,2}ba+$/);
    for (let index = 3; index < 9; index++) await end(index);
    await Promise.all([batch, single]);
  });

  it.each([
    ["timeouts", { timeout: 60_000 }],
    ["callbacks", { callbacks: [{}] }],
    ["a signal", { signal: new AbortController().signal }],
    ["metadata", { metadata: { user: 1 } }],
  ])("is not kept waiting by a batch with %s whose inputs come one by one", async (_, config) => {
    const { lambda, inputs, end } = held();
    const limited = lambda.withLimits({ maxConcurrency: 1 });
    const chain = RunnableLambda.from(async (x: number) => {
      for (let turns = 0; turns < x; turns++) await turn();
      return "a";
    }).pipe(limited);
    const batch = chain.batch([0, 1, 2, 3, 4, 5, 6, 7], config);
    for (let turns = 0; turns < 20; turns++) await turn();
    const single = limited.invoke("b");
    for (const index of [0, 1, 2]) await end(index);
    expect(inputs()).toMatch(/^a{1,2}ba+$/);
    for (let index = 3; index < 9; index++) await end(index);
    await Promise.all([batch, single]);
  });

  it("leaves by a signal or a timeout at once, and is never started", async () => {
    const { lambda, inputs, end } = held();
    const limited = lambda.withLimits({ maxConcurrency: 1 });
    const leaving = new AbortController();
    const one = limited.invoke("a");
    const left = limited.invoke("b", { signal: leaving.signal });
    const late = limited.invoke("c", { timeout: 50 });
    late.catch(() => {});
    leaving.abort(new Error("enough"));
    await expect(left).rejects.toThrow("enough");
    expect(limited.waiting).toBe(1);
    await vi.advanceTimersByTimeAsync(50);
    await expect(late).rejects.toMatchObject({ name: "TimeoutError" });
    expect(limited.waiting).toBe(0);
    await end(0);
    expect(await one).toBe("A");
    expect(inputs()).toBe("a");
  });

  it("leaves no place taken when it is aborted as it is let in", async () => {
    const { lambda, end } = held();
    const limited = lambda.withLimits({ maxConcurrency: 1 });
    const leaving = new AbortController();
    const one = limited.invoke("a");
    const left = limited.invoke("b", { signal: leaving.signal }).catch(() => "left");
    one.then(() => leaving.abort(new Error("enough")));
    await end(0);
    expect(await left).toBe("left");
    await end(1);
    const next = limited.invoke("c");
    await turn();
    expect(limited.waiting).toBe(0);
    await end(1);
    await end(2);
    expect(await next).toBe("C");
  });

  it("goes on in its own async context", async () => {
    const storage = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const limited = RunnableLambda.from(async (x: number) => {
      seen.push(storage.getStore());
      await turn();
      return x;
    }).withLimits({ maxConcurrency: 1 });
    await Promise.all(["one", "two", "three"].map((name, x) => storage.run(name, () => limited.invoke(x))));
    expect(seen).toEqual(["one", "two", "three"]);
  });

  it("keeps its place until its run has ended, though its caller has left", async () => {
    const { lambda, inputs, end } = held();
    const limited = lambda.withLimits({ maxConcurrency: 1 });
    const leaving = new AbortController();
    const left = limited.invoke("a", { signal: leaving.signal });
    const next = limited.invoke("b");
    leaving.abort();
    await expect(left).rejects.toMatchObject({ name: "AbortError" });
    await turn();
    expect(inputs()).toBe("a");
    await end(0);
    await end(1);
    expect(await next).toBe("B");
  });
});

describe("streams", () => {
  const letters = RunnableGenerator.from(async function* (chunks: AsyncIterable<string>) {
    for await (const chunk of chunks) yield* chunk;
  });

  it("keep their place until they end", async () => {
    const limited = letters.withLimits({ maxConcurrency: 1 });
    const one = await limited.stream("ab");
    const other = limited.stream("cd");
    await turn();
    expect(limited.waiting).toBe(1);
    expect(await all(one)).toEqual(["a", "b"]);
    expect(await all(await other)).toEqual(["c", "d"]);
  });

  it("give it back when their reader leaves", async () => {
    const limited = letters.withLimits({ maxConcurrency: 1 });
    for await (const letter of await limited.stream("ab")) if (letter === "a") break;
    expect(await all(await limited.stream("cd"))).toEqual(["c", "d"]);
  });

  it("of chunks flow through", async () => {
    const chain = letters.pipe(letters.withLimits({ maxConcurrency: 1 }));
    expect(await all(await chain.stream("ab"))).toEqual(["a", "b"]);
    expect(await chain.invoke("ab")).toBe("ab");
  });

  it("that wait leave by their signal", async () => {
    const limited = letters.withLimits({ maxConcurrency: 1 });
    const one = await limited.stream("ab");
    const leaving = new AbortController();
    const other = limited.stream("cd", { signal: leaving.signal });
    leaving.abort(new Error("enough"));
    await expect(other).rejects.toThrow("enough");
    expect(limited.waiting).toBe(0);
    expect(await all(one)).toEqual(["a", "b"]);
  });
});

describe("a runnable with limits", () => {
  it("has the name, the label and the runs of what is inside", async () => {
    const names: unknown[] = [];
    const limited = RunnableLambda.from((x: number) => x, { name: "ask" }).withLimits({ maxConcurrency: 1 });
    expect([limited.getName(), limited.label]).toEqual(["ask", "ask"]);
    const callbacks = [{ handleChainStart: (...run: unknown[]) => void names.push(run[7]) }];
    await limited.invoke(1, { callbacks, runName: "asked" });
    expect(names).toEqual(["asked"]);
    expect(limited).toBeInstanceOf(RunnableLimited);
  });

  it("is drawn as what is inside", () => {
    const limited = RunnableLambda.from((x: number) => x, { name: "ask" }).withLimits({ maxConcurrency: 1 });
    expect(Object.values(limited.getGraph().nodes).map(({ name }) => name)).toEqual(["askInput", "ask", "askOutput"]);
  });

  it("says its limits in a plan", () => {
    const limited = RunnableLambda.from((x: number) => x).withLimits({ maxConcurrency: 2, ratePerSecond: 10 });
    const [stage] = limited.explain().stages;
    expect(stage?.steps[0]?.why).toBe("starts at most 2 at once, at most 10 per second");
  });

  it("stays in this thread, and says what to do instead", () => {
    const limited = RunnableLambda.from((x: number) => x).withLimits({ maxConcurrency: 1 });
    expect(() => limited.withLane("thread")).toThrow("put withLimits around the step with the lane");
  });

  it.each<[string, unknown]>([
    ["the argument", {}],
    ["the argument", undefined],
    ["the argument", { burst: 3 }],
    ["maxConcurrency", { maxConcurrency: 0 }],
    ["maxConcurrency", { maxConcurrency: 1.5 }],
    ["ratePerSecond", { ratePerSecond: 0 }],
    ["ratePerSecond", { ratePerSecond: -1 }],
    ["ratePerSecond", { ratePerSecond: "10" }],
    ["burst", { ratePerSecond: 1, burst: 0.5 }],
    ["burst", { maxConcurrency: 1, burst: 2 }],
  ])("names a wrong option: %s of %o", (option, limits) => {
    const build = () => RunnableLambda.from((x: number) => x).withLimits(limits as never);
    expect(build).toThrow(expect.objectContaining({ code: "RUNLANE_INVALID_OPTION" }));
    expect(build).toThrow(`withLimits: ${option} must be`);
  });

  it("gives what the runnable inside gives, for any inputs and limits", async () => {
    const limits = fc.record({ maxConcurrency: fc.integer({ min: 1, max: 5 }) });
    const delays = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(limits, delays, async (options, inputs) => {
        let now = 0;
        let peak = 0;
        const limited = RunnableLambda.from((x: number): number | Promise<number> => {
          peak = Math.max(peak, ++now);
          const end = (): number => {
            now--;
            if (x === 3) throw new Error("three");
            return x * 2;
          };
          return x === 0 ? end() : turn().then(end);
        }).withLimits(options);
        const outputs = await limited.batch(inputs, {}, { returnExceptions: true });
        expect(outputs).toEqual(inputs.map((x) => (x === 3 ? new Error("three") : x * 2)));
        expect(peak).toBeLessThanOrEqual(options.maxConcurrency);
        expect(limited.waiting).toBe(0);
      }),
    );
  });
});
