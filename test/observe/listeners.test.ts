import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Run, type RunListeners, type Runnable, RunnableLambda, RunnableSequence } from "../../src/index.ts";
import { all, defer } from "../runnables/support.ts";
import { settle } from "./support.ts";

const add = RunnableLambda.from((x: number) => x + 1, { name: "add" });
const letters = RunnableLambda.from(
  async function* (text: string) {
    yield* text;
  },
  { name: "letters" },
);
const failing = RunnableLambda.from(
  (): number => {
    throw new Error("boom");
  },
  { name: "failing" },
);

/** Listeners that write down what they are told. */
function listening(): { listeners: Required<RunListeners>; told: [what: string, run: Run, config: any][] } {
  const told: [string, Run, any][] = [];
  const note = (what: string) => (run: Run, config: unknown) => void told.push([what, { ...run }, config]);
  return { listeners: { onStart: note("start"), onEnd: note("end"), onError: note("error") }, told };
}

const whats = (told: [string, Run, any][]) => told.map(([what, { name }]) => `${what} ${name}`);

/** Lets a run go through `onStart`, `onEnd` or `onError` only when it is told to. */
const gates = (log: string[]) => {
  const make = (what: string) => {
    const gate = defer<void>();
    const listen = async (): Promise<void> => {
      log.push(what);
      await gate.promise;
      log.push(`${what} done`);
    };
    return { listen, open: () => gate.resolve() };
  };
  return { start: make("start"), end: make("end"), error: make("error") };
};

describe("async listeners are waited for", () => {
  const kinds: [string, (runnable: Runnable, log: string[]) => Promise<unknown>][] = [
    ["invoke", (runnable, log) => runnable.invoke(1).then(() => log.push("result"))],
    ["batch", (runnable, log) => runnable.batch([1]).then(() => log.push("result"))],
    ["stream", async (runnable, log) => log.push((await all(await runnable.stream(1))).length > 0 ? "result" : "none")],
  ];

  it.each(kinds)("by %s", async (_, run) => {
    const log: string[] = [];
    const { start, end } = gates(log);
    const lambda = RunnableLambda.from((x: number) => {
      log.push("function");
      return x;
    });
    const running = run(lambda.withListeners({ onStart: start.listen, onEnd: end.listen }), log);
    await settle();
    expect(log).toEqual(["start"]);
    start.open();
    await settle();
    expect(log).toEqual(["start", "start done", "function", "end"]);
    end.open();
    await running;
    expect(log.slice(4)).toEqual(["end done", "result"]);
  });

  it.each(kinds)("by %s that fails", async (_, run) => {
    const log: string[] = [];
    const { error } = gates(log);
    const running = run(failing.withListeners({ onError: error.listen }), log).catch(() => log.push("failed"));
    await settle();
    expect(log).toEqual(["error"]);
    error.open();
    await running;
    expect(log).toEqual(["error", "error done", "failed"]);
  });
});

describe("the run that listeners are told of", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["Date"], now: 1_000 });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("has inputs, outputs, times, tags, metadata and the runs inside", async () => {
    const { listeners, told } = listening();
    const tick = RunnableLambda.from((x: number) => {
      vi.advanceTimersByTime(5);
      vi.setSystemTime(Date.now() + 5);
      return x * 2;
    }).withConfig({ runName: "tick", tags: ["inner"] });
    const runId = "01890000-0000-7000-8000-000000000000";
    const config = { runId, tags: ["t"], metadata: { m: 1 }, configurable: { a: 1 } };
    const started = Date.now();
    await RunnableSequence.from([tick, add], "chain").withListeners(listeners).invoke(2, config);
    expect(whats(told)).toEqual(["start chain", "end chain"]);
    const [[, start, startConfig], [, end, endConfig]] = told as [any, any];
    expect(start).toMatchObject({ id: runId, inputs: { input: 2 }, start_time: started, run_type: "chain" });
    expect(start.end_time).toBeUndefined();
    expect(end).toMatchObject({
      id: runId,
      parent_run_id: undefined,
      inputs: { input: 2 },
      outputs: { output: 5 },
      start_time: started,
      tags: ["t"],
      extra: { metadata: { m: 1 } },
      execution_order: 1,
      child_execution_order: 3,
    });
    expect(end.end_time).toBe(Date.now());
    expect(end.end_time).toBeGreaterThan(started);
    expect(end.child_runs.map((run: Run) => [run.name, run.inputs, run.outputs, run.parent_run_id, run.tags])).toEqual([
      ["tick", { input: 2 }, { output: 4 }, runId, ["seq:step:1", "inner", "t"]],
      ["add", { input: 4 }, { output: 5 }, runId, ["seq:step:2", "t"]],
    ]);
    for (const { configurable } of [startConfig, endConfig]) expect(configurable).toEqual({ a: 1 });
  });

  it("has the error's message and stack, and no outputs", async () => {
    const { listeners, told } = listening();
    await expect(failing.withListeners(listeners).invoke(1)).rejects.toThrow("boom");
    expect(whats(told)).toEqual(["start failing", "error failing"]);
    const [, run] = told[1]!;
    expect(run.error).toMatch(/^boom\n\n.*Error: boom/s);
    expect(run.outputs).toBeUndefined();
    expect(run.end_time).toBe(1_000);
  });

  it("has what the chunks of a stream joined up to, and its input at the end", async () => {
    const { listeners, told } = listening();
    expect(await all(await letters.withListeners(listeners).stream("abc"))).toEqual(["a", "b", "c"]);
    expect(told.map(([what, { inputs, outputs }]) => [what, inputs, outputs])).toEqual([
      ["start", { input: "" }, undefined],
      ["end", { input: "abc" }, { output: "abc" }],
    ]);
  });

  it("has what was there when the stream was left", async () => {
    const { listeners, told } = listening();
    for await (const _ of await letters.withListeners(listeners).stream("abc")) break;
    expect(told.map(([what, { outputs }]) => [what, outputs])).toEqual([
      ["start", undefined],
      ["end", { output: "a" }],
    ]);
  });

  it("is one for each input of a batch", async () => {
    const { listeners, told } = listening();
    const mixed = RunnableLambda.from(async (x: number) => {
      if (x === 2) throw new Error("two");
      return x * 10;
    }).withListeners(listeners);
    await mixed.batch([1, 2, 3], {}, { returnExceptions: true });
    expect(new Set(told.map(([, { id }]) => id)).size).toBe(3);
    const ends = told.filter(([what]) => what !== "start");
    expect(ends.map(([what, { inputs, outputs }]) => [what, inputs.input, outputs?.output])).toEqual(
      expect.arrayContaining([
        ["end", 1, 10],
        ["error", 2, undefined],
        ["end", 3, 30],
      ]),
    );
    expect(told).toHaveLength(6);
  });
});

