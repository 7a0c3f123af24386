import { afterAll, describe, expect, it } from "vitest";
import { type Lane, processes, RunnableLambda, threads } from "../../src/index.ts";
import type * as vectors from "../fixtures/on-lane/vectors.mjs";
import { turn } from "./support.ts";

const pools: Record<string, Lane> = {
  thread: threads({ max: 1, graceMs: 20, execArgv: [] }),
  process: processes({ max: 1, graceMs: 20, execArgv: [] }),
};
afterAll(() => Promise.all(Object.values(pools).map((pool) => pool.close({ force: true }))));

describe.each(Object.entries(pools))("a batched function on a lane: %s", (kind, lane) => {
  it("runs there, with all inputs of a call together", async () => {
    const sizes = RunnableLambda.batched((inputs: number[]) => inputs.map((x) => `${x} of ${inputs.length}`), {
      lane,
      maxBatchSize: 3,
    });
    expect(await sizes.batch([1, 2, 3, 4])).toEqual(["1 of 3", "2 of 3", "3 of 3", "4 of 1"]);
    expect(sizes.laneName).toBe(kind);
  });

  it("may be an export of a module, a generator too", async () => {
    const url = new URL("../fixtures/on-lane/vectors.mjs", import.meta.url);
    const places = RunnableLambda.batched(RunnableLambda.fromModule<typeof vectors, "places">(url, "places"), { lane });
    const [there] = await places.batch([1]);
    expect(there).toMatch(kind === "thread" ? new RegExp(`^${process.pid} [1-9]`) : / 0$/);
    expect(there).not.toBe(`${process.pid} 0`);
    expect(await RunnableLambda.batched(RunnableLambda.fromModule(url, "places")).batch([1])).toEqual([
      expect.stringMatching(`^${process.pid} `),
    ]);
    const letters = RunnableLambda.batched(RunnableLambda.fromModule(url, "letters"), { lane });
    expect(letters.label).toBe("letters");
    expect(await letters.batch(["a", "bb"])).toEqual([1, 2]);
  });

  it("is moved there by withLane", async () => {
    const doubled = RunnableLambda.batched((inputs: number[]) => inputs.map((x) => x * 2 + inputs.length)).withLane(
      lane,
    );
    expect(await Promise.all([1, 2, 3].map((x) => doubled.invoke(x)))).toEqual([5, 7, 9]);
    expect(doubled.laneName).toBe(kind);
  });

  it("fails single inputs by errors in their places, and a call by what it throws", async () => {
    const picky = RunnableLambda.batched(
      (inputs: number[]) => {
        if (inputs.includes(9)) throw Object.assign(new RangeError("nine"), { code: "E_NINE" });
        return inputs.map((x) => (x % 2 === 1 ? new TypeError(`odd: ${x}`) : x));
      },
      { lane, maxBatchSize: 3 },
    );
    const outputs = await picky.batch([2, 3, 4, 9, 10], {}, { returnExceptions: true });
    expect(outputs.slice(0, 3)).toEqual([2, new TypeError("odd: 3"), 4]);
    expect(outputs[1]).toBeInstanceOf(TypeError);
    for (const output of outputs.slice(3)) expect(output).toMatchObject({ name: "RangeError", code: "E_NINE" });
  });

  it("is called again for each input where errors are isolated, also when one of them ends the worker", async () => {
    const fragile = RunnableLambda.batched(
      (inputs: number[]) => {
        if (inputs.includes(2)) process.exit(1);
        return inputs;
      },
      { lane, isolateErrors: true },
    );
    const outputs = await fragile.batch([1, 2, 3], {}, { returnExceptions: true });
    expect(outputs).toEqual([1, expect.objectContaining({ code: "RUNLANE_WORKER_CRASHED" }), 3]);
  });

  it("yields each output as it comes", async () => {
    const slow = RunnableLambda.batched(
      async function* (inputs: string[]) {
        for (const text of inputs) {
          yield text.toUpperCase();
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
      },
      { lane, maxWaitMs: 0 },
    );
    const seen: string[] = [];
    await Promise.all(["a", "b", "c"].map(async (text) => seen.push(await slow.invoke(text))));
    expect(seen).toEqual(["A", "B", "C"]);
  });

  it("that yields too few or too many outputs says so", async () => {
    const few = RunnableLambda.batched(
      function* (inputs: number[]) {
        yield* inputs.slice(1);
      },
      { lane },
    );
    const many = RunnableLambda.batched(
      (inputs: number[]) =>
        (function* () {
          for (;;) yield inputs.length;
        })(),
      { lane },
    );
    for (const [batched, said] of [
      [few, "2 outputs"],
      [many, "4 outputs"],
    ] as const) {
      const outputs = await batched.batch([1, 2, 3], {}, { returnExceptions: true });
      expect(outputs[2]).toMatchObject({
        code: "RUNLANE_BATCH_MISMATCH",
        message: expect.stringContaining(`with 3 inputs and gave ${said}`),
      });
    }
  });

  it("gets what it uses and what the configs have in common", async () => {
    const scaled = RunnableLambda.batched(
      (inputs: number[], { uses, configurable, tags }) =>
        inputs.map((x) => [x * uses.factor, configurable?.user, tags]),
      { lane, uses: { factor: 3 } },
    );
    expect(await scaled.batch([1, 2], { configurable: { user: "ada" }, tags: ["t"] })).toEqual([
      [3, "ada", ["t"]],
      [6, "ada", ["t"]],
    ]);
  });

  it("is stopped when all its callers have left, even in an endless loop", async () => {
    const forever = RunnableLambda.batched(
      (inputs: number[]) => {
        while (inputs.length > 1);
        return inputs;
      },
      { lane, maxBatchSize: 2 },
    );
    const leaving = new AbortController();
    const left = [1, 2].map((x) => forever.invoke(x, { signal: leaving.signal }).catch((error) => error.name));
    await turn();
    leaving.abort();
    expect(await Promise.all(left)).toEqual(["AbortError", "AbortError"]);
    expect(await forever.batch([3])).toEqual([3]);
  });
});
