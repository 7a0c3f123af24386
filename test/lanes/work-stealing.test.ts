import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { everything } from "../everything.ts";
import { open, PATIENCE, range, stageOf } from "./helpers.ts";

const stage = stageOf("doubleOrHold");
/** More inputs than what takes 4 ms, after which a worker reports. */
const CHUNK = 40;

/** A pool that has learnt that inputs are quick, so that many travel together. */
async function trained(workers: number) {
  const lane = open("thread", { min: workers, max: workers, graceMs: 50 });
  await lane.warm(stage);
  for (let round = 0; round < 3; round++) await Promise.all(range(200).map((x) => lane.run(stage, x)));
  return lane;
}

describe("a pool of threads", () => {
  const places: [string, number][] = [
    ["first", 0],
    ["last", 599],
    ["middle", 300],
  ];

  it.each(everything ? places : places.slice(0, 2))(
    "runs what is behind a long input elsewhere: the %s one",
    async (_, at) => {
      await using lane = await trained(2);
      const held = new Int32Array(new SharedArrayBuffer(4));
      let done = 0;
      const outcomes = range(600).map((x) => lane.run(stage, x === at ? held : x));
      for (const outcome of outcomes) outcome.then(() => done++);
      // Those that ran just before it, in one chunk with it, are reported with it.
      await expect.poll(() => done, PATIENCE).toBeGreaterThan(600 - CHUNK);
      Atomics.store(held, 0, 1);
      Atomics.notify(held, 0);
      expect(await Promise.all(outcomes)).toEqual(range(600).map((x) => (x === at ? "released" : x * 2)));
      expect(lane.capacity).toMatchObject({ busy: 0, queued: 0 });
    },
  );

  it("does so for inputs that can be cancelled, and cancels them where they are then", async () => {
    await using lane = await trained(2);
    const held = new Int32Array(new SharedArrayBuffer(4));
    const controller = new AbortController();
    const { signal } = controller;
    const outcomes = [held, ...range(200)].map((input) => lane.run(stage, input, { signal }));
    expect(await Promise.all(outcomes.slice(1))).toEqual(range(200).map((x) => x * 2));
    controller.abort();
    await expect(outcomes[0]).rejects.toMatchObject({ name: "AbortError" });
    await expect.poll(() => lane.capacity.busy, PATIENCE).toBe(0);
    expect(await lane.run(stage, 4)).toBe(8);
  });

  it("settles each input once, however long each holds its thread", { timeout: 60_000 }, async () => {
    await using lane = await trained(2);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...Array.from({ length: 30 }, () => 0), 1), { minLength: 50, maxLength: 400 }),
        async (costs) => {
          const arrays = costs.map((cost) => (cost === 0 ? undefined : new Int32Array(new SharedArrayBuffer(4))));
          const settled = costs.map(() => 0);
          const outcomes = costs.map((_, x) =>
            lane.run(stage, arrays[x] ?? x).then((output) => {
              settled[x] = settled[x]! + 1;
              return output;
            }),
          );
          const timer = setInterval(() => {
            const next = arrays.find((array) => array !== undefined && array[0] === 0);
            if (next === undefined) return;
            Atomics.store(next, 0, 1);
            Atomics.notify(next, 0);
          }, 2);
          const outputs = await Promise.all(outcomes);
          clearInterval(timer);
          expect(outputs).toEqual(costs.map((cost, x) => (cost === 0 ? x * 2 : "released")));
          expect(settled).toEqual(costs.map(() => 1));
        },
      ),
      { numRuns: everything ? 15 : 5 },
    );
  });
});
