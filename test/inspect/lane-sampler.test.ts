import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { LaneSampler } from "../../src/inspect/lane-sampler.ts";
import type { Lane, LaneCapacity } from "../../src/lanes/lane.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function laneOf(capacity: { -readonly [Key in keyof LaneCapacity]: number }): Lane {
  return { name: "thread", capacity } as Lane;
}

it("keeps a sample when something has changed, of lanes that come later too", () => {
  const capacity = { workers: 0, busy: 0, queued: 3 };
  const [one, other] = [laneOf(capacity), laneOf({ workers: 1, busy: 0, queued: 0 })];
  const lanes = [one];
  const sampler = new LaneSampler(() => lanes).start();
  vi.advanceTimersByTime(1_000);
  Object.assign(capacity, { workers: 2, busy: 2, queued: 0 });
  lanes.push(other);
  vi.advanceTimersByTime(1_000);
  capacity.busy = 0;
  sampler.stop();
  const [first, second] = sampler.all;
  expect(first!.samples.map(({ workers, busy, queued }) => [workers, busy, queued])).toEqual([
    [0, 0, 3],
    [2, 2, 0],
    [2, 0, 0],
  ]);
  expect(second!.samples).toHaveLength(1);
  const times = first!.samples.map(({ atMs }) => atMs);
  expect(times).toEqual([...times].sort((a, b) => a - b));
  expect(vi.getTimerCount()).toBe(0);
});

it("looks less often in long runs, so that a report has some hundred samples of a lane at most", () => {
  const capacity = { workers: 1, busy: 0, queued: 0 };
  const sampler = new LaneSampler(() => [laneNow]).start();
  const laneNow = laneOf(capacity);
  const hours = 3;
  for (let second = 0; second < hours * 3600; second++) {
    capacity.queued = second;
    vi.advanceTimersByTime(1_000);
  }
  sampler.stop();
  const { samples } = sampler.all[0]!;
  expect(samples.length).toBeGreaterThan(200);
  expect(samples.length).toBeLessThanOrEqual(601);
  expect(samples[0]!.queued).toBe(0);
  expect(samples.at(-1)!.queued).toBe(hours * 3600 - 1);
});
