import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import {
  type PoolOptions,
  processes,
  RunnableBranch,
  RunnableGenerator,
  RunnableLambda,
  resource,
  threads,
} from "../../src/index.ts";
import { everything } from "../everything.ts";
import { disposeSlowly, loadSlowly, noted } from "../fixtures/resources/loaders.mjs";

const KINDS = ["thread", "process"] as const;
const loaders = new URL("../fixtures/resources/loaders.mjs", import.meta.url);
const PATIENCE = { timeout: 50_000 };

let folder = "";
let count = 0;
const fresh = () => {
  const own = `${++count}`;
  const file = join(folder, own);
  appendFileSync(file, "");
  return { name: `lane resource ${own}`, file, log: () => readFileSync(file, "utf8").split("\n").filter(Boolean) };
};

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "runlane-resources-"));
});
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => vi.restoreAllMocks());

const code = (value: string) => expect.objectContaining({ code: value });

describe.each(KINDS)("a resource in workers: %s", (kind) => {
  // What goes the same way in both kinds is run with the quicker one.
  const once = it.runIf(everything || kind === "thread");

  const open = (options: PoolOptions = {}) =>
    (kind === "thread" ? threads : processes)({ max: 1, execArgv: [], ...options });

  /** A resource that notes what becomes of it. */
  const noting = (options: { name: string; file: string; version?: number; warm?: boolean }) => {
    const { name, file, ...rest } = options;
    return resource<any, any>(name, noted, { ...rest, uses: { file }, dispose: (own) => own.note("dispose") });
  };

  const weighing = (model: any, lane: any) =>
    RunnableLambda.from(
      (x: number, { uses }: any) => {
        if (x < 0) process.exit(3);
        return x * uses.model.weight;
      },
      { uses: { model }, lane },
    );

  it("is loaded once in each worker, whoever comes at once, and listed for each", async () => {
    const { log, ...own } = fresh();
    await using lane = open({ max: 2 });
    const chain = weighing(noting(own), lane);
    const inputs = Array.from({ length: 50 }, (_, index) => index);
    expect(await chain.batch(inputs)).toEqual(inputs.map((x) => x * 3));
    await chain.warm();
    expect(await Promise.all(inputs.map((x) => chain.invoke(x)))).toEqual(inputs.map((x) => x * 3));
    expect(log()).toEqual(["load", "load"]);
    expect(chain.resources()).toMatchObject([
      { name: own.name, state: "ready", where: kind, worker: 1, loads: 1 },
      { name: own.name, state: "ready", where: kind, worker: 2, loads: 1 },
    ]);
    expect(chain.resources()[0]!.loadMs).toBeGreaterThan(0);
  });

  once("is there before the first input once the chain is warm", async () => {
    const { log, ...own } = fresh();
    await using lane = open({ max: 2 });
    const told: unknown[] = [];
    const chain = weighing(noting(own), lane);
    expect(chain.resources()).toMatchObject([{ state: "idle", where: kind, worker: null, loads: 0 }]);
    await chain.warm({ onProgress: ({ done, total }) => told.push([done, total]) });
    expect(log()).toEqual(["load", "load"]);
    expect(told).toEqual([
      [1, 2],
      [2, 2],
    ]);
    await chain.warm();
    const inputs = [1, 2, 3, 4];
    expect(await Promise.all(inputs.map((x) => chain.invoke(x)))).toEqual([3, 6, 9, 12]);
    expect(await chain.batch(inputs)).toEqual([3, 6, 9, 12]);
    expect(log()).toEqual(["load", "load"]);
    expect(chain.resources().map(({ loads }) => loads)).toEqual([1, 1]);
  });

  once("is shared by all steps of the lane that use it", async () => {
    const { log, ...own } = fresh();
    await using lane = open();
    const model = noting(own);
    await weighing(model, lane).invoke(1);
    await weighing(model, lane).invoke(2);
    expect(log()).toEqual(["load"]);
  });

  once("is loaded again by the worker that takes the place of one that crashed, and by no other", async () => {
    const { log, ...own } = fresh();
    await using lane = open({ max: 2 });
    const chain = weighing(noting(own), lane);
    await chain.warm();
    const inputs = [1, 2, -1, 3, 4];
    const outputs = await chain.batch(inputs, {}, { returnExceptions: true });
    expect(outputs).toEqual([3, 6, code("RUNLANE_WORKER_CRASHED"), 9, 12]);
    await chain.warm();
    const loads = chain.resources().reduce((sum, row) => sum + row.loads, 0);
    expect(loads).toBe(3);
    expect(log().filter((line) => line === "load")).toHaveLength(3);
    // A worker that exits by itself disposes of what it has, too.
    expect(log().filter((line) => line === "dispose")).toHaveLength(1);
  });

  it.each<readonly [string, PoolOptions, (lane: any) => Promise<unknown>]>([
    ["the lane is closed", {}, async (lane: any) => lane.close()],
    ...(everything || kind === "thread"
      ? ([
          ["the lane is closed by force", {}, async (lane: any) => lane.close({ force: true })],
          ["a worker has been idle for long", { idleTimeoutMs: 1 }, async () => {}],
          ["a worker has run its share of inputs", { maxInputsPerWorker: 1 }, async () => {}],
        ] as const)
      : []),
  ])("is disposed of when %s", async (_, options, end) => {
    const { log, ...own } = fresh();
    await using lane = open(options);
    const chain = weighing(noting(own), lane);
    await chain.invoke(1);
    await end(lane);
    await vi.waitFor(() => expect(log()).toEqual(["load", "dispose"]), PATIENCE);
    await vi.waitFor(
      () => expect(chain.resources()).toMatchObject([{ state: "disposed", worker: null, loads: 1 }]),
      PATIENCE,
    );
  });

  once("has been disposed of when close returns, however long that takes", async () => {
    const { name, file, log } = fresh();
    const slow = resource<any, any>(name, noted, { uses: { file }, dispose: disposeSlowly });
    const lane = open();
    await RunnableLambda.from((_: number, { uses }) => uses.slow.weight, { uses: { slow }, lane }).invoke(1);
    await lane.close();
    expect(log()).toEqual(["load", "dispose"]);
  });

  once("takes no longer to be disposed of than graceMs allows", async () => {
    const { name } = fresh();
    const stuck = resource(name, () => 1, { dispose: () => new Promise(() => {}) });
    const lane = open({ graceMs: 50 });
    await RunnableLambda.from((_: number, { uses }) => uses.stuck, { uses: { stuck }, lane }).invoke(1);
    await lane.close();
    expect(lane.capacity.workers).toBe(0);
  });

  once("reaches workers in its new version, and the old one is disposed of there", async () => {
    const { log, ...own } = fresh();
    await using lane = open();
    const chain = RunnableLambda.from((_: number, { uses }: any) => uses.model.version, {
      uses: { model: resource(own.name, () => ({ version: 1 }), { version: 1 }) },
      lane,
    });
    expect(await chain.invoke(0)).toBe(1);
    resource(own.name, () => ({ version: 2 }), { version: 2 });
    await vi.waitFor(async () => expect(await chain.invoke(0)).toBe(2), PATIENCE);
    expect(chain.resources()).toMatchObject([{ version: 2, loads: 2 }]);
  });

  once("is refused in a new version that cannot travel, and the old one stays", async () => {
    const { name, file } = fresh();
    await using lane = open();
    const model = resource(name, () => "old", { version: 1 });
    const chain = RunnableLambda.from((_: number, { uses }) => uses.model, { uses: { model }, lane });
    expect(await chain.invoke(0)).toBe("old");
    expect(() => resource(name, () => file, { version: 2 })).toThrow(code("RUNLANE_CAPTURED_VARIABLE"));
    expect(model.version).toBe(1);
    expect(await chain.invoke(0)).toBe("old");
  });

  once("may come from a module, with the function that uses it", async () => {
    const { name, file, log } = fresh();
    await using lane = open();
    const model = resource.fromModule(name, loaders, "loadModel", { uses: { file } });
    const score = RunnableLambda.fromModule(loaders, "score", { uses: { model }, lane });
    expect(await score.batch(["a", "bb"])).toEqual([1, 2]);
    expect(log()).toEqual(["loaded"]);
  });

  once("is loaded before the time of the first input begins", async () => {
    await using lane = open();
    const chain = weighing(resource(fresh().name, loadSlowly), lane);
    // In a batch: the time of a single call counts from the call.
    expect(await chain.batch([2], { timeout: 1000 })).toEqual([6]);
  });

  once("is not loaded for inputs that do not reach it", async () => {
    const { log, ...own } = fresh();
    const { log: otherLog, ...other } = fresh();
    await using lane = open();
    const [even, odd] = [noting(own), noting(other)].map((model) =>
      RunnableLambda.from((x: number, { uses }: any) => x * uses.model.weight, { uses: { model } }),
    );
    const chain = RunnableBranch.from([[(x: number) => x % 2 === 0, even!], odd!]).withLane(lane);
    expect(await chain.batch([1, 3, 5])).toEqual([3, 9, 15]);
    expect([log(), otherLog()]).toEqual([[], ["load"]]);
    expect(chain.resources().map(({ state }) => state)).toEqual(["idle", "ready"]);
  });

  it.runIf(everything)("is loaded once for each worker, however many of them crash", async () => {
    const { log, ...own } = fresh();
    await using lane = open({ max: 2 });
    const chain = weighing(noting(own), lane);
    const inputs = Array.from({ length: 40 }, (_, index) => (index % 10 === 9 ? -1 : index));
    const outputs = await chain.batch(inputs, {}, { returnExceptions: true });
    expect(outputs.filter((output) => output instanceof Error)).toHaveLength(4);
    await chain.warm();
    const loads = log().filter((line) => line === "load");
    const rows = chain.resources();
    const numbers = rows.map(({ worker }) => worker ?? 0);
    // Workers are numbered as they start.
    expect(loads).toHaveLength(Math.max(...numbers));
    expect(rows.reduce((sum, row) => sum + row.loads, 0)).toBe(loads.length);
  });

  once("is there for functions that stream", async () => {
    const { log, ...own } = fresh();
    await using lane = open();
    const triple = RunnableGenerator.from(
      async function* (chunks: AsyncIterable<number>, { uses }: any) {
        for await (const chunk of chunks) for (let n = 1; n <= 2; n++) yield chunk * n * uses.model.weight;
      },
      { uses: { model: noting(own) }, lane },
    );
    const chunks: number[] = [];
    for await (const chunk of await triple.stream(5)) chunks.push(chunk as number);
    expect(chunks).toEqual([15, 30]);
    expect(log()).toEqual(["load"]);
  });

  once("that a module keeps for the event loop is refused in a worker", async () => {
    await using lane = open();
    const step = RunnableLambda.fromModule(loaders, "ofProcess", { lane });
    await expect(step.invoke(1)).rejects.toMatchObject({ code: "RUNLANE_RESOURCE_SCOPE" });
  });

  once("is loaded as a worker starts, when it says so", async () => {
    const { log, ...own } = fresh();
    await using lane = open({ max: 2 });
    const chain = weighing(noting({ ...own, warm: true }), lane);
    await chain.invoke(1);
    await lane.warm();
    await vi.waitFor(() => expect(log()).toEqual(["load", "load"]), PATIENCE);
  });
});

