import { describe, expect, it } from "vitest";
import { CliError } from "../../src/cli/cli-error.ts";
import type { InputSource, Reading } from "../../src/cli/input/reading.ts";
import { InputFeed } from "../../src/cli/run/input-feed.ts";
import { InputQueue } from "../../src/cli/run/input-queue.ts";

const good = (value: unknown): Reading => ({ value, place: { name: "in" } });
const bad = (value: unknown): Reading => ({ ...good(value), problem: new CliError("RUNLANE_CLI_INVALID_LINE", "bad") });

interface SceneOptions {
  skip?: number;
  limit?: number;
  maxProblems?: number;
  /** How many blocks there are, when the source can tell. */
  blocks?: number;
}

interface Scene {
  feed: InputFeed;
  queue: InputQueue;
  /** The indices of the unreadable inputs that were passed on. */
  problems: number[];
  closed: () => boolean;
}

function scene(blocks: AsyncIterable<readonly Reading[]>, options: SceneOptions = {}): Scene {
  const { skip = 0, limit, maxProblems, blocks: blockCount } = options;
  let closed = false;
  let blocksRead = 0;
  const problems: number[] = [];
  const source: InputSource = {
    name: "in",
    ...(blockCount !== undefined && { fraction: () => blocksRead / blockCount }),
    read: async function* () {
      for await (const block of blocks) {
        blocksRead++;
        yield block;
      }
    },
    close: () => {
      closed = true;
    },
  };
  const queue = new InputQueue(skip, ({ index }) => problems.push(index), maxProblems);
  return { feed: new InputFeed({ source, queue, skip, limit }), queue, problems, closed: () => closed };
}

async function* blocksOf(...blocks: Reading[][]) {
  yield* blocks;
}

/** A source that gives one block and then waits for ever. */
async function* waitingSource(first: Reading[]) {
  yield first;
  await new Promise(() => {});
}

async function valuesOf(feed: InputFeed): Promise<unknown[]> {
  const values: unknown[] = [];
  for await (const value of feed) values.push(value);
  return values;
}

describe("InputFeed", () => {
  it("gives the inputs of all blocks and passes unreadable ones on in their turn", async () => {
    const { feed, queue, problems } = scene(blocksOf([bad(0), good("a")], [bad(2), bad(3)], [good("b"), bad(5)]));
    expect(await valuesOf(feed)).toEqual(["a", "b"]);
    expect(problems).toEqual([0]);
    expect(queue.settle()).toMatchObject({ index: 1, value: "a" });
    expect(problems).toEqual([0]);
    queue.advance();
    expect(problems).toEqual([0, 2, 3]);
    expect(queue.settle()).toMatchObject({ index: 4, value: "b" });
    queue.advance();
    expect(problems).toEqual([0, 2, 3, 5]);
    expect(queue.running).toBe(0);
  });

  it("counts unreadable inputs for the limit, and closes the source when it is reached", async () => {
    const { feed, closed } = scene(blocksOf([good(0), bad(1), good(2), good(3)]), { limit: 3 });
    expect(await valuesOf(feed)).toEqual([0, 2]);
    expect(closed()).toBe(true);
  });

  it("counts the inputs of earlier runs for the limit", async () => {
    expect(await valuesOf(scene(blocksOf([good(2), good(3)]), { skip: 2, limit: 3 }).feed)).toEqual([2]);
    expect(await valuesOf(scene(blocksOf([good(5)]), { skip: 5, limit: 3 }).feed)).toEqual([]);
  });

  it("ends at once when it is stopped, also while it waits for the source", async () => {
    const { feed, closed } = scene(waitingSource([good(0)]));
    expect(await feed.next()).toEqual({ done: false, value: 0 });
    const waiting = feed.next();
    feed.stop();
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(await feed.next()).toEqual({ done: true, value: undefined });
    expect(closed()).toBe(true);
  });

  it("ends where the source fails, and keeps what was read and the reason", async () => {
    async function* failing() {
      yield [good(0)];
      throw Object.assign(new Error("read"), { code: "EIO" });
    }
    const { feed } = scene(failing());
    expect(await valuesOf(feed)).toEqual([0]);
    expect(feed.failure?.message).toBe("cannot read on in the input in: the disk or its driver failed (EIO)");
  });

  it("tells what is wrong with the beginning of the source before anything runs", async () => {
    const wrong = new CliError("RUNLANE_CLI_INPUT", "no header");
    async function* failing() {
      yield await Promise.reject<Reading[]>(wrong);
    }
    const { feed } = scene(failing());
    await expect(feed.prime()).rejects.toBe(wrong);
  });

  it("does not lose the block that it has read beforehand", async () => {
    const { feed } = scene(blocksOf([good(0)], [good(1)]));
    await feed.prime();
    expect(await valuesOf(feed)).toEqual([0, 1]);
  });

  it("tells how much is done by the inputs that are, not by the blocks that were read", async () => {
    const { feed, queue } = scene(blocksOf([good(0), good(1), good(2), good(3)], [good(4), good(5)]), { blocks: 2 });
    await feed.prime();
    expect(feed.fraction).toBe(0);
    const fractions: unknown[] = [];
    for await (const _ of feed) {
      queue.settle();
      fractions.push(feed.fraction);
    }
    expect(fractions).toEqual([0.125, 0.25, 0.375, 0.5, 0.75, 1]);
  });

  it("does not read on while too many unreadable inputs wait for one that is running", async () => {
    let blocks = 0;
    async function* endless() {
      yield [good("slow")];
      for (; blocks < 1000; blocks++) yield Array.from({ length: 10 }, bad);
    }
    const { feed, queue, problems } = scene(endless(), { maxProblems: 50 });
    await feed.next();
    const next = feed.next();
    await new Promise((resolve) => setImmediate(resolve));
    expect(blocks).toBeLessThan(10);
    expect(problems).toEqual([]);
    queue.settle();
    queue.advance();
    expect((await next).done).toBe(true);
    expect(blocks).toBe(1000);
    expect(problems).toHaveLength(10_000);
  });
});
