import { FakeListChatModel } from "@langchain/core/utils/testing";
import { afterAll, describe, expect, it } from "vitest";
import { type BatchedOptions, type Lane, processes, RunnableLambda, threads } from "../../src/index.ts";
import { all, defer } from "./support.ts";

const pools: Record<string, Lane> = {
  thread: threads({ max: 1, execArgv: [] }),
  process: processes({ max: 1, execArgv: [] }),
};
afterAll(() => Promise.all(Object.values(pools).map((pool) => pool.close({ force: true }))));

const outcomeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => value,
    (error: Error) => error.message,
  );

/** What vectorised functions do to their array, each with the outputs that the inputs are to get. */
const functions: Record<string, [func: (inputs: string[]) => Iterable<string> | Promise<string[]>, outputs: string[]]> =
  {
    "sort, with results by name": [
      (inputs) => {
        const given = [...inputs];
        inputs.sort();
        return given.map((input) => `${input} of ${inputs.join("")}`);
      },
      ["c of abcd", "a of abcd", "d of abcd", "b of abcd"],
    ],
    pop: [
      (inputs) => {
        const last = inputs.pop();
        return [...inputs, `${last} (last)`];
      },
      ["c", "a", "d", "b (last)"],
    ],
    shift: [
      (inputs) => {
        const outputs: string[] = [];
        while (inputs.length > 0) outputs.push(inputs.shift()!.toUpperCase());
        return outputs;
      },
      ["C", "A", "D", "B"],
    ],
    "shift in a generator": [
      function* (inputs) {
        while (inputs.length > 0) yield inputs.shift()!.toUpperCase();
      },
      ["C", "A", "D", "B"],
    ],
    "shift after a wait": [
      async (inputs) => {
        const outputs: string[] = [];
        while (inputs.length > 0) outputs.push((await inputs.shift()) as string);
        return outputs;
      },
      ["c", "a", "d", "b"],
    ],
    "map in place": [
      (inputs) => {
        for (const [at, input] of inputs.entries()) inputs[at] = `${input}!`;
        return inputs;
      },
      ["c!", "a!", "d!", "b!"],
    ],
  };

describe.each(["loop", ...Object.keys(pools)])(
  "a vectorised function that changes its array, on the lane %s",
  (where) => {
    const lane = where === "loop" ? undefined : pools[where];
    const settings: BatchedOptions<string>[] = [{ lane }, { lane, isolateErrors: true }];

    it.each(Object.entries(functions))("changes its own: %s", async (_, [func, outputs]) => {
      for (const options of settings) {
        const batched = RunnableLambda.batched(func as (inputs: string[]) => string[], options);
        expect(await Promise.all(["c", "a", "d", "b"].map((input) => batched.invoke(input)))).toEqual(outputs);
        expect(await batched.batch(["c", "a", "d", "b"])).toEqual(outputs);
      }
    });

    it("does not mix up who is run again after a failure", async () => {
      const find = RunnableLambda.batched(
        (ids: string[]) => {
          ids.sort();
          const found: string[] = [];
          for (const id of ids) {
            if (id === "bad") throw new Error("no such user");
            found.push(`data of ${id}`);
          }
          ids.length = 0;
          return found;
        },
        { lane, isolateErrors: true },
      );
      const ids = ["user-c", "user-a", "bad", "user-b"];
      expect(await Promise.all(ids.map((id) => outcomeOf(find.invoke(id))))).toEqual([
        "data of user-c",
        "data of user-a",
        "no such user",
        "data of user-b",
      ]);
    });
  },
);

describe("arrays that the engine goes on with", () => {
  it("are not the one that a vectorised function uses for the outputs of its next call", async () => {
    const outputs: string[] = [];
    const reuse = RunnableLambda.batched(
      (inputs: number[], { configurable }) => {
        outputs.length = 0;
        for (const input of inputs) outputs.push(`${configurable?.user}: ${input}`);
        return outputs;
      },
      { maxWaitMs: 0 },
    );
    const calls = ["ada", "bob"].flatMap((user) => [1, 2].map((x) => reuse.invoke(x, { configurable: { user } })));
    expect(await Promise.all(calls)).toEqual(["ada: 1", "ada: 2", "bob: 1", "bob: 2"]);
  });

  it("are not those that a caller of a batch goes on filling", async () => {
    const inputs = [1, 2, 3];
    const configs = inputs.map((at) => ({ configurable: { at } }));
    const gate = defer<void>();
    const step = RunnableLambda.from(async (x: number, { configurable }) => {
      await gate.promise;
      return [x, configurable?.at];
    });
    const batches = [
      step.batch(inputs, { maxConcurrency: 1 }),
      step.batch(inputs, configs, { maxConcurrency: 1 }),
      step.map().invoke(inputs, { maxConcurrency: 1 }),
    ];
    inputs.fill(0);
    configs.length = 0;
    gate.resolve();
    expect(await Promise.all(batches)).toEqual([
      [
        [1, undefined],
        [2, undefined],
        [3, undefined],
      ],
      [
        [1, 1],
        [2, 2],
        [3, 3],
      ],
      [
        [1, undefined],
        [2, undefined],
        [3, undefined],
      ],
    ]);
  });

  it("are not those that a function of a batch empties meanwhile", async () => {
    const inputs = Array.from({ length: 40 }, (_, index) => index);
    const drain = RunnableLambda.from((x: number) => {
      inputs.length = 0;
      return x;
    });
    const all40 = [...inputs];
    expect(await drain.batch(inputs)).toEqual(all40);
    inputs.push(...all40);
    expect(await drain.map().invoke(inputs)).toEqual(all40);
    inputs.push(...all40);
    const outcomes = await all(drain.batchAsCompleted(inputs, { maxConcurrency: 2 }));
    expect(outcomes.map(([, outcome]) => outcome)).toEqual(all40.map((value) => ({ status: "fulfilled", value })));
  });

  it("are not the one that a LangChain runnable's own batch is given", async () => {
    class Draining extends FakeListChatModel {
      override async batch(...[inputs]: Parameters<FakeListChatModel["batch"]>) {
        const outputs: never[] = [];
        while (inputs.length > 0) outputs.push(inputs.shift() as never);
        return outputs;
      }
    }
    const chain = RunnableLambda.from((x: number) => `${x}`).pipe(new Draining({ responses: [] }));
    expect(await chain.batch([1, 2, 3])).toEqual(["1", "2", "3"]);
  });
});
