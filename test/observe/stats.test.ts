import { inspect } from "node:util";
import { afterAll, describe, expect, it, vi } from "vitest";
import { isAmbient } from "../../src/core/ambient.ts";
import { type Runnable, RunnableLambda, RunnableSequence } from "../../src/index.ts";
import { laneOf } from "../../src/lanes/named-lanes.ts";
import { double, increment } from "../fixtures/lanes/explained.mjs";
import { all } from "../runnables/support.ts";
import { recorder } from "./support.ts";

const add = RunnableLambda.from((x: number) => x + 1, { name: "add" });
const half = RunnableLambda.from(
  async (x: number) => {
    if (x % 2 === 1) throw new Error("odd");
    return x / 2;
  },
  { name: "half" },
);

const counts = (stats: ReturnType<Runnable["stats"]>) =>
  stats.rows().map(({ name, inputs, failed }) => [name, inputs, failed]);

afterAll(() => laneOf("thread")!.close());

const ways: [string, (runnable: Runnable<number, number>, inputs: number[]) => Promise<unknown>][] = [
  ["invoke", (runnable, inputs) => Promise.allSettled(inputs.map((input) => runnable.invoke(input)))],
  ["batch", (runnable, inputs) => runnable.batch(inputs, undefined, { returnExceptions: true })],
  [
    "batch with a config for each input",
    (runnable, inputs) =>
      runnable.batch(
        inputs,
        inputs.map(() => ({})),
        { returnExceptions: true },
      ),
  ],
  [
    "batch with a limit",
    (runnable, inputs) => runnable.batch(inputs, { maxConcurrency: 1 }, { returnExceptions: true }),
  ],
  ["batchStream", (runnable, inputs) => all(runnable.batchStream(inputs))],
  ["batchAsCompleted", (runnable, inputs) => all(runnable.batchAsCompleted(inputs))],
  ["stream", (runnable, inputs) => Promise.allSettled(inputs.map(async (input) => all(await runnable.stream(input))))],
];

describe.each(ways)("the statistics of a runnable, by %s,", (_, run) => {
  it("count inputs and failures of each step, until they are stopped", async () => {
    const chain = RunnableSequence.from([add, half]);
    const stats = chain.stats();
    expect(stats.rows()).toEqual([]);
    await run(chain, [1, 2, 3]);
    expect(counts(stats)).toEqual([
      ["add", 3, 0],
      ["half", 3, 1],
    ]);
    await run(chain, [1]);
    expect(counts(stats)[0]).toEqual(["add", 4, 0]);
    stats.stop();
    await run(chain, [1]);
    expect(counts(stats)[0]).toEqual(["add", 4, 0]);
  });

  it("count steps on lanes, as workers tell of them", async () => {
    const on = (func: (x: number) => number, name: string) => RunnableLambda.from(func, { name, lane: "thread" });
    const chain = RunnableSequence.from([add, on(increment, "a"), on(double, "b")]);
    using stats = chain.stats();
    await run(chain, [1, 2, 3, 4]);
    expect(stats.rows().map(({ name, lane, inputs }) => [name, lane, inputs])).toEqual([
      ["add", "loop", 4],
      ["a", "thread", 4],
      ["b", "thread", 4],
    ]);
    expect(stats.rows().every(({ totalMs }) => totalMs > 0)).toBe(true);
  });
});

describe("the statistics of a runnable", () => {
  it("leave callbacks as they are", async () => {
    const chain = RunnableSequence.from([add, half], "chain");
    using stats = chain.stats();
    const { handler, log } = recorder();
    expect(await chain.invoke(1, { callbacks: [handler] })).toBe(1);
    expect(await chain.batch([1, 3], { callbacks: [handler] })).toEqual([1, 2]);
    expect(log.filter((line) => line === "start chain")).toHaveLength(3);
    expect(log.filter((line) => line === "end half")).toHaveLength(3);
    expect(counts(stats)).toEqual([
      ["add", 3, 0],
      ["half", 3, 0],
    ]);
  });

  it("count no calls in which it is a step, and calls that a function makes on it", async () => {
    const inner = RunnableLambda.from((x: number) => x * 2, { name: "inner" });
    using stats = inner.stats();
    await inner.pipe(add).invoke(1);
    expect(stats.rows()).toEqual([]);
    const { handler, log } = recorder();
    const outer = RunnableLambda.from((x: number, config) => inner.invoke(x, config), { name: "outer" });
    using around = outer.stats();
    expect(await outer.invoke(2, { callbacks: [handler] })).toBe(4);
    expect(counts(stats)).toEqual([["inner", 1, 0]]);
    expect(counts(around)).toEqual([["outer", 1, 0]]);
    expect(log).toEqual(["start outer", "start inner", "end inner", "end outer"]);
  });

  it("count the batches of a batched function, which run under another name inside", async () => {
    const lengths = RunnableLambda.batched((texts: string[]) => texts.map(({ length }) => length), { name: "lengths" });
    using stats = lengths.stats();
    expect(await lengths.batch(["a", "bb"])).toEqual([1, 2]);
    await all(lengths.batchStream(["ccc"]));
    expect(await lengths.invoke("dd")).toBe(2);
    expect(counts(stats)).toEqual([["lengths", 4, 0]]);
  });

  it("are apart when there are several of one runnable", async () => {
    const one = add.stats();
    await add.invoke(1);
    const two = add.stats();
    await add.invoke(1);
    one.stop();
    one.stop();
    await add.invoke(1);
    expect([one, two].map((stats) => counts(stats)[0]![1])).toEqual([2, 2]);
    two.stop();
  });

  it("leave runnables that nobody measures on the plain path", async () => {
    const other = RunnableLambda.from((x: number) => x);
    const run = vi.spyOn(other, "run");
    await other.invoke(1);
    const plain = run.mock.calls[0]![1];
    {
      using _ = add.stats();
      expect(isAmbient()).toBe(true);
      await other.invoke(1);
      expect(run.mock.calls[1]![1]).toBe(plain);
    }
    expect(isAmbient()).toBe(false);
  });

  it("tell how full the lanes are", async () => {
    const chain = add.pipe(RunnableLambda.from(increment, { name: "away", lane: "thread" }));
    using stats = chain.stats();
    await chain.batch([1, 2]);
    const [lane, ...others] = stats.lanes();
    expect(others).toEqual([]);
    expect(lane).toMatchObject({ name: "thread", busy: 0, queued: 0 });
    expect(lane!.workers).toBeGreaterThan(0);
    expect(lane!.stages.map(({ label }) => label)).toContain("away");
  });

  it("print as a table", async () => {
    const chain = RunnableSequence.from([add, half]);
    using stats = chain.stats();
    await chain.invoke(1);
    const lines = String(stats).split("\n");
    expect(inspect(stats)).toBe(String(stats));
    expect(lines[0]).toMatch(/^step +lane +inputs +failed +p50 +p99 +total$/);
    expect(lines[1]).toMatch(/^add +loop +1 +0 +[\d.]+ (us|ms)/);
    expect(lines).toHaveLength(3);
  });
});