describe.each(KINDS)("a loader in a worker: %s", (kind) => {
  // What goes the same way in both kinds is run with the quicker one.
  const once = it.runIf(everything || kind === "thread");

  const open = (options: PoolOptions = {}) =>
    (kind === "thread" ? threads : processes)({ max: 1, execArgv: [], ...options });
  const use = (model: any, lane: any) =>
    RunnableLambda.from((x: number, { uses }: any) => [x, uses.model], { uses: { model }, lane });
  const NOW = { initialDelayMs: 0 };

  once("that throws fails the calls that wait, with what it threw", async () => {
    const { name } = fresh();
    await using lane = open();
    const load = () => {
      throw new RangeError("too big");
    };
    const chain = use(resource(name, load, { retry: NOW }), lane);
    const outcomes = await chain.batch([1, 2, 3], {}, { returnExceptions: true });
    for (const outcome of outcomes)
      expect(outcome).toMatchObject({
        code: "RUNLANE_RESOURCE_LOAD",
        cause: { name: "RangeError", message: "too big" },
      });
    await expect(chain.warm()).rejects.toMatchObject({ code: "RUNLANE_RESOURCE_LOAD" });
    expect(chain.resources()[0]).toMatchObject({ state: "failed", error: code("RUNLANE_RESOURCE_LOAD") });
    expect(lane.capacity.workers).toBe(1);
  });

  once("that never settles is given up after its timeout", async () => {
    const { name } = fresh();
    await using lane = open();
    const chain = use(
      resource(name, () => new Promise(() => {}), { timeoutMs: 20, retry: NOW }),
      lane,
    );
    await expect(chain.invoke(1)).rejects.toMatchObject({ code: "RUNLANE_RESOURCE_TIMEOUT" });
    await expect(chain.warm()).rejects.toMatchObject({ code: "RUNLANE_RESOURCE_TIMEOUT" });
  });

  once("that never returns is ended with its worker", async () => {
    const { name } = fresh();
    await using lane = open({ graceMs: 20 });
    const load = () => {
      for (;;);
    };
    const chain = use(resource(name, load, { timeoutMs: 20 }), lane);
    await expect(chain.invoke(1)).rejects.toMatchObject({ code: "RUNLANE_RESOURCE_TIMEOUT" });
    await expect(chain.warm()).rejects.toMatchObject({ code: "RUNLANE_RESOURCE_TIMEOUT" });
    await vi.waitFor(() => expect(lane.capacity.workers).toBe(0), PATIENCE);
  });

  once.each([
    ["at once", () => process.exit(5)],
    [
      "later",
      async () => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        process.exit(5);
      },
    ],
  ])("that exits is the error of all who wait, and starts no worker after worker: %s", async (_, load) => {
    const { name } = fresh();
    await using lane = open();
    const chain = use(resource(name, load as () => unknown), lane);
    const inputs = Array.from({ length: 20 }, (_, index) => index);
    const outcomes = await chain.batch(inputs, {}, { returnExceptions: true });
    for (const outcome of outcomes) expect(outcome).toMatchObject({ code: "RUNLANE_RESOURCE_LOAD" });
    expect((outcomes[0] as Error).message).toContain("exited with code 5");
    const loads = chain.resources().reduce((sum, row) => sum + row.loads, 0);
    expect(loads).toBeLessThanOrEqual(2);
    await expect(chain.warm()).rejects.toMatchObject({ code: "RUNLANE_RESOURCE_LOAD" });
    await expect(chain.invoke(1)).rejects.toMatchObject({ code: "RUNLANE_RESOURCE_LOAD" });
  });
});

