import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { newRunId } from "../../src/observe/run-id.ts";

const VERSION_7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
/** Milliseconds, in 48 bits. */
const time = fc.integer({ min: 0, max: 2 ** 48 - 1 });

describe("the id of a run", () => {
  it("is a UUID of version 7", () => {
    fc.assert(fc.property(time, (now) => VERSION_7.test(newRunId(now))));
  });

  it("starts with the time", () => {
    fc.assert(
      fc.property(time, (now) => {
        expect(Number.parseInt(newRunId(now).replaceAll("-", "").slice(0, 12), 16)).toBe(now);
      }),
    );
  });

  it("has the time of now unless told another", () => {
    const before = Date.now();
    const stamp = Number.parseInt(newRunId().replaceAll("-", "").slice(0, 12), 16);
    expect(stamp).toBeGreaterThanOrEqual(before);
    expect(stamp).toBeLessThanOrEqual(Date.now());
  });

  it("sorts by time, as text", () => {
    fc.assert(
      fc.property(time, time, (one, other) => {
        fc.pre(one < other);
        // Made in either order: the clock may be set back.
        expect(newRunId(one) < newRunId(other)).toBe(true);
        expect(newRunId(other) > newRunId(one)).toBe(true);
      }),
    );
  });

  it("is never given twice, not even within one millisecond", () => {
    const ids = new Set<string>();
    for (let count = 0; count < 100_000; count++) ids.add(newRunId(1_700_000_000_000));
    expect(ids.size).toBe(100_000);
  });

  it("has random bits in all other places", () => {
    const seen = new Map<number, Set<string>>();
    for (let count = 0; count < 2_000; count++) {
      const id = newRunId(0);
      for (let at = 0; at < id.length; at++) seen.set(at, (seen.get(at) ?? new Set()).add(id[at] as string));
    }
    const digits = [...seen.values()].map(({ size }) => size);
    expect(digits.slice(0, 15)).toEqual(Array(15).fill(1));
    expect(digits.slice(15)).toEqual([16, 16, 16, 1, 4, 16, 16, 16, 1, ...Array(12).fill(16)]);
  });
});
