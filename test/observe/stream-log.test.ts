import { describe, expect, it } from "vitest";
import {
  type EventFilter,
  RunLog,
  RunLogPatch,
  type Runnable,
  RunnableLambda,
  RunnableParallel,
  RunnableSequence,
  type RunState,
} from "../../src/index.ts";
import { applyOps } from "../../src/observe/run-log.ts";
import { all } from "../runnables/support.ts";
import { settle } from "./support.ts";

const add = RunnableLambda.from((x: number) => x + 1, { name: "add" });
const letters = RunnableLambda.from(
  function* (text: string) {
    yield* text;
  },
  { name: "letters" },
);

/** The state that the patches of a run add up to. */
async function stateOf(runnable: Runnable, input: unknown, options = {}, filter?: EventFilter): Promise<RunState> {
  let log = new RunLogPatch({ ops: [] });
  for await (const patch of runnable.streamLog(input, options, filter)) log = log.concat(patch);
  return (log as RunLog).state;
}

describe("the patches of a run log", () => {
  it("add up to what happened", async () => {
    const runId = "01890000-0000-7000-8000-000000000000";
    const chain = RunnableSequence.from([(text: string) => text.toUpperCase(), letters], "chain");
    const state = await stateOf(chain, "ab", { runId, tags: ["t"], metadata: { m: 1 } });
    expect(state).toMatchObject({
      id: runId,
      name: "chain",
      type: "chain",
      streamed_output: ["A", "B"],
      final_output: { output: "AB" },
    });
    expect(Object.keys(state.logs)).toEqual(["RunnableLambda", "letters"]);
    expect(state.logs.letters).toMatchObject({
      name: "letters",
      type: "chain",
      tags: ["seq:step:2", "t"],
      metadata: { m: 1 },
      streamed_output: ["A", "B"],
      streamed_output_str: [],
      final_output: { output: "AB" },
    });
    const { start_time, end_time } = state.logs.letters!;
    expect(new Date(start_time).toISOString()).toBe(start_time);
    expect(Date.parse(end_time as string)).toBeGreaterThanOrEqual(Date.parse(start_time));
  });

  it("add up step by step, and each state stays as it was", async () => {
    const patches = await all(add.pipe(add).streamLog(1));
    let log: RunLog | undefined;
    const states: [RunState, string][] = [];
    for (const patch of patches) {
      log = log === undefined ? RunLog.fromRunLogPatch(patch) : log.concat(patch);
      states.push([log.state, JSON.stringify(log.state)]);
    }
    for (const [state, text] of states) expect(JSON.stringify(state)).toBe(text);
    const ops = patches.flatMap((patch) => patch.ops);
    expect(log?.ops).toEqual(ops);
    expect(log?.state).toEqual(applyOps(undefined, ops));
    expect(new Set(states.map(([, text]) => text)).size).toBe(patches.length);
  });

  it("tell steps of one name apart by a number, in the order in which they start", async () => {
    const { logs } = await stateOf(RunnableSequence.from([add, add, letters, add] as never), "a");
    expect(Object.keys(logs)).toEqual(["add", "add:2", "letters", "add:3"]);
    expect(logs["add:2"]).toMatchObject({ name: "add", tags: ["seq:step:2"], final_output: { output: "a11" } });
  });

  it.each(["a/b", "a~b", "~1", "~0/~1", "/", "", "-", "0", "__proto__", "constructor"])(
    "keep the name %o of a step as it is",
    async (runName) => {
      const { logs } = await stateOf(add.withConfig({ runName }).pipe(add.withConfig({ runName })), 1);
      expect(Object.entries(logs).map(([key, { name, final_output }]) => [key, name, final_output])).toEqual([
        [runName, runName, { output: 2 }],
        [`${runName}:2`, runName, { output: 3 }],
      ]);
    },
  );

  it("hold the steps that are wanted", async () => {
    const chain = RunnableSequence.from([add, add.withConfig({ runName: "second", tags: ["t"] })], "chain");
    expect(Object.keys((await stateOf(chain, 1, {}, { includeTags: ["t"] })).logs)).toEqual(["second"]);
    const without = await stateOf(chain, 1, {}, { excludeTypes: ["chain"] });
    expect(without).toMatchObject({ logs: {}, final_output: { output: 3 }, streamed_output: [3] });
  });

  it("hold the steps inside of steps", async () => {
    const { logs, final_output } = await stateOf(RunnableParallel.from({ a: add, b: add.pipe(add) }), 1);
    expect(Object.keys(logs).sort()).toEqual(["RunnableSequence", "add", "add:2", "add:3"]);
    expect(final_output).toEqual({ a: 2, b: 3 });
  });

  it("tell of the steps of a run that fails before they throw its error", async () => {
    const failing = RunnableLambda.from(
      (): number => {
        throw new Error("boom");
      },
      { name: "failing" },
    );
    let log = new RunLogPatch({ ops: [] });
    const read = async () => {
      for await (const patch of add.pipe(failing).streamLog(1)) log = log.concat(patch);
    };
    await expect(read()).rejects.toThrow("boom");
    const { logs, final_output } = (log as RunLog).state;
    expect(final_output).toBeUndefined();
    expect(logs.add?.final_output).toEqual({ output: 2 });
    expect(logs.failing).toMatchObject({ final_output: undefined, end_time: expect.any(String) });
  });
});

describe("leaving the log", () => {
  it("aborts the run and closes its generators", async () => {
    let signal: AbortSignal | undefined;
    let closed = false;
    const endless = RunnableLambda.from(async function* (_: number, config) {
      signal = config.signal;
      try {
        for (;;) {
          yield 1;
          await settle();
        }
      } finally {
        closed = true;
      }
    });
    for await (const { ops } of endless.streamLog(1)) if (ops[0]?.path === "/streamed_output/-") break;
    await settle();
    await settle();
    expect([signal?.aborted, closed]).toEqual([true, true]);
  });

  it("is what a slow reader need not do: the run waits for it", async () => {
    let made = 0;
    let taken = 0;
    let furthest = 0;
    const many = RunnableLambda.from(async function* () {
      for (; made < 10_000; made++) yield made;
    });
    for await (const { ops } of many.streamLog(1)) {
      if (ops[0]?.path !== "/streamed_output/-") continue;
      taken++;
      furthest = Math.max(furthest, made - taken);
      if (taken % 100 === 0) await settle();
      if (taken > 2_000) break;
    }
    expect(taken).toBeGreaterThan(2_000);
    expect(furthest).toBeLessThan(100);
  });
});
