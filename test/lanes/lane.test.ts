import { AsyncLocalStorage } from "node:async_hooks";
import { describe, expect, it, vi } from "vitest";
import { threads } from "../../src/lanes/lazy-lane.ts";
import { KINDS, open, PATIENCE, range, stageOf } from "./helpers.ts";

describe.each(KINDS)("a pool of workers: %s", (kind) => {
  it("gives one outcome per input, in order", async () => {
    await using lane = open(kind, { max: 2 });
    const outputs = await Promise.all(range(5000).map((value) => lane.run(stageOf("double"), value)));
    expect(outputs).toEqual(range(5000).map((value) => value * 2));
  });

  it("runs async functions, many at a time in one worker", async () => {
    await using lane = open(kind, { max: 1 });
    const stage = stageOf("doubleLater");
    const outputs = await Promise.all(range(500).map((value) => lane.run(stage, value)));
    expect(outputs).toEqual(range(500).map((value) => value * 2));
  });

  it("rejects with what the function threw, its neighbours in the chunk unharmed", async () => {
    await using lane = open(kind, { max: 2 });
    const stage = stageOf("failOdd");
    const outcomes = await Promise.allSettled(range(100).map((value) => lane.run(stage, value)));
    outcomes.forEach((outcome, index) => {
      if (index % 2 === 0) expect(outcome).toEqual({ status: "fulfilled", value: index });
      else
        expect((outcome as PromiseRejectedResult).reason).toMatchObject({
          name: "RangeError",
          message: `odd ${index}`,
        });
    });
  });

  it("rejects an input and an output that cannot be sent, and no other", async () => {
    await using lane = open(kind, { max: 1 });
    const stage = stageOf("unsendable");
    const outcomes = await Promise.allSettled([0, 1, 2, () => {}, 4].map((input) => lane.run(stage, input)));
    expect(outcomes.map(({ status }) => status)).toEqual([
      "fulfilled",
      "rejected",
      "fulfilled",
      "rejected",
      "fulfilled",
    ]);
  });

  it("starts no more workers than max, and none before the first call", async () => {
    await using lane = open(kind, { max: 2 });
    expect(lane.capacity).toEqual({ workers: 0, busy: 0, queued: 0 });
    const stage = stageOf("whoAmI");
    const outputs = (await Promise.all(range(200).map((value) => lane.run(stage, value)))) as string[];
    const workers = new Set(outputs.map((output) => output.replace(/:\d+$/, "")));
    expect(workers.size).toBeLessThanOrEqual(2);
    expect(lane.capacity.workers).toBeLessThanOrEqual(2);
  });

  it("ends idle workers beyond min", async () => {
    await using lane = open(kind, { min: 1, max: 3, idleTimeoutMs: 20 });
    await lane.warm();
    expect(lane.capacity.workers).toBe(3);
    await expect.poll(() => lane.capacity.workers, PATIENCE).toBe(1);
    await expect(lane.run(stageOf("double"), 2)).resolves.toBe(4);
  });

  it("has loaded a stage in every worker once it is warm", async () => {
    await using lane = open(kind, { max: 2 });
    const stage = stageOf("countCalls");
    await lane.warm(stage);
    expect(lane.capacity).toEqual({ workers: 2, busy: 0, queued: 0 });
    await expect(lane.run(stage, null)).resolves.toBe(1);
  });

  it("replaces a worker after maxInputsPerWorker inputs, and loses none", async () => {
    await using lane = open(kind, { max: 2, maxInputsPerWorker: 10 });
    const stage = stageOf("countCalls");
    const counts = (await Promise.all(range(60).map(() => lane.run(stage, null)))) as number[];
    expect(Math.max(...counts)).toBeLessThanOrEqual(10);
    expect(counts).toHaveLength(60);
  });

  it("serves calls of a higher priority first", async () => {
    await using lane = open(kind, { max: 1 });
    const stage = stageOf("echo");
    const order: unknown[] = [];
    const note = (value: unknown) => order.push(value);
    await Promise.all([
      lane.run(stage, "low", { priority: -1 }).then(note),
      lane.run(stage, "usual").then(note),
      lane.run(stage, "high", { priority: 1 }).then(note),
    ]);
    expect(order).toEqual(["high", "usual", "low"]);
  });

  it("refuses calls beyond maxQueue, and runs the others", async () => {
    await using lane = open(kind, { max: 1, maxQueue: 2 });
    const stage = stageOf("double");
    const outcomes = await Promise.allSettled(range(5).map((value) => lane.run(stage, value)));
    expect(outcomes.map(({ status }) => status)).toEqual([
      "fulfilled",
      "fulfilled",
      "fulfilled",
      "rejected",
      "rejected",
    ]);
    expect(outcomes[4]).toMatchObject({ reason: { code: "RUNLANE_QUEUE_FULL" } });
  });

  it("passes configs on, one per input or one for all", async () => {
    await using lane = open(kind, { max: 1 });
    const stage = stageOf("config");
    const shared = { tags: ["all"] };
    expect(await Promise.all([1, 2].map((input) => lane.run(stage, input, { config: shared })))).toEqual([
      shared,
      shared,
    ]);
    expect(await Promise.all([1, 2].map((input) => lane.run(stage, input, { config: { tags: [input] } })))).toEqual([
      { tags: [1] },
      { tags: [2] },
    ]);
  });

  it("adds env to the environment of its workers", async () => {
    await using lane = open(kind, { max: 1, env: { RUNLANE_TEST_VALUE: "seen" } });
    await expect(lane.run(stageOf("environment"), "RUNLANE_TEST_VALUE")).resolves.toBe("seen");
    await expect(lane.run(stageOf("environment"), "PATH")).resolves.toBe(process.env.PATH);
  });

  it("goes on when a function overwrites globals of its worker", async () => {
    await using lane = open(kind, { max: 1 });
    await expect(lane.run(stageOf("overwrite"), 1)).resolves.toBe(1);
    await expect(lane.run(stageOf("doubleLater"), 2)).resolves.toBe(4);
  });

  it("waits for a stage that is still being made, and rejects when it cannot be", async () => {
    await using lane = open(kind, { max: 1 });
    const { shipped } = stageOf("double");
    const late = { id: 0, label: "late", shipped: Promise.resolve(shipped) };
    await expect(Promise.all([lane.run(late, 1), lane.run(late, 2)])).resolves.toEqual([2, 4]);
    const broken = { id: 0, label: "broken", shipped: Promise.reject(new Error("cannot be shipped")) };
    await expect(lane.run(broken, 1)).rejects.toThrow("cannot be shipped");
  });

  it("keeps the async context of the caller", async () => {
    await using lane = open(kind, { max: 1 });
    const storage = new AsyncLocalStorage<number>();
    const seen = await Promise.all(
      range(20).map((value) =>
        storage.run(value, async () => {
          await lane.run(stageOf("double"), value);
          return storage.getStore();
        }),
      ),
    );
    expect(seen).toEqual(range(20));
  });

  it("counts inputs, failures and times per stage", async () => {
    await using lane = open(kind, { max: 1 });
    const stage = stageOf("failOdd");
    await Promise.allSettled(range(10).map((value) => lane.run(stage, value)));
    const spin = stageOf("spin");
    await lane.run(spin, 5);
    const [row, spun] = lane.statistics();
    expect(row).toMatchObject({ label: "failOdd", inputs: 10, failed: 5 });
    expect(spun).toMatchObject({ label: "spin", inputs: 1, failed: 0 });
    expect(spun!.runMs).toBeGreaterThanOrEqual(5);
    expect(spun!.p50Ms).toBeGreaterThan(4.5);
    await lane.run(stageOf("echo"), "four");
    expect(lane.statistics().at(-1)).toMatchObject({ label: "echo", bytes: 8 });
  });
});

