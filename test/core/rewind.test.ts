import { expect, it } from "vitest";
import { Rewind } from "../../src/core/streams/rewind.ts";
import { all } from "../runnables/support.ts";

async function* count(log: string[] = []): AsyncGenerator<number, void> {
  try {
    for (let n = 1; n <= 3; n++) {
      log.push(`read ${n}`);
      yield n;
    }
  } finally {
    log.push("finally");
  }
}

it("gives every reader all chunks, and reads the source once", async () => {
  const log: string[] = [];
  const rewind = new Rewind(count(log));
  const early = rewind.read();
  await early.next();
  await early.return();
  expect(await all(rewind.read())).toEqual([1, 2, 3]);
  expect(await all(rewind.read())).toEqual([1, 2, 3]);
  expect(log).toEqual(["read 1", "read 2", "read 3", "finally"]);
});

it("reads the source only as far as it is asked to", async () => {
  const log: string[] = [];
  const reader = new Rewind(count(log)).read();
  await reader.next();
  expect(log).toEqual(["read 1"]);
});

it("joins what has come so far", async () => {
  const rewind = new Rewind(count());
  const reader = rewind.read();
  expect(rewind.joined).toBeUndefined();
  await reader.next();
  await reader.next();
  expect(rewind.joined).toBe(3);
});

it("hands the rest on after it was released, and keeps nothing of it", async () => {
  const rewind = new Rewind(count());
  const first = rewind.read();
  await first.next();
  await first.next();
  const second = rewind.read();
  expect(await second.next()).toEqual({ done: false, value: 1 });
  rewind.release();
  expect(await all(second)).toEqual([2, 3]);
  expect(rewind.joined).toBe(3);
  expect(await all(rewind.read())).toEqual([]);
});

it("says that the source failed, to every reader", async () => {
  const rewind = new Rewind(
    // biome-ignore lint/correctness/useYield: it fails before
    (async function* (): AsyncGenerator<number, void> {
      throw new Error("source");
    })(),
  );
  await expect(rewind.read().next()).rejects.toThrow("source");
  await expect(rewind.read().next()).rejects.toThrow("source");
  expect(rewind.failed).toBe(true);
});

it("closes a source that was left in the middle", async () => {
  const log: string[] = [];
  const rewind = new Rewind(count(log));
  await rewind.read().next();
  await rewind.close();
  expect(log).toEqual(["read 1", "finally"]);
});
