import { afterAll, describe, expect, it, vi } from "vitest";
import {
  type Runnable,
  RunnableBranch,
  RunnableLambda,
  RunnableParallel,
  RunnableSequence,
  threads,
} from "../../src/index.ts";
import type { LaneStage } from "../../src/lanes/lane.ts";
import * as steps from "../fixtures/lanes/auto.mjs";

const pool = threads({ min: 2, max: 2, execArgv: [] });
afterAll(() => pool.close());

const { double, keep } = steps.pure as unknown as Record<string, (input: any) => any>;
const on = (func: any) => RunnableLambda.from(func).withLane(pool) as Runnable;
const here = (func: any) => RunnableLambda.from(func).withLane("loop") as Runnable;

/** The stages that were given to the pool meanwhile, by what was done with them. */
async function stagesIn(act: () => Promise<unknown>): Promise<Record<"warm" | "run" | "feed" | "stream", LaneStage[]>> {
  const spies = (["warm", "run", "feed", "stream"] as const).map(
    (name) => [name, vi.spyOn(pool, name as "run")] as const,
  );
  await act();
  const stages = spies.map(([name, spy]) => {
    const given = spy.mock.calls.map(([stage]) => stage);
    spy.mockRestore();
    return [name, given];
  });
  return Object.fromEntries(stages);
}

describe("a warm chain runs no stage that its workers have not loaded", () => {
  it.each<[what: string, chain: Runnable, inputs: unknown[]]>([
    ["a step", on(double), [1, 2]],
    ["neighbours on one lane", RunnableSequence.from([on(double), on(double), here(keep), on(double)]), [1, 2]],
    [
      "a sequence in a sequence",
      on(double)
        .pipe(here(keep))
        .pipe(RunnableSequence.from([on(double), on(keep)])),
      [1, 2],
    ],
    [
      "a parallel between two steps",
      RunnableSequence.from([on(double), RunnableParallel.from({ a: on(double), b: on(keep) }), on(keep)]),
      [1, 2],
    ],
    [
      "an array",
      RunnableSequence.from([here(keep), RunnableSequence.from([on(double), on(keep)]).map()]),
      [[1, 2], [3]],
    ],
    [
      "what has a config",
      on(double)
        .pipe(on(keep))
        .withConfig({ tags: ["tag"] }),
      [1, 2],
    ],
    [
      "a branch",
      RunnableBranch.from([[(x: number) => x > 1, on(double).pipe(on(double))], on(keep)] as any) as Runnable,
      [1, 2],
    ],
  ])("%s", async (_, chain, inputs) => {
    const { warm } = await stagesIn(() => chain.warm());
    const { run, feed, stream } = await stagesIn(async () => {
      for (const input of inputs) await chain.invoke(input);
      await chain.invoke(inputs[0], { callbacks: [{ handleChainStart: () => {} }] });
      await chain.batch(inputs);
      for await (const _chunk of await chain.stream(inputs[0]));
    });
    expect(run.length + feed.length).toBeGreaterThan(0);
    expect(warm.length).toBe(new Set(warm).size);
    for (const stage of [...run, ...feed, ...stream]) expect(warm).toContain(stage);
  });
});
