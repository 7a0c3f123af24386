import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { KNOWN } from "../../bench/cluster/costs.ts";
import { simulate } from "../../bench/cluster/model.ts";
import { bounds, type Scenario } from "../../bench/cluster/scenario.ts";
import { Clock, Station } from "../../bench/cluster/stations.ts";
import { everything } from "../everything.ts";

const costs = fc.constantFrom(KNOWN.redis, KNOWN.postgres);
const scenario: fc.Arbitrary<Scenario> = fc.record({
  workers: fc.integer({ min: 1, max: 40 }),
  cores: fc.integer({ min: 1, max: 8 }),
  inputMs: fc.double({ min: 0.01, max: 2000, noNaN: true }),
  waits: fc.boolean(),
  bytes: fc.integer({ min: 1, max: 100_000 }),
  untilMs: fc.constant(20_000),
});
/** Chunks are sized by what was measured, so that no two runs cut alike. */
const NOISE = 0.9;

describe("the model of a cluster", () => {
  test("is never slower for more workers, as long as the producer and the broker have something left", () => {
    fc.assert(
      fc.property(costs, scenario, fc.integer({ min: 2, max: 5 }), (cost, given, times) => {
        const { throughput, meanChunk } = simulate(cost, given);
        const { producer, broker } = bounds(cost, given, meanChunk);
        fc.pre(throughput < Math.min(producer, broker) / 2);
        const more = simulate(cost, { ...given, workers: given.workers * times });
        expect(more.throughput).toBeGreaterThan(throughput * NOISE);
      }),
      { numRuns: everything ? 8 : 3 },
    );
  });

  test("lets nobody do more than they can", () => {
    fc.assert(
      fc.property(costs, scenario, (cost, given) => {
        const { done, ms, meanChunk } = simulate(cost, { ...given, inputs: 20_000 });
        const bound = Math.min(...Object.values(bounds(cost, given, meanChunk)));
        expect((done * 1000) / ms).toBeLessThanOrEqual(bound * 1.001);
      }),
      { numRuns: everything ? 8 : 3 },
    );
  });

  test("loses nothing when workers die, and is the slower for it", () => {
    fc.assert(
      fc.property(costs, fc.integer(), fc.boolean(), (cost, seed, waits) => {
        const given = { workers: 4, inputs: 3000, inputMs: 50, waits, seed, untilMs: 10_000_000 };
        const calm = simulate(cost, given);
        const deadly = simulate(cost, { ...given, deathsPerHour: 400 });
        expect([calm.done, deadly.done]).toEqual([3000, 3000]);
        expect(calm.runsPerChunk).toBe(1);
        expect(deadly.runsPerChunk).toBeGreaterThanOrEqual(1);
        expect(deadly.ms).toBeGreaterThanOrEqual(calm.ms * NOISE);
      }),
      { numRuns: everything ? 6 : 3 },
    );
  });

  test("does no more than the source gives", () => {
    const { throughput } = simulate(KNOWN.redis, { workers: 10, inputMs: 1, arrivalsPerS: 500, untilMs: 30_000 });
    expect(throughput).toBeGreaterThan(450);
    expect(throughput).toBeLessThanOrEqual(505);
  });
});

test("a station does one thing after the other, two servers do two at a time", () => {
  const clock = new Clock();
  const done = (servers: number) => {
    const station = new Station(clock, servers);
    return [5, 5, 5, 5].map((ms) => station.take(ms));
  };
  expect([done(1), done(2)]).toEqual([
    [5, 10, 15, 20],
    [5, 5, 10, 10],
  ]);
});

test("what is planned happens in the order of time, and at one time in the order of planning", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 20 })), (times) => {
      const clock = new Clock();
      const happened: [number, number][] = [];
      for (const [order, at] of times.entries()) clock.at(at, () => happened.push([at, order]));
      clock.run(100, () => false);
      expect(happened).toEqual(
        times.map((at, order) => [at, order]).sort(([a = 0, x = 0], [b = 0, y = 0]) => a - b || x - y),
      );
    }),
  );
});