describe.each(KINDS)("a resource that a module declares: %s", (kind) => {
  // What goes the same way in both kinds is run with the quicker one.
  const once = it.runIf(everything || kind === "thread");

  const open = (options: PoolOptions = {}) =>
    (kind === "thread" ? threads : processes)({ max: 1, execArgv: [], ...options });
  const module = new URL("../fixtures/resources/declares.mjs", import.meta.url);
  const declared = { name: "declared in a module", where: kind, loads: 1, state: "ready" };

  once("is loaded by warm, once in each worker, and listed", async () => {
    await using lane = open({ min: 2, max: 2 });
    const chain = RunnableLambda.fromModule(module, "times", { lane });
    expect(chain.resources()).toEqual([]);
    await chain.warm();
    expect(chain.resources()).toMatchObject([
      { ...declared, worker: 1 },
      { ...declared, worker: 2 },
    ]);
    expect(await chain.batch([1, 2, 3, 4])).toEqual([3, 6, 9, 12]);
    expect(chain.resources().map(({ loads }) => loads)).toEqual([1, 1]);
  });

  once.each(["times", "further"])("is listed when the first input has made its worker load it: %s", async (name) => {
    await using lane = open();
    const chain = RunnableLambda.fromModule(module, name, { lane });
    const other = RunnableLambda.from((x: number) => x).withLane(lane);
    expect(await chain.invoke(1)).toBe(name === "times" ? 3 : 6);
    await other.invoke(1);
    expect(chain.resources()).toMatchObject([declared]);
    expect(other.resources()).toEqual([]);
  });

  once.each([true, false])("is no reason for a hint: warmed %s", async (warmed) => {
    await using lane = open();
    const chain = RunnableLambda.fromModule(module, "further", { lane });
    if (warmed) await chain.warm();
    for (let x = 0; x < 8; x++) await chain.invoke(x);
    expect(lane.statistics()[0]!.hints).toBeUndefined();
  });
});

