import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import { expect, test } from "vitest";
import { SharedLimiter } from "../../src/batching/shared-limiter.ts";
import type { Admission, AdmitRequest, LimitKeeper, SharedLimit } from "../../src/batching/shared-limits.ts";
import { platformTimers } from "../../src/batching/timers.ts";

/** Keeps a number of places, and answers late, as a broker does. */
class Places implements LimitKeeper {
  readonly held = new Map<string, number>();
  readonly requests: AdmitRequest[] = [];
  failure: Error | undefined;

  async admit({ maxConcurrency = 0 }: SharedLimit, request: AdmitRequest): Promise<Admission> {
    this.requests.push(request);
    await turn();
    if (this.failure !== undefined) throw this.failure;
    const { holder, running, wanted } = request;
    this.held.delete(holder);
    const others = [...this.held.values()].reduce((sum, places) => sum + places, 0);
    const granted = Math.max(0, Math.min(wanted, maxConcurrency - others - running));
    if (running + granted > 0) this.held.set(holder, running + granted);
    return { granted, againMs: 1 };
  }
}

const limiters = (keeper: LimitKeeper, count: number, maxConcurrency: number): SharedLimiter[] =>
  Array.from({ length: count }, () => new SharedLimiter({ name: "it", maxConcurrency }, keeper, platformTimers));

test("all inputs of all holders start, and never more at once than the keeper grants", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.record({ by: fc.nat(2), turns: fc.nat(4), isAborted: fc.boolean() }), { maxLength: 30 }),
      async (most, inputs) => {
        const keeper = new Places();
        const all = limiters(keeper, 3, most);
        let [running, highest, ended] = [0, 0, 0];
        await Promise.all(
          inputs.map(async ({ by, turns, isAborted }) => {
            const stop = new AbortController();
            if (isAborted) void turn().then(() => stop.abort());
            try {
              await all[by]!.enter({}, stop.signal);
            } catch {
              expect(isAborted).toBe(true);
              ended++;
              return;
            }
            highest = Math.max(highest, ++running);
            for (let at = 0; at < turns; at++) await turn();
            running--;
            ended++;
            all[by]!.leave();
          }),
        );
        expect(highest).toBeLessThanOrEqual(most);
        expect(ended).toBe(inputs.length);
        while (keeper.held.size > 0) await turn();
        expect(all.map(({ running, waiting }) => running + waiting)).toEqual([0, 0, 0]);
      },
    ),
    { numRuns: 30 },
  );
});

test("those that come in one turn are asked for at once, and nobody asks when nothing runs or waits", async () => {
  const keeper = new Places();
  const [limiter] = limiters(keeper, 1, 100);
  await Promise.all(Array.from({ length: 50 }, () => limiter!.enter({}, undefined)));
  expect(keeper.requests.map(({ wanted }) => wanted)).toEqual([50]);
  for (let at = 0; at < 50; at++) limiter!.leave();
  while (keeper.held.size > 0) await turn();
  const asked = keeper.requests.length;
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(keeper.requests).toHaveLength(asked);
});

test("what the keeper throws is the error of those who wait, and the next one asks again", async () => {
  const keeper = new Places();
  const [limiter] = limiters(keeper, 1, 1);
  keeper.failure = new Error("no such user");
  await expect(Promise.all([limiter!.enter({}, undefined), limiter!.enter({}, undefined)])).rejects.toThrow(
    "no such user",
  );
  keeper.failure = undefined;
  await limiter!.enter({}, undefined);
  expect(limiter!.running).toBe(1);
  limiter!.leave();
  while (keeper.held.size > 0) await turn();
});
