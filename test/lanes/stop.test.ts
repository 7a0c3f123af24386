import { describe, expect, it } from "vitest";
import { everything } from "../everything.ts";
import { KINDS, open, PATIENCE, range, stageOf } from "./helpers.ts";

describe.each(KINDS)("cancelling and timeouts: %s", (kind) => {
  // The parent's side is one for both kinds, so what goes the same way there is run with the quicker one.
  const once = it.runIf(everything || kind === "thread");

  once("rejects a call whose signal has aborted already", async () => {
    await using lane = open(kind, { max: 1 });
    const call = lane.run(stageOf("double"), 1, { signal: AbortSignal.abort() });
    await expect(call).rejects.toMatchObject({ name: "AbortError" });
    expect(lane.capacity).toEqual({ workers: 0, busy: 0, queued: 0 });
  });

  it("shows a running function the signal, and keeps the worker when the function ends", async () => {
    await using lane = open(kind, { max: 1, graceMs: 10_000 });
    const who = stageOf("whoAmI");
    const before = await lane.run(who, 0);
    const controller = new AbortController();
    const call = lane.run(stageOf("untilAborted"), 0, { signal: controller.signal });
    await expect.poll(() => lane.capacity, PATIENCE).toMatchObject({ busy: 1, queued: 0 });
    controller.abort(new Error("enough"));
    await expect(call).rejects.toThrow("enough");
    await expect.poll(() => lane.capacity.busy, PATIENCE).toBe(0);
    expect(await lane.run(who, 0)).toBe(before);
  });

  once("listens once to a signal that calls share, and no longer than they last", async () => {
    await using lane = open(kind, { max: 1 });
    const { signal } = new AbortController();
    let listeners = 0;
    const { addEventListener, removeEventListener } = signal;
    signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
      listeners++;
      addEventListener.apply(signal, args);
    };
    signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
      listeners--;
      removeEventListener.apply(signal, args);
    };
    const calls = range(100).map((value) => lane.run(stageOf("double"), value, { signal }));
    expect(listeners).toBe(1);
    await Promise.all(calls);
    expect(listeners).toBe(0);
  });
});

describe("a function that keeps its thread busy", () => {
  it("sees the signal abort, and keeps its worker when it ends then", async () => {
    await using lane = open("thread", { max: 1, graceMs: 10_000 });
    const ended = stageOf("howManyEnded");
    await lane.warm(stageOf("spinUntilAborted"));
    const controller = new AbortController();
    const running = new Int32Array(new SharedArrayBuffer(4));
    const call = lane.run(stageOf("spinUntilAborted"), running, { signal: controller.signal });
    await expect.poll(() => Atomics.load(running, 0), PATIENCE).toBe(1);
    controller.abort();
    await expect(call).rejects.toMatchObject({ name: "AbortError" });
    await expect(lane.run(ended, 0)).resolves.toBe(1);
  });
});