describe("a resource that a module declares, on the event loop", () => {
  it("is listed once the module has been imported", async () => {
    const module = new URL("../fixtures/resources/declares.mjs", import.meta.url);
    const chain = RunnableLambda.fromModule(module, "times");
    expect(chain.resources()).toEqual([]);
    await chain.warm();
    expect(chain.resources()).toMatchObject([{ name: "declared in a module", where: "loop", loads: 1 }]);
  });
});

describe.each(KINDS)("the statistics of a lane: %s", (kind) => {
  // What goes the same way in both kinds is run with the quicker one.
  const once = it.runIf(everything || kind === "thread");

  const open = (options: PoolOptions = {}) =>
    (kind === "thread" ? threads : processes)({ max: 1, execArgv: [], ...options });

  once("say when the first input in each worker is much slower than the others, and what helps", async () => {
    await using lane = open();
    const chain = RunnableLambda.from((x: number) => {
      const cache = globalThis as { loaded?: boolean };
      if (cache.loaded !== true) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1500);
      cache.loaded = true;
      return x;
    }).withLane(lane);
    for (let x = 0; x < 10; x++) await chain.invoke(x);
    expect(lane.statistics()[0]!.hints).toEqual([expect.stringContaining("Declare that with resource()")]);
  });

  once("have no hint for a function that takes its time with every input", async () => {
    await using lane = open();
    const chain = RunnableLambda.from((x: number) => {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 30);
      return x;
    }).withLane(lane);
    for (let x = 0; x < 6; x++) await chain.invoke(x);
    expect(lane.statistics()[0]!.hints).toBeUndefined();
  });
});
