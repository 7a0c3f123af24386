import { describe, expect, it, vi } from "vitest";
import { threads } from "../../src/lanes/named-lanes.ts";
import { everything } from "../everything.ts";
import { KINDS, open, PATIENCE, range, stageOf } from "./helpers.ts";

describe.each(KINDS)("a pool of workers: %s", (kind) => {
  // The parent's side is one for both kinds, so what goes the same way there is run with the quicker one.
  const once = it.runIf(everything || kind === "thread");

  once("starts no more workers than max, and none before the first call", async () => {
    await using lane = open(kind, { max: 2 });
    expect(lane.capacity).toEqual({ workers: 0, busy: 0, queued: 0 });
    const stage = stageOf("whoAmI");
    const outputs = (await Promise.all(range(200).map((value) => lane.run(stage, value)))) as string[];
    const workers = new Set(outputs.map((output) => output.replace(/:\d+$/, "")));
    expect(workers.size).toBeLessThanOrEqual(2);
    expect(lane.capacity.workers).toBeLessThanOrEqual(2);
  });

  once("ends idle workers beyond min", async () => {
    await using lane = open(kind, { min: 1, max: 3, idleTimeoutMs: 20 });
    await lane.warm();
    expect(lane.capacity.workers).toBe(3);
    await expect.poll(() => lane.capacity.workers, PATIENCE).toBe(1);
    await expect(lane.run(stageOf("double"), 2)).resolves.toBe(4);
  });

  once("has loaded a stage in every worker once it is warm", async () => {
    await using lane = open(kind, { max: 2 });
    const stage = stageOf("countCalls");
    await lane.warm(stage);
    expect(lane.capacity).toEqual({ workers: 2, busy: 0, queued: 0 });
    await expect(lane.run(stage, null)).resolves.toBe(1);
  });

  once("replaces a worker after maxInputsPerWorker inputs, and loses none", async () => {
    await using lane = open(kind, { max: 2, maxInputsPerWorker: 20 });
    const stage = stageOf("countCalls");
    const counts = (await Promise.all(range(60).map(() => lane.run(stage, null)))) as number[];
    expect(Math.max(...counts)).toBeLessThanOrEqual(20);
    expect(counts).toHaveLength(60);
  });

  once("refuses calls beyond maxQueue, and runs the others", async () => {
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

  once("adds env to the environment of its workers", async () => {
    await using lane = open(kind, { max: 1, env: { RUNLANE_TEST_VALUE: "seen" } });
    await expect(lane.run(stageOf("environment"), "RUNLANE_TEST_VALUE")).resolves.toBe("seen");
    await expect(lane.run(stageOf("environment"), "PATH")).resolves.toBe(process.env.PATH);
  });

  once("goes on when a function overwrites globals of its worker", async () => {
    await using lane = open(kind, { max: 1 });
    await expect(lane.run(stageOf("overwrite"), 1)).resolves.toBe(1);
    await expect(lane.run(stageOf("doubleLater"), 2)).resolves.toBe(4);
  });

  once("tells of errors, and of what is not plain, when a function has overwritten globals", async () => {
    await using lane = open(kind, { max: 1 });
    const stage = stageOf("overwriteAndFail");
    for (const input of ["first", "second"])
      await expect(lane.run(stage, input)).rejects.toEqual(new RangeError(input));
    await expect(lane.run(stage, "map")).resolves.toEqual(new Map([["error", new RangeError("map")]]));
  });

  it("counts the bytes that travel", async () => {
    await using lane = open(kind, { max: 1 });
    await lane.run(stageOf("echo"), "four");
    expect(lane.statistics()).toMatchObject([{ label: "echo", bytes: 8 }]);
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
