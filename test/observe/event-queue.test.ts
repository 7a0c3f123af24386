import { describe, expect, it } from "vitest";
import { EventQueue } from "../../src/observe/event-queue.ts";
import { all } from "../runnables/support.ts";
import { settle } from "./support.ts";

/** Fills a queue until it says that there is no room; gives how many that took. */
function fill(queue: EventQueue<number>): number {
  for (let count = 0; ; count++) {
    if (queue.room() !== undefined) return count;
    queue.push(count);
  }
}

/** Whether a promise has settled yet. */
async function isSettled(promise: Promise<unknown> | undefined): Promise<boolean> {
  let settled = false;
  promise?.then(() => {
    settled = true;
  });
  await settle();
  return settled;
}

describe("a queue of events", () => {
  it("gives events in order, those that were there before and those that come", async () => {
    const queue = new EventQueue<number>();
    queue.push(1);
    queue.push(2);
    const reading = all(queue);
    await settle();
    queue.push(3);
    await settle();
    queue.push(4);
    queue.close();
    expect(await reading).toEqual([1, 2, 3, 4]);
  });

  it("gives what is in it before it ends", async () => {
    const queue = new EventQueue<number>();
    queue.push(1);
    queue.close();
    queue.push(2);
    expect(await all(queue)).toEqual([1]);
  });

  it("gives what is in it before it throws its failure, even one that is undefined", async () => {
    for (const error of [new Error("boom"), undefined]) {
      const queue = new EventQueue<number>();
      queue.push(1);
      queue.close({ error });
      queue.close();
      const seen: number[] = [];
      const reading = (async () => {
        for await (const event of queue) seen.push(event);
      })();
      await expect(reading).rejects.toBe(error);
      expect(seen).toEqual([1]);
    }
  });

  it("wakes a waiting reader to throw its failure", async () => {
    const queue = new EventQueue<number>();
    const reading = all(queue);
    await settle();
    queue.close({ error: new Error("boom") });
    await expect(reading).rejects.toThrow("boom");
  });

  it("has room for a number of events, and again when its reader has caught up", async () => {
    const queue = new EventQueue<number>();
    const count = fill(queue);
    expect(count).toBeGreaterThan(1);
    expect(count).toBeLessThanOrEqual(100);
    const first = queue.room();
    const second = queue.room();
    expect(await isSettled(first)).toBe(false);
    const reader = queue[Symbol.asyncIterator]();
    await reader.next();
    expect(await isSettled(Promise.all([first, second]))).toBe(true);
    expect(queue.room()).toBeUndefined();
  });

  it("lets those who wait for room go on when it is closed", async () => {
    const queue = new EventQueue<number>();
    fill(queue);
    const room = queue.room();
    queue.close();
    expect(await isSettled(room)).toBe(true);
    expect(queue.room()).toBeUndefined();
  });

  it("is closed by a reader who leaves: nobody waits for room, and no event is kept", async () => {
    const queue = new EventQueue<number>();
    fill(queue);
    const room = queue.room();
    for await (const _ of queue) break;
    expect(await isSettled(room)).toBe(true);
    for (let count = 0; count < 1_000; count++) queue.push(count);
    expect(queue.room()).toBeUndefined();
  });
});
