import { describe, expect, it } from "vitest";
import type { Timers } from "../../src/batching/timers.ts";
import { Admission } from "../../src/serve/admission.ts";
import { Refusal } from "../../src/serve/refusal.ts";

/** A clock that stands still unless it is moved, with timers that never fire. */
const still = (): Timers => ({
  now: () => 0,
  set: () => 0,
  clear: () => {},
  soon: (callback) => queueMicrotask(callback),
});

function entered(admission: Admission, client = "a", signal?: AbortSignal) {
  return admission.enter(client, signal && { signal });
}

describe("admission", () => {
  it("looks how late the event loop is while requests come, and no longer: a timer would hold the process", () => {
    const due: (() => void)[] = [];
    const admission = new Admission({}, { ...still(), set: (callback) => due.push(callback) });
    entered(admission);
    for (let look = 0; look < 2; look++) due.shift()?.();
    expect(due).toEqual([]);
    entered(admission);
    expect(due).toHaveLength(1);
  });

  it("lets in as many as may run, and queues the others", async () => {
    const admission = new Admission({ maxConcurrency: 2 }, still());
    expect(entered(admission)).toBeUndefined();
    expect(entered(admission)).toBeUndefined();
    const third = entered(admission)!;
    expect(admission.waiting).toBe(1);
    admission.leave(1);
    await third;
    expect([admission.running, admission.waiting]).toEqual([2, 0]);
  });

  it("refuses who would wait longer than the bound, and says when to come again", () => {
    const admission = new Admission({ maxConcurrency: 1, maxQueueMs: 50 }, still());
    entered(admission);
    admission.leave(20);
    entered(admission);
    entered(admission);
    entered(admission);
    // A third in the queue would wait for 60 ms.
    expect(() => entered(admission)).toThrow(Refusal);
    try {
      entered(admission);
    } catch (error) {
      expect(error).toMatchObject({ status: 503, headers: { "retry-after": "1" } });
    }
    expect(admission.refused).toBe(2);
  });

  it("lets clients take turns, however many requests each has", async () => {
    const admission = new Admission({ maxConcurrency: 1, maxQueueMs: 1e9 }, still());
    entered(admission);
    const order: string[] = [];
    for (const client of ["a", "a", "a", "b"]) void entered(admission, client)!.then(() => order.push(client));
    for (let index = 0; index < 4; index++) {
      admission.leave(1);
      await Promise.resolve();
    }
    expect(order).toEqual(["a", "b", "a", "a"]);
  });

  it("serves the requests of one client in their order, however many came in one turn", async () => {
    const admission = new Admission({ maxConcurrency: 1, maxQueueMs: 1e9 }, still());
    entered(admission);
    const order: number[] = [];
    for (const turn of [[1, 2, 3], [4], [5]]) {
      for (const request of turn) void entered(admission)!.then(() => order.push(request));
      await new Promise((resolve) => setImmediate(resolve));
    }
    for (let index = 0; index < 5; index++) {
      admission.leave(1);
      await Promise.resolve();
    }
    expect(order).toEqual([1, 2, 3, 4, 5]);
  });

  it("refuses those that have waited too long all the same, while others wait behind them", async () => {
    let now = 0;
    const admission = new Admission({ maxConcurrency: 1, maxQueueMs: 50 }, { ...still(), now: () => now });
    entered(admission);
    admission.leave(20);
    entered(admission);
    const told: unknown[] = [];
    const wait = (name: string) =>
      entered(admission)!.then(
        () => told.push(`${name} runs`),
        ({ status }) => told.push(`${name}: ${status}`),
      );
    const all = [wait("first"), wait("second")];
    // The run before them takes longer than was to be expected, and all others after that.
    now = 1000;
    admission.leave(20);
    await Promise.all(all);
    expect(told).toEqual(["first: 503", "second runs"]);
    expect([admission.running, admission.waiting, admission.refused]).toEqual([1, 0, 1]);
  });

  it("gives up a place in the queue when its client goes", async () => {
    const admission = new Admission({ maxConcurrency: 1 }, still());
    entered(admission);
    const controller = new AbortController();
    const waiting = entered(admission, "a", controller.signal)!;
    controller.abort(new Error("gone"));
    await expect(waiting).rejects.toThrow("gone");
    admission.leave(1);
    expect([admission.running, admission.waiting]).toEqual([0, 0]);
  });

  /** An admission whose event loop is as late as is said. */
  function withLoop(maxConcurrency?: number) {
    let now = 0;
    let fire = (): void => {};
    const set = (callback: () => void) => {
      fire = callback;
    };
    const timers: Timers = { ...still(), now: () => now, set };
    const admission = new Admission({ maxConcurrency, maxQueueMs: 50 }, timers);
    const look = (lateMs: number) => {
      expect(entered(admission)).toBeUndefined();
      admission.leave(1);
      now += 20 + lateMs;
      fire();
    };
    return { admission, look };
  }

  it.each([undefined, 4])(
    "refuses when the event loop is late all the time, and not for one pause, with a limit of %s",
    (limit) => {
      const { admission, look } = withLoop(limit);
      look(500);
      for (let index = 0; index < 3; index++) look(0);
      for (let index = 0; index < 5; index++) look(100);
      expect(() => entered(admission)).toThrow(Refusal);
    },
  );

  it("leaves no place free for a late event loop where runs wait, and are limited", () => {
    const { admission, look } = withLoop(4);
    entered(admission);
    for (let index = 0; index < 6; index++) look(100);
    expect(entered(admission)).toBeUndefined();
  });
});
