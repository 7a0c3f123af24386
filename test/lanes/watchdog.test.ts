import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Call } from "../../src/lanes/pool/call.ts";
import { Watchdog } from "../../src/lanes/worker-handle/watchdog.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A watchdog, and a call in its worker, which is at that call from some time on. */
function watched(isAt: () => boolean) {
  const killed: number[] = [];
  const chunk = { id: 1, newsAt: 0 };
  const watchdog = new Watchdog({
    graceMs: 200,
    // As long as nobody needs to know, the worker does not say since when.
    connection: { progress: () => ({ running: isAt(), chunk: isAt() ? 1 : 0, index: 0, since: 0 }) },
    sendQuietly: () => {},
    stack: () => undefined,
    kill: () => killed.push(Date.now()),
  });
  const call = { index: 0, chunk, options: {}, startedAt: 0, stoppedAt: 0 } as unknown as Call;
  return { watchdog, call, killed };
}

test("a worker that is at a cancelled call is ended once graceMs has passed since then", async () => {
  const { watchdog, call, killed } = watched(() => true);
  const cancelledAt = Date.now();
  watchdog.cancel(call, new Error("enough"));
  await vi.advanceTimersByTimeAsync(1000);
  expect(killed).toHaveLength(1);
  expect(killed[0]! - cancelledAt).toBeLessThan(220);
  expect(killed[0]! - cancelledAt).toBeGreaterThanOrEqual(200);
});

test("one that begins with it later has graceMs from then on", async () => {
  let isAt = false;
  const { watchdog, call, killed } = watched(() => isAt);
  const cancelledAt = Date.now();
  watchdog.cancel(call, new Error("enough"));
  await vi.advanceTimersByTimeAsync(150);
  isAt = true;
  await vi.advanceTimersByTimeAsync(1000);
  expect(killed[0]! - cancelledAt).toBeGreaterThanOrEqual(350);
});
