import { describe, expect, it } from "vitest";
import { StageMeter } from "../../src/lanes/stage/stage-meter.ts";

/** A meter that has measured inputs of one cost often enough to be sure. */
function measured(costMs: number): StageMeter {
  const meter = new StageMeter("step");
  for (let round = 0; round < 10; round++) meter.reported(100, 100, 0, 100 * costMs, 0);
  return meter;
}

describe("the size of chunks", () => {
  it("is one until the stage has been measured", () => {
    expect(new StageMeter("step").chunkSize(100_000, 2)).toBe(1);
  });

  it("grows step by step, however cheap the first input was", () => {
    const meter = new StageMeter("step");
    const sizes = [1, 2, 3].map(() => {
      meter.reported(1, 1, 0, 0.000_001, 0);
      return meter.chunkSize(1_000_000, 2);
    });
    expect(sizes).toEqual([16, 256, 4096]);
  });

  it.each([
    [0.001, 4000],
    [0.1, 40],
    [1, 4],
    [10, 1],
  ])("holds 4 ms of work: inputs of %d ms", (costMs, size) => {
    expect(measured(costMs).chunkSize(1_000_000, 2)).toBe(size);
  });

  it("shrinks near the end of the queue, so that all workers finish together", () => {
    const meter = measured(0.1);
    expect([400, 80, 40, 8].map((queued) => meter.chunkSize(queued, 2))).toEqual([40, 20, 10, 3]);
  });

  it("does not shrink below a quarter of a millisecond of work", () => {
    expect(measured(0.001).chunkSize(10, 4)).toBe(250);
  });

  it("counts what functions do after they have waited", () => {
    const meter = new StageMeter("step");
    // 100 functions return promises at once; each costs 1 ms later.
    meter.reported(100, 0, 0, 0.1, 0);
    for (let round = 0; round < 10; round++) meter.reported(0, 10, 0, 10, 0);
    expect(meter.costMs).toBeCloseTo(1, 1);
  });
});

describe("a first input that is slow", () => {
  /** A meter of one worker whose inputs take so long, one report each. */
  function of(times: readonly number[]): StageMeter {
    const meter = new StageMeter("step");
    for (const [at, ms] of times.entries()) {
      if (at === 0) meter.firstReport(1, ms);
      meter.reported(1, 1, 0, ms, 0);
    }
    return meter;
  }

  it("is worth a hint when all others are quick", () => {
    expect(of([80, 1, 2, 1, 1]).statistics().hints).toEqual([
      expect.stringMatching(/^The first input in each worker takes 80 ms, the others 1\.3 ms/),
    ]);
  });

  it("is none when another one is as slow: inputs differ", () => {
    expect(of([80, 1, 2, 1, 1, 90, 1, 1, 1, 1, 1, 1, 1, 1]).statistics().hints).toBeUndefined();
  });
});
