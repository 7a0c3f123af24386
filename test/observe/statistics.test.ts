import { describe, expect, it, vi } from "vitest";
import { withObserver } from "../../src/core/observer.ts";
import { type CallbackHandler, type Runnable, RunnableLambda, RunnableSequence } from "../../src/index.ts";
import { StepStatistics } from "../../src/observe/statistics.ts";
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
const count = RunnableLambda.from(
  function* (n: number) {
    for (let x = 0; x < n; x++) yield x;
  },
  { name: "count" },
);

const rows = (statistics: StepStatistics) =>
  statistics.rows().map(({ name, inputs, failed }) => [name, inputs, failed]);

const ways: [string, (runnable: Runnable, input: number, config: object) => Promise<unknown>][] = [
  ["invoke", (runnable, input, config) => runnable.invoke(input, config)],
  ["batch", async (runnable, input, config) => (await runnable.batch([input], config))[0]],
  ["stream", async (runnable, input, config) => (await all(await runnable.stream(input, config)))[0]],
];

describe.each(ways)("statistics and callbacks together, by %s,", (_, run) => {
  it("both see the runs", async () => {
    const statistics = new StepStatistics();
    const { handler, runs, log } = recorder();
    const config = withObserver({ callbacks: [handler] }, statistics);
    expect(await run(RunnableSequence.from([add, half], "chain"), 1, config)).toBe(1);
    expect(rows(statistics)).toEqual([
      ["add", 1, 0],
      ["half", 1, 0],
    ]);
    expect([...log].sort()).toEqual(["end add", "end chain", "end half", "start add", "start chain", "start half"]);
    const [root, ...steps] = runs.values();
    expect(steps.map(({ parent }) => parent)).toEqual([root?.id, root?.id]);
  });

  it("both see what fails", async () => {
    const statistics = new StepStatistics();
    const { handler, log } = recorder();
    const config = withObserver({ callbacks: [handler] }, statistics);
    await expect(run(add.pipe(half).pipe(add), 2, config)).rejects.toThrow("odd");
    expect(rows(statistics)).toEqual([
      ["add", 1, 0],
      ["half", 1, 1],
    ]);
    expect(log.filter((line) => line.startsWith("error"))).toEqual(["error half", "error RunnableSequence"]);
  });

  it("callbacks of a bound step are told of it, and the statistics go on", async () => {
    const statistics = new StepStatistics();
    const { handler, log } = recorder();
    const chain = add.pipe(add.withConfig({ callbacks: [handler], runName: "bound" }));
    expect(await run(chain, 1, withObserver({}, statistics))).toBe(3);
    expect(statistics.rows().map(({ inputs, failed }) => [inputs, failed])).toEqual([
      [1, 0],
      [1, 0],
    ]);
    expect(log).toEqual(["start bound", "end bound"]);
  });

  it("a handler that does not let a run start leaves none open in the statistics", async () => {
    const error = vi.spyOn(console, "error").mockImplementation(() => {});
    const strict: CallbackHandler = {
      raiseError: true,
      handleChainStart: () => {
        throw new Error("handler");
      },
    };
    const statistics = new StepStatistics();
    await expect(run(add, 1, withObserver({ callbacks: [strict] }, statistics))).rejects.toThrow("handler");
    expect(rows(statistics)).toEqual([["add", 1, 1]]);
    error.mockRestore();
  });
});

describe("statistics", () => {
  it("count the runs of streams, one for each call and not one for each chunk", async () => {
    const statistics = new StepStatistics();
    const config = withObserver({}, statistics);
    const chain = count.pipe(add);
    for (let calls = 0; calls < 3; calls++) await all(await chain.stream(4, config));
    expect(rows(statistics)).toEqual([
      ["count", 3, 0],
      ["add", 3, 0],
    ]);
  });

  it("count a stream that its consumer leaves as one that ended", async () => {
    const statistics = new StepStatistics();
    for await (const _ of await count.stream(4, withObserver({}, statistics))) break;
    expect(rows(statistics)).toEqual([["count", 1, 0]]);
    expect(statistics.rows()[0]?.totalMs).toBeGreaterThan(0);
  });

  it("count a stream that fails before its first chunk, bound steps included", async () => {
    const statistics = new StepStatistics();
    const failing = RunnableLambda.from(
      (): number => {
        throw new Error("boom");
      },
      { name: "failing" },
    );
    for (const step of [failing, failing.withConfig({ runName: "bound" })])
      await expect(step.stream(1, withObserver({}, statistics))).rejects.toThrow("boom");
    expect(rows(statistics)).toEqual([
      ["failing", 1, 1],
      ["bound", 1, 1],
    ]);
  });

  it("name the step that failed for each input, once", async () => {
    const statistics = new StepStatistics();
    const chain = add.pipe(half);
    for (const [index, input] of [1, 2, 3].entries()) {
      await chain.invoke(input, withObserver({}, statistics.forInput(index))).catch(() => {});
    }
    expect([0, 1, 2].map((index) => statistics.takeFailedStep(index))).toEqual([undefined, "half", undefined]);
    expect(statistics.takeFailedStep(1)).toBeUndefined();
    expect(rows(statistics)).toEqual([
      ["add", 3, 0],
      ["half", 3, 1],
    ]);
  });

  it("show a step as one, whatever runs inside it", async () => {
    const statistics = new StepStatistics();
    const outer = RunnableLambda.from((x: number, config) => add.pipe(add).invoke(x, config), { name: "outer" });
    expect(await outer.invoke(1, withObserver({}, statistics))).toBe(3);
    expect(rows(statistics)).toEqual([["outer", 1, 0]]);
  });

  it("measure wall-clock time, with percentiles that are off by 6 % at most", async () => {
    const now = vi.spyOn(performance, "now");
    const statistics = new StepStatistics();
    for (let ms = 1; ms <= 100; ms++) {
      now.mockReturnValueOnce(1_000).mockReturnValueOnce(1_000 + ms);
      statistics.start(add).end(undefined);
    }
    now.mockRestore();
    const [row] = statistics.rows();
    expect(row?.totalMs).toBe(5_050);
    expect(Math.abs((row?.p50Ms ?? 0) / 50 - 1)).toBeLessThan(0.06);
    expect(Math.abs((row?.p99Ms ?? 0) / 99 - 1)).toBeLessThan(0.06);
  });

  it("have no times of a step that never ran", async () => {
    const statistics = new StepStatistics();
    statistics.start(add.pipe(half));
    expect(statistics.rows()).toMatchObject([
      { name: "add", inputs: 0, p50Ms: 0, p99Ms: 0, totalMs: 0 },
      { name: "half", inputs: 0 },
    ]);
  });
});
