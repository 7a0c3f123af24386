import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { wait } from "../../src/core/wait.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});

afterEach(() => {
  vi.useRealTimers();
});

/** A signal that counts who listens to it. */
function listened(): { controller: AbortController; listeners: () => number } {
  const controller = new AbortController();
  const add = vi.spyOn(controller.signal, "addEventListener");
  const remove = vi.spyOn(controller.signal, "removeEventListener");
  return { controller, listeners: () => add.mock.calls.length - remove.mock.calls.length };
}

it("waits so many milliseconds, and leaves no listener", async () => {
  const { controller, listeners } = listened();
  let done = false;
  const waiting = wait(100, [controller.signal]).then(() => {
    done = true;
  });
  expect(listeners()).toBe(1);
  await vi.advanceTimersByTimeAsync(99);
  expect(done).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  await waiting;
  expect(listeners()).toBe(0);
});

it("ends with the first signal that aborts, and leaves neither a timer nor a listener", async () => {
  const [first, second] = [listened(), listened()];
  const waiting = wait(100, [first.controller.signal, second.controller.signal]);
  second.controller.abort(new Error("enough"));
  await expect(waiting).rejects.toThrow("enough");
  expect(vi.getTimerCount()).toBe(0);
  expect([first.listeners(), second.listeners()]).toEqual([0, 0]);
});

it("does not begin when a signal has aborted already", async () => {
  await expect(wait(100, [new AbortController().signal, AbortSignal.abort(new Error("enough"))])).rejects.toThrow(
    "enough",
  );
  expect(vi.getTimerCount()).toBe(0);
});
