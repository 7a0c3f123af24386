import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import {
  type Lane,
  processes,
  type Runnable,
  RunnableLambda,
  RunnableParallel,
  RunnableSequence,
  threads,
} from "../../src/index.ts";
import { everything } from "../everything.ts";
import * as steps from "../fixtures/lanes/auto.mjs";
import { recorder } from "../observe/support.ts";

const pool = threads({ min: 2, max: 2, execArgv: [] });
const other = threads({ min: 1, max: 1, execArgv: [] });
const children = processes({ min: 1, max: 1, execArgv: [] });
afterAll(() => Promise.all([pool, other, children].map((lane) => lane.close())));

const { double, shape, fail, keep } = steps.pure as unknown as Record<string, (input: any) => any>;
const on = (func: (input: any) => any, lane: Lane | "loop") => RunnableLambda.from(func).withLane(lane) as Runnable;
/** How many inputs a pool has run. */
const hops = (lane: Lane) => lane.statistics().reduce((sum, { inputs }) => sum + inputs, 0);

async function hopsOf(lane: Lane, run: () => Promise<unknown>): Promise<number> {
  const before = hops(lane);
  await run();
  return hops(lane) - before;
}

describe("steps on one lane that follow each other", () => {
  const chain = RunnableSequence.from([on(double!, pool), on(double!, pool), on(shape!, pool)]);

  it("are one hop, whatever is called", async () => {
    expect(await hopsOf(pool, () => chain.invoke(1))).toBe(1);
    expect(await hopsOf(pool, () => chain.batch([1, 2, 3]))).toBe(3);
    expect(
      await hopsOf(pool, async () => {
        for await (const _ of chain.batchStream([1, 2]));
      }),
    ).toBe(2);
    expect(chain.explain().stages).toMatchObject([{ fused: true, steps: [{}, {}, {}] }]);
  });

  it("are seen one by one by those who listen", async () => {
    const { handler, runs } = recorder();
    await chain.invoke(1, { callbacks: [handler] });
    expect([...runs.values()].map(({ name }) => name)).toEqual([
      "RunnableSequence",
      ...Array(3).fill("RunnableLambda"),
    ]);
  });

  it("are not one hop across lanes, nor with a step of the loop between them", async () => {
    const mixed = RunnableSequence.from([
      on(double!, pool),
      on(double!, other),
      on(double!, pool),
      on(double!, "loop"),
      on(double!, pool),
    ]);
    expect(await hopsOf(pool, () => mixed.batch([1]))).toBe(3);
    expect(await mixed.invoke(1)).toBe(32);
  });

  it("are one hop through a parallel in a batch, and run side by side in a single call", async () => {
    const wide = RunnableSequence.from([
      on(double!, pool),
      RunnableParallel.from({ a: on(double!, pool), b: on(keep!, pool) }),
      on(keep!, pool),
    ]);
    expect(
      await hopsOf(pool, async () =>
        expect(await wide.batch([1, 2])).toEqual([
          { a: 4, b: 2 },
          { a: 8, b: 4 },
        ]),
      ),
    ).toBe(2);
    expect(await hopsOf(pool, async () => expect(await wide.invoke(1)).toEqual({ a: 4, b: 2 }))).toBe(4);
  });
});

describe("a batch through lanes", () => {
  it.each([
    ["without inputs", (chain: Runnable) => chain.batch([])],
    ["that fails", (chain: Runnable) => chain.batch([1, 2, 3, 4]).catch(() => {})],
    ["that is aborted", (chain: Runnable) => chain.batch([2, 4], { signal: AbortSignal.abort() }).catch(() => {})],
    [
      "whose reader leaves",
      async (chain: Runnable) => {
        for await (const _ of chain.batchStream([2, 4, 6])) break;
      },
    ],
    [
      "whose source throws",
      async (chain: Runnable) => {
        const source = function* () {
          yield 2;
          throw new Error("source");
        };
        try {
          for await (const _ of chain.batchStream(source()));
        } catch {}
      },
    ],
  ])("lets its lanes go: one %s", async (_, run) => {
    const lane = threads({ max: 1, execArgv: [] });
    await run(RunnableSequence.from([on(fail!, lane), keep!, on(keep!, lane)]) as Runnable);
    await lane.close();
    expect(lane.capacity).toMatchObject({ workers: 0, queued: 0 });
  });
});

describe("any arrangement of lanes", () => {
  const lanes: (Lane | "loop" | "auto" | undefined)[] = [pool, pool, other, children, "loop", undefined];
  const functions = [double!, shape!, fail!, keep!];
  const leaf = fc.record({ func: fc.constantFrom(...functions), lane: fc.constantFrom(...lanes) });
  const place = ({ func, lane }: { func: (input: any) => any; lane: Lane | "loop" | "auto" | undefined }) =>
    lane === undefined ? RunnableLambda.from(func) : on(func, lane as Lane);
  const step = fc.oneof(
    leaf.map(place),
    fc.tuple(leaf, leaf).map(([a, b]) => RunnableParallel.from({ a: place(a), b: place(b) })),
  );

  it("gives the same results in the same order, and fails the same inputs, as no lanes at all", {
    timeout: 60_000,
  }, async () => {
    const bare = (runnable: any): any => {
      if (runnable.bound !== undefined) return bare(runnable.bound);
      if (runnable.steps !== undefined && !Array.isArray(runnable.steps))
        return RunnableParallel.from(
          Object.fromEntries(Object.entries(runnable.steps).map(([key, one]) => [key, bare(one)])) as any,
        );
      return RunnableLambda.from(runnable.func, { lane: "loop" });
    };
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 2, maxLength: 5 }),
        fc.array(fc.oneof(fc.integer(), fc.string()), { maxLength: 40 }),
        async (chosen, inputs) => {
          const chain = RunnableSequence.from(chosen as any);
          const expected = await RunnableSequence.from(chosen.map(bare) as any).batch(
            inputs,
            {},
            { returnExceptions: true },
          );
          expect(await chain.batch(inputs, {}, { returnExceptions: true })).toEqual(expected);
          expect(await chain.batch(inputs, { maxConcurrency: 3 }, { returnExceptions: true })).toEqual(expected);
          const streamed: unknown[] = [];
          for await (const [, outcome] of chain.batchStream(inputs))
            streamed.push(outcome.status === "fulfilled" ? outcome.value : outcome.reason);
          expect(streamed).toEqual(expected);
          const completed: unknown[] = [];
          for await (const [index, outcome] of chain.batchAsCompleted(inputs))
            completed[index] = outcome.status === "fulfilled" ? outcome.value : outcome.reason;
          expect(completed).toEqual(expected);
        },
      ),
      { numRuns: everything ? 25 : 6 },
    );
  });
});
