import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { onBeat } from "../../src/observe/beat.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

it("wakes the process once for all who ask for the same time", () => {
  const [each, third, other] = [vi.fn(), vi.fn(), vi.fn()];
  const ends = [onBeat(50, each), onBeat(50, third, 3), onBeat(20, other)];
  expect(vi.getTimerCount()).toBe(2);
  vi.advanceTimersByTime(300);
  expect(each).toHaveBeenCalledTimes(6);
  expect(third).toHaveBeenCalledTimes(2);
  expect(other).toHaveBeenCalledTimes(15);
  for (const end of ends) end();
  expect(vi.getTimerCount()).toBe(0);
});

it("goes on for the others when one ends, also one that ends twice or during a beat", () => {
  const stays = vi.fn();
  const first = vi.fn(() => endFirst());
  const endFirst = onBeat(50, first);
  const endStaying = onBeat(50, stays);
  vi.advanceTimersByTime(100);
  endFirst();
  vi.advanceTimersByTime(100);
  expect(first).toHaveBeenCalledOnce();
  expect(stays).toHaveBeenCalledTimes(4);
  endStaying();
  // A beat that is over is not the one that began after it.
  const next = vi.fn();
  const endNext = onBeat(50, next);
  endStaying();
  vi.advanceTimersByTime(50);
  expect(next).toHaveBeenCalledOnce();
  endNext();
});