describe("listeners stay with their runnable", () => {
  const named = { runName: "named", tags: ["t"] };
  const places: [string, (runnable: Runnable) => Runnable][] = [
    ["withConfig", (runnable) => runnable.withConfig(named)],
    ["withConfig, twice", (runnable) => runnable.withConfig({ tags: ["s"] }).withConfig(named)],
    ["bind", (runnable) => runnable.bind({ stop: ["x"] } as object).withConfig(named)],
    ["withRetry", (runnable) => runnable.withConfig(named).withRetry()],
    ["withFallbacks", (runnable) => runnable.withConfig(named).withFallbacks([failing])],
    ["a sequence", (runnable) => add.pipe(runnable.withConfig(named)).pipe(add)],
    ["another withListeners", (runnable) => runnable.withConfig(named).withListeners({ onEnd: () => {} })],
    ["a function that returns it", (runnable) => RunnableLambda.from(() => runnable.withConfig(named))],
    [
      "a function that calls it",
      (runnable) => RunnableLambda.from((x, config) => runnable.withConfig(named).invoke(x, config)),
    ],
  ];

  it.each(places)("through %s, and hear of it alone", async (_, place) => {
    for (const run of [
      (runnable: Runnable) => runnable.invoke(1),
      (runnable: Runnable) => runnable.batch([1]),
      async (runnable: Runnable) => all(await runnable.stream(1)),
    ]) {
      const { listeners, told } = listening();
      await run(place(add.withListeners(listeners)));
      expect(whats(told)).toEqual(["start named", "end named"]);
      expect(told[1]?.[1].tags).toContain("t");
    }
  });

  it("through pipe: those of a sequence's first step hear of that step", async () => {
    const { listeners, told } = listening();
    expect(await add.withListeners(listeners).pipe(add).invoke(1)).toBe(3);
    expect(told.map(([what, { name, outputs }]) => [what, name, outputs?.output])).toEqual([
      ["start", "add", undefined],
      ["end", "add", 2],
    ]);
  });

  it("of each attempt of a retry", async () => {
    const { listeners, told } = listening();
    let calls = 0;
    const flaky = RunnableLambda.from(() => {
      if (++calls < 3) throw new Error("flaky");
      return calls;
    });
    const backoff = { initialDelayMs: 0 };
    expect(await flaky.withListeners(listeners).withRetry({ backoff }).invoke(1)).toBe(3);
    expect(told.map(([what]) => what)).toEqual(["start", "error", "start", "error", "start", "end"]);
  });

  it("of the retry as a whole", async () => {
    const { listeners, told } = listening();
    let calls = 0;
    const flaky = RunnableLambda.from(() => {
      if (++calls < 3) throw new Error("flaky");
      return calls;
    });
    const backoff = { initialDelayMs: 0 };
    expect(await flaky.withRetry({ backoff }).withListeners(listeners).invoke(1)).toBe(3);
    expect(whats(told)).toEqual(["start RunnableLambda", "end RunnableLambda"]);
    expect(told[1]?.[1].child_runs).toHaveLength(3);
  });

  it("and do not mix: runs side by side each have their own", async () => {
    const { listeners, told } = listening();
    const echo = RunnableLambda.from(async (x: number) => {
      await settle();
      return x;
    }).withListeners(listeners);
    await Promise.all([echo.invoke(1), echo.invoke(2), echo.batch([3, 4])]);
    const ends = told.filter(([what]) => what === "end");
    expect(ends.map(([, { inputs, outputs }]) => inputs.input === outputs?.output)).toEqual(Array(4).fill(true));
    expect(told).toHaveLength(8);
  });
});

it("a listener that throws fails nothing, and its error is printed", async () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  const fail = () => Promise.reject(new Error("listener"));
  expect(await add.withListeners({ onStart: fail, onEnd: fail }).invoke(1)).toBe(2);
  await expect(failing.withListeners({ onError: fail }).invoke(1)).rejects.toThrow("boom");
  expect(warn).toHaveBeenCalledTimes(3);
  warn.mockRestore();
});