describe("options of a pool", () => {
  it.each([
    [{ max: 0 }, "max must be a whole number of at least 1"],
    [{ max: 2.5 }, "max must be a whole number"],
    [{ min: 3, max: 2 }, "min must be at most max (2)"],
    [{ graceMs: Number.POSITIVE_INFINITY }, "graceMs must be a number of milliseconds"],
    [{ idleTimeoutMs: "1s" }, "idleTimeoutMs must be a number of milliseconds, or Infinity"],
    [{ execArgv: {} }, "execArgv must be an array"],
    [{ threads: 4 }, "threads must be left out"],
    [null, "must be an object"],
  ])("are checked: %j", (options, message) => {
    expect(() => threads(options as object)).toThrow(message);
  });
});

describe("a platform without threads", () => {
  it("is told so, in one clear error per call", async () => {
    const builtins = vi.spyOn(process, "getBuiltinModule").mockReturnValue(undefined as never);
    const lane = threads({ max: 2 });
    const calls = range(3).map((value) => lane.run(stageOf("double"), value));
    const outcomes = await Promise.allSettled(calls);
    builtins.mockRestore();
    for (const outcome of outcomes) expect(outcome).toMatchObject({ reason: { code: "RUNLANE_NO_THREADS" } });
    await expect(lane.run(stageOf("double"), 4)).resolves.toBe(8);
    await lane.close();
  });
});
