import { describe, expect, it } from "vitest";
import { KINDS, open, PATIENCE, range, stageOf } from "./helpers.ts";

describe.each(KINDS)("cancelling and timeouts: %s", (kind) => {
  it("rejects a call whose signal has aborted already", async () => {
    await using lane = open(kind, { max: 1 });
    const call = lane.run(stageOf("double"), 1, { signal: AbortSignal.abort() });
    await expect(call).rejects.toMatchObject({ name: "AbortError" });
    expect(lane.capacity).toEqual({ workers: 0, busy: 0, queued: 0 });
  });

  it("removes a queued call at once, and lets the others run", async () => {
    await using lane = open(kind, { max: 1 });
    const controller = new AbortController();
    const stage = stageOf("double");
    const calls = [lane.run(stage, 1), lane.run(stage, 2, { signal: controller.signal }), lane.run(stage, 3)];
    expect(lane.capacity.queued).toBe(3);
    controller.abort();
    expect(lane.capacity.queued).toBe(2);
    await expect(calls[1]).rejects.toMatchObject({ name: "AbortError" });
    await expect(Promise.all([calls[0], calls[2]])).resolves.toEqual([2, 6]);
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

  it("ends the worker of a function that does not heed its signal, and runs its neighbours again", async () => {
    await using lane = open(kind, { max: 1, graceMs: 20 });
    const controller = new AbortController();
    const never = lane.run(stageOf("never"), 0, { signal: controller.signal });
    await expect.poll(() => lane.capacity, PATIENCE).toMatchObject({ busy: 1, queued: 0 });
    const neighbours = range(3).map((value) => lane.run(stageOf("doubleLater"), value));
    controller.abort();
    await expect(never).rejects.toMatchObject({ name: "AbortError" });
    await expect(Promise.all(neighbours)).resolves.toEqual([0, 2, 4]);
    await expect.poll(() => lane.capacity.busy, PATIENCE).toBe(0);
  });

  it("ends an endless loop that is aborted, and runs what waited behind it", async () => {
    await using lane = open(kind, { max: 1, graceMs: 20 });
    await lane.warm(stageOf("forever"));
    const controller = new AbortController();
    const loop = lane.run(stageOf("forever"), 0, { signal: controller.signal });
    const behind = range(3).map((value) => lane.run(stageOf("double"), value));
    await expect.poll(() => lane.capacity.busy, PATIENCE).toBe(1);
    controller.abort();
    await expect(loop).rejects.toMatchObject({ name: "AbortError" });
    await expect(Promise.all(behind)).resolves.toEqual([0, 2, 4]);
  });

  it("counts a timeout from the start of the work, not from the call", async () => {
    await using lane = open(kind, { max: 1, graceMs: 20 });
    const stage = stageOf("spin");
    await lane.warm(stage);
    // All together they take longer than the timeout of each.
    const calls = range(8).map(() => lane.run(stage, 40, { timeoutMs: 200 }));
    await expect(Promise.all(calls)).resolves.toEqual(range(8).map(() => 40));
  });

  it("times out async functions that share a worker, each on its own", async () => {
    await using lane = open(kind, { max: 1, graceMs: 20 });
    const calls = [
      lane.run(stageOf("never"), 0, { timeoutMs: 30 }),
      ...range(5).map((value) => lane.run(stageOf("doubleLater"), value, { timeoutMs: 5000 })),
    ];
    const [never, ...others] = await Promise.allSettled(calls);
    expect(never).toMatchObject({
      reason: { name: "TimeoutError", message: "never took longer than its timeout of 30 ms." },
    });
    expect(others).toEqual(range(5).map((value) => ({ status: "fulfilled", value: value * 2 })));
  });

  it("leaves no listeners behind", async () => {
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
    const call = lane.run(stageOf("spinUntilAborted"), 0, { signal: controller.signal });
    await expect.poll(() => lane.capacity.busy, PATIENCE).toBe(1);
    controller.abort();
    await expect(call).rejects.toMatchObject({ name: "AbortError" });
    await expect(lane.run(ended, 0)).resolves.toBe(1);
  });
});
