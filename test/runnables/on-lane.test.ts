import { AsyncLocalStorage } from "node:async_hooks";
import { afterAll, describe, expect, it } from "vitest";
import { withObserver } from "../../src/core/observer.ts";
import {
  type Lane,
  processes,
  RunnableBranch,
  RunnableGenerator,
  RunnableLambda,
  RunnableParallel,
  registerClass,
  threads,
  transfer,
} from "../../src/index.ts";
import { StepStatistics } from "../../src/observe/statistics.ts";
import { everything } from "../everything.ts";
import * as points from "../fixtures/on-lane/point.mjs";
import { recorder } from "../observe/support.ts";
import { all } from "./support.ts";

const pools: Record<string, Lane> = {
  thread: threads({ max: 1, graceMs: 20, execArgv: [] }),
  process: processes({ max: 1, graceMs: 20, execArgv: [] }),
};
afterAll(() => Promise.all(Object.values(pools).map((pool) => pool.close({ force: true }))));

const pointsUrl = new URL("../fixtures/on-lane/point.mjs", import.meta.url);
// The fixture registers its class with the built package, and so does each worker; this test runs the sources.
registerClass(points.Point, points.codec);

const square = RunnableLambda.from((x: number) => x * x, { name: "square" });
const picky = RunnableLambda.from(
  (x: number) => {
    if (x % 2 === 1)
      throw Object.assign(new TypeError(`odd: ${x}`, { cause: new RangeError("why") }), { code: "E_ODD" });
    return x / 2;
  },
  { name: "picky" },
);
const forever = RunnableLambda.from((x: number) => {
  if (x < 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  return x;
});
const untilAborted = RunnableLambda.from(
  (_: unknown, { signal }) =>
    new Promise((_resolve, reject) => signal?.addEventListener("abort", () => reject(signal.reason))),
);

describe.each(Object.entries(pools))("a runnable on a lane: %s", (kind, lane) => {
  // The parent's side is one for both kinds, so what goes the same way there is run with the quicker one.
  const once = it.runIf(everything || kind === "thread");

  it("runs there, one input or many, in order", async () => {
    const pid = RunnableLambda.from(() => globalThis.process.pid).withLane(lane);
    expect((await pid.invoke(null)) === process.pid).toBe(kind === "thread");
    expect(await square.withLane(lane).invoke(3)).toBe(9);
    const inputs = Array.from({ length: 1000 }, (_, index) => index);
    expect(await square.withLane(lane).batch(inputs)).toEqual(inputs.map((x) => x * x));
  });

  it("runs sync, async and generator functions, and functions of chunks", async () => {
    expect(await RunnableLambda.from(async (x: number) => x + 1, { lane }).invoke(1)).toBe(2);
    const letters = function* (text: string) {
      yield* text;
    };
    expect(await RunnableLambda.from(letters, { lane }).invoke("abc")).toBe("abc");
    expect(await all(await RunnableLambda.from(letters, { lane }).stream("abc"))).toEqual(["a", "b", "c"]);
    const shout = RunnableGenerator.from(
      async function* (chunks: AsyncIterable<string>) {
        for await (const chunk of chunks) yield* chunk.toUpperCase();
      },
      { lane },
    );
    expect(await all(await shout.stream("ab"))).toEqual(["A", "B"]);
  });

  it("gives each failed input its own error", async () => {
    const results = await picky.withLane(lane).batch([1, 2, 3], {}, { returnExceptions: true });
    expect(results[1]).toBe(1);
    expect(results[0]).toMatchObject({ message: "odd: 1" });
    expect(results[2]).toMatchObject({ message: "odd: 3" });
    await expect(picky.withLane(lane).batch([2, 1, 4])).rejects.toThrow("odd: 1");
  });

  it("keeps class, code, cause and stack of an error", async () => {
    const error = await picky
      .withLane(lane)
      .invoke(7)
      .catch((thrown) => thrown);
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toMatchObject({ message: "odd: 7", code: "E_ODD", cause: expect.any(RangeError) });
    expect(error.stack).toContain("runlane:");
  });

  it("keeps what structured clone knows", async () => {
    const give = RunnableLambda.from(
      (at: Date) => ({ map: new Map([[at, new Set([1n])]]), bytes: new Float64Array([0.5, 1]), nothing: undefined }),
      { lane },
    );
    const at = new Date(0);
    const expected = { map: new Map([[at, new Set([1n])]]), bytes: new Float64Array([0.5, 1]), nothing: undefined };
    expect(await give.invoke(at)).toStrictEqual(expected);
  });

  it("keeps instances of classes that both sides have registered", async () => {
    const turn = RunnableLambda.fromModule<typeof points, "turned">(pointsUrl, "turned", { lane });
    const turned = (await turn.invoke(new points.Point(1, 2))).get("turned");
    expect(turned).toBeInstanceOf(points.Point);
    expect(turned).toMatchObject({ x: 2, y: 3, sum: 5 });
    // A worker of its own, which has not imported the module.
    await using other = (kind === "thread" ? threads : processes)({ execArgv: [] });
    const sum = RunnableLambda.from((point: { sum: number }) => point.sum, { lane: other });
    await expect(sum.invoke(new points.Point(1, 2))).rejects.toMatchObject({ code: "RUNLANE_UNKNOWN_CLASS" });
  });

  it("moves what is marked as transferred", async () => {
    const bytes = new Uint8Array([1, 2, 3]);
    const sum = RunnableLambda.from((given: Uint8Array) => given.reduce((total, byte) => total + byte, 0), { lane });
    expect(await sum.invoke(transfer(bytes))).toBe(6);
    expect(bytes.byteLength === 0).toBe(kind === "thread");
  });

  it("sees the config, without callbacks and what libraries keep in it for themselves", async () => {
    const seen = RunnableLambda.from(
      (_: unknown, { configurable, tags, metadata, callbacks, extra }) => ({
        configurable,
        tags,
        metadata,
        extra,
        callbacks: callbacks === undefined,
      }),
      { lane },
    );
    const configurable = { user: "ada", __send: () => {} };
    const config = { configurable, tags: ["t"], metadata: { at: 1 }, callbacks: [recorder().handler], extra: 5 };
    const expected = { configurable: { user: "ada" }, tags: ["t"], metadata: { at: 1 }, extra: 5, callbacks: true };
    expect(await seen.invoke(0, config)).toEqual(expected);
    expect(await seen.withConfig(config).batch([0, 0])).toEqual([expected, expected]);
    expect(await seen.invoke(0)).toMatchObject({ tags: [], metadata: {} });
  });

  it("takes whole trees: parallels, branches, retries", async () => {
    const tree = RunnableParallel.from({
      same: RunnableBranch.from<number, string>([
        [(x: number) => x > 1, () => "big"],
        [(x: number) => x > 0, () => "small"],
        () => "none",
      ]),
      tries: RunnableLambda.from(() => {
        const worker = globalThis as { tries?: number };
        worker.tries = (worker.tries ?? 0) + 1;
        if (worker.tries % 3 !== 0) throw new Error("not yet");
        return worker.tries;
      }).withRetry({ stopAfterAttempt: 3, backoff: { initialDelayMs: 1 } }),
    }).pipe(({ same, tries }) => `${same} ${tries}`);
    expect(await tree.withLane(lane).batch([2])).toEqual(["big 3"]);
    expect(await tree.withLane(lane).invoke(1)).toBe("small 6");
  });

  it("gives functions what they use, wherever they run", async () => {
    const uses = { limit: 3, shout: (word: string) => word.toUpperCase() };
    const long = RunnableLambda.from(
      (text: string, { uses }) => [uses.shout(text), text.length > uses.limit] as const,
      {
        uses,
      },
    );
    expect(await long.invoke("four")).toEqual(["FOUR", true]);
    expect(await long.withLane(lane).batch(["four", "two"])).toEqual([
      ["FOUR", true],
      ["TWO", false],
    ]);
  });

  it("ends a running input at an abort, and a queued one", async () => {
    const controller = new AbortController();
    const running = untilAborted.withLane(lane).invoke(0, { signal: controller.signal });
    const results = square.withLane(lane).batch([1, 2], { signal: controller.signal });
    controller.abort(new Error("enough"));
    await expect(running).rejects.toThrow("enough");
    await expect(results).rejects.toThrow("enough");
    expect(await square.withLane(lane).invoke(2)).toBe(4);
  });

  once("times an input from when its worker starts on it, and a timeout costs that input only", async () => {
    const timed = forever.withLane(lane);
    await timed.warm();
    // Time enough for the other inputs, also where a thread waits for the processor.
    const timeout = 1000;
    for (const runnable of [timed, timed.withConfig({ tags: ["bound"] })]) {
      const results = await runnable.batch([-1, 1, 2], { timeout }, { returnExceptions: true });
      expect(results).toEqual([expect.objectContaining({ name: "TimeoutError" }), 1, 2]);
    }
    const bound = timed.withConfig({ timeout });
    const settled = await bound.batch([-1, 1, 2], {}, { returnExceptions: true });
    expect(settled).toEqual([expect.objectContaining({ name: "TimeoutError" }), 1, 2]);
    await expect(timed.stream(-1, { timeout: 100 })).rejects.toMatchObject({ name: "TimeoutError" });
    const several = timed.batch([-1, 1], [{ timeout: 100 }, { timeout: 60_000 }], { returnExceptions: true });
    expect(await several).toEqual([expect.objectContaining({ name: "TimeoutError" }), 1]);
  });

  once("holds the shorter of a bound and a given timeout", async () => {
    const timed = forever.withLane(lane);
    await expect(timed.withConfig({ timeout: 60_000 }).invoke(-1, { timeout: 50 })).rejects.toThrow("50 ms");
    await expect(timed.withConfig({ timeout: 50 }).invoke(-1, { timeout: 60_000 })).rejects.toThrow("50 ms");
    const { signal } = new AbortController();
    await expect(timed.withConfig({ signal }).invoke(-1, { timeout: 50 })).rejects.toThrow("50 ms");
  });

  it("is one run to callbacks, with the name, the inputs and the outputs of the inside", async () => {
    const chain = square.pipe((x) => ({ x })).withLane(lane);
    for (const run of [
      (config: object) => chain.invoke(2, config),
      async (config: object) => (await chain.batch([2], config))[0],
      async (config: object) => (await all(await chain.stream(2, config)))[0],
    ]) {
      const { handler, runs, problems } = recorder();
      expect(await run({ callbacks: [handler], tags: ["t"] })).toEqual({ x: 4 });
      const output = { x: 4 };
      expect([...runs.values()]).toEqual([
        expect.objectContaining({ name: "RunnableSequence", inputs: { input: 2 }, output, tags: ["t"], ends: ["end"] }),
      ]);
      expect(problems).toEqual([]);
    }
    const { handler, runs } = recorder();
    await picky
      .withLane(lane)
      .invoke(1, { callbacks: [handler], runName: "half" })
      .catch(() => {});
    expect([...runs.values()]).toMatchObject([{ name: "half", ends: ["error"] }]);
  });

  it("is one row of the statistics, which says the lane", async () => {
    const statistics = new StepStatistics();
    const chain = square.pipe(picky.withLane(lane)).pipe(square.withLane("loop"));
    await chain.batch([2, 3], withObserver({}, statistics), { returnExceptions: true });
    expect(statistics.rows()).toMatchObject([
      { name: "square", lane: "loop", inputs: 2, failed: 0 },
      { name: "picky", lane: kind, inputs: 2, failed: 1 },
      { name: "square", lane: "loop", inputs: 1, failed: 0 },
    ]);
  });

  it("keeps the async context of its caller", async () => {
    const storage = new AsyncLocalStorage<string>();
    const step = square.withLane(lane);
    const seen = await Promise.all(
      ["a", "b"].map((name) =>
        storage.run(name, async () => {
          const inThen = await step.invoke(1).then(() => storage.getStore());
          await step.batch([1, 2]);
          const inLoop: unknown[] = [];
          for await (const _ of await step.stream(1)) inLoop.push(storage.getStore());
          return [inThen, storage.getStore(), ...inLoop];
        }),
      ),
    );
    expect(seen).toEqual([
      ["a", "a", "a"],
      ["b", "b", "b"],
    ]);
  });
});

describe("a runnable in a thread", () => {
  const count = RunnableLambda.from(function* (produced: Int32Array) {
    try {
      for (let number = 0; ; number++) {
        Atomics.add(produced, 0, 1);
        yield number;
      }
    } finally {
      Atomics.store(produced, 1, 1);
    }
  });

  it("streams no faster than it is read, and ends its generator when the reader leaves", async () => {
    const produced = new Int32Array(new SharedArrayBuffer(8));
    const seen: number[] = [];
    for await (const number of await count.withLane(pools.thread as Lane).stream(produced)) {
      seen.push(number);
      if (seen.length === 100) break;
    }
    expect(seen.at(-1)).toBe(99);
    expect(produced[0]).toBeLessThan(200);
    await expect.poll(() => produced[1]).toBe(1);
  });

  it("does not hold the clock of a call, alone or in a chain", async () => {
    const gate = new Int32Array(new SharedArrayBuffer(4));
    const lane = threads({ max: 1, execArgv: [] });
    const busy = RunnableLambda.from((gate: Int32Array) => Atomics.wait(gate, 0, 0), { lane });
    const step = square.withLane(lane);
    const held = busy.invoke(gate);
    const alone = step.invoke(2, { timeout: 60 });
    const inChain = square.pipe(step).invoke(2, { timeout: 60 });
    const retried = step.withRetry({ stopAfterAttempt: 1 }).invoke(2, { timeout: 60 });
    await expect(alone).rejects.toMatchObject({ name: "TimeoutError" });
    await expect(inChain).rejects.toMatchObject({ name: "TimeoutError" });
    await expect(retried).rejects.toMatchObject({ name: "TimeoutError" });
    Atomics.store(gate, 0, 1);
    Atomics.notify(gate, 0);
    await held;
    await lane.close();
  });

  it("runs by the lane's name", async () => {
    const id = RunnableLambda.fromModule(new URL("../fixtures/on-lane/score.mjs", import.meta.url), "thread");
    expect(await id.withLane("thread").invoke(0)).not.toBe(await id.withLane("loop").invoke(0));
  });
});

describe("a lane of one's own making", () => {
  const seen: { running: number; most: number; options: unknown[] } = { running: 0, most: 0, options: [] };
  const lane: Lane = {
    ...(pools.thread as Lane),
    name: "mine",
    async run(_stage, input, options) {
      seen.options.push(options);
      seen.most = Math.max(seen.most, ++seen.running);
      await null;
      seen.running--;
      return input;
    },
  };
  const step = square.withLane(lane);

  it("gets as many inputs at once as may run", async () => {
    expect(await step.batch([0, 1, 2, 3, 4, 5, 6, 7], { maxConcurrency: 3 })).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(seen.most).toBe(3);
  });

  it("gets one object for configs that say the same, and nothing for one that says nothing", async () => {
    const optionsOf = async (run: () => Promise<unknown>) => {
      seen.options = [];
      await run();
      return seen.options as { config?: object; timeoutMs?: number }[];
    };
    expect(await optionsOf(() => step.invoke(1, { runName: "named" }))).toEqual([{}]);
    const bound = step.withConfig({ tags: ["t"], timeout: 1000 });
    const options = await optionsOf(() => bound.batch([1, 2, 3], { callbacks: [recorder().handler] }));
    expect(options).toHaveLength(3);
    expect(new Set(options.map(({ config }) => config)).size).toBe(1);
    expect(options[0]).toMatchObject({ timeoutMs: 1000, config: { tags: ["t"] } });
  });

  it("is told the timeout of each input of a batch", async () => {
    seen.options = [];
    const config = { timeout: 1000 };
    await step.batch([1], config);
    await step.batch([1], [config]);
    await all(step.batchAsCompleted([1], config));
    await all(step.batchStream([1], config));
    expect(seen.options).toEqual(
      Array(4).fill(expect.objectContaining({ timeoutMs: 1000, signal: expect.any(AbortSignal) })),
    );
  });

  it("is told nothing of the timeout of a call, whose time counts from the call", async () => {
    seen.options = [];
    await step.invoke(1, { timeout: 1000 });
    await square.pipe(step).invoke(1, { timeout: 1000 });
    const told = { timeoutMs: undefined, signal: expect.any(AbortSignal) };
    expect(seen.options).toMatchObject([told, told]);
  });
});

describe("choosing a lane", () => {
  it("refuses functions that use variables around them, with their names, their lines and the remedies", () => {
    const factor = Math.random();
    const scale = RunnableLambda.from(
      (x: number) => {
        const base = 1;
        return base * x * factor;
      },
      { name: "scale" },
    );
    const refused = () => square.pipe(scale).withLane("thread");
    expect(refused).toThrow(expect.objectContaining({ code: "RUNLANE_CAPTURED_VARIABLE" }));
    expect(refused).toThrow(/withLane\("thread"\), step "scale".*factor \(.*on-lane\.test\.ts:\d+\)/s);
    expect(refused).toThrow(/fromModule.*uses/s);
    expect(() => RunnableLambda.from((x: number) => x * factor, { lane: "process" })).toThrow(/factor/);
    expect(() => RunnableLambda.from((x: number) => x * factor, { lane: "loop" })).not.toThrow();
  });

  it("refuses methods, bound and native functions", () => {
    for (const func of [
      Math.max,
      square.invoke.bind(square),
      {
        by(x: number) {
          return Object.keys(this).length + x;
        },
      }.by,
    ])
      expect(() => RunnableLambda.from(func as (x: number) => unknown, { lane: "thread" })).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^RUNLANE_(NOT_SHIPPABLE|CAPTURED_VARIABLE)$/) }),
      );
  });

  it("refuses a lane that there is not", () => {
    for (const lane of ["threads", "", undefined, {}])
      expect(() => square.withLane(lane as "thread")).toThrow(
        expect.objectContaining({ code: "RUNLANE_UNKNOWN_LANE" }),
      );
    const from = () => RunnableLambda.from((x: number) => x, { lane: "gpu" as "thread" });
    expect(from).toThrow(expect.objectContaining({ code: "RUNLANE_UNKNOWN_LANE" }));
  });

  it.each([5, null, [1]])("refuses uses that are no object: %j", (uses) => {
    const from = () => RunnableLambda.from((x: number) => x, { uses: uses as unknown as { limit: number } });
    expect(from).toThrow(expect.objectContaining({ code: "RUNLANE_INVALID_OPTION" }));
  });

  it("refuses calls on a lane that is closed", async () => {
    const lane = threads({ execArgv: [] });
    const step = square.withLane(lane);
    await lane.close();
    await expect(step.invoke(1)).rejects.toMatchObject({ code: "RUNLANE_LANE_CLOSED" });
    await expect(step.batch([1])).rejects.toMatchObject({ code: "RUNLANE_LANE_CLOSED" });
    await expect(step.stream(1)).rejects.toMatchObject({ code: "RUNLANE_LANE_CLOSED" });
  });

  it("leaves the drawing as it is", () => {
    const chain = square.pipe(RunnableParallel.from({ a: picky, b: square }));
    const names = (graph: ReturnType<typeof chain.getGraph>) => Object.values(graph.nodes).map(({ name }) => name);
    const drawn = chain.withLane("thread").getGraph();
    expect(names(drawn)).toEqual(names(chain.getGraph()));
    expect(names(drawn)).toContain("picky");
    expect(drawn.edges).toHaveLength(chain.getGraph().edges.length);
  });

  it("leaves runs and statistics of the inside alone when the lane is the event loop", async () => {
    const { handler, runs } = recorder();
    const statistics = new StepStatistics();
    const config = withObserver({ callbacks: [handler] }, statistics);
    expect(await square.pipe(picky).withLane("loop").invoke(2, config)).toBe(2);
    expect([...runs.values()].map(({ name }) => name)).toEqual(["RunnableSequence", "square", "picky"]);
    expect(statistics.rows().map(({ name, lane }) => [name, lane])).toEqual([
      ["square", "loop"],
      ["picky", "loop"],
    ]);
  });
});
