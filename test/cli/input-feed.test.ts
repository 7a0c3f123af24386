import { describe, expect, it } from "vitest";
import { CliError } from "../../src/cli/cli-error.ts";
import { InputBlock, type InputSource } from "../../src/cli/input/reading.ts";
import { InputFeed } from "../../src/cli/run/input-feed.ts";

function blockOf(...values: unknown[]): InputBlock {
  const block = new InputBlock("in");
  for (const value of values) block.add(value, 1, JSON.stringify(value));
  return block;
}

interface Scene {
  feed: InputFeed;
  closed: () => boolean;
}

function scene(
  blocks: AsyncIterable<InputBlock>,
  { skip = 0, limit, count }: { skip?: number; limit?: number; count?: number } = {},
): Scene {
  let closed = false;
  let read = 0;
  const source: InputSource = {
    name: "in",
    ...(count !== undefined && { fraction: () => read / count }),
    read: async function* () {
      for await (const block of blocks) {
        read++;
        yield block;
      }
    },
    close: () => {
      closed = true;
    },
  };
  return { feed: new InputFeed(source, skip, limit), closed: () => closed };
}

async function* blocksOf(...blocks: unknown[][]) {
  for (const values of blocks) yield blockOf(...values);
}

async function valuesOf(feed: InputFeed): Promise<unknown[]> {
  const values: unknown[] = [];
  for (;;) {
    while (feed.hasNext) values.push(feed.block?.values[feed.cursor++]);
    if (feed.ended) return values;
    await feed.load();
  }
}

describe("InputFeed", () => {
  it("gives the inputs of all blocks, and closes the source at its end", async () => {
    const { feed, closed } = scene(blocksOf(["a", "b"], ["c"]));
    expect(await valuesOf(feed)).toEqual(["a", "b", "c"]);
    expect(closed()).toBe(true);
  });

  it("closes the source when the limit is reached, and counts the inputs of earlier runs", async () => {
    const { feed, closed } = scene(blocksOf([0, 1, 2], [3, 4]), { limit: 4 });
    expect(await valuesOf(feed)).toEqual([0, 1, 2, 3]);
    expect(closed()).toBe(true);
    expect(await valuesOf(scene(blocksOf([2, 3]), { skip: 2, limit: 3 }).feed)).toEqual([2]);
    expect(await valuesOf(scene(blocksOf([5]), { skip: 5, limit: 3 }).feed)).toEqual([]);
  });

  it("ends at once when it is stopped, also while it waits for the source, and drops what it has read", async () => {
    async function* waiting() {
      yield blockOf(0, 1);
      await new Promise(() => {});
    }
    const { feed, closed } = scene(waiting());
    await feed.load();
    feed.cursor = 1;
    feed.stop();
    expect(feed.hasNext).toBe(false);
    expect(closed()).toBe(true);
    const other = scene(waiting());
    await other.feed.load();
    other.feed.cursor = 2;
    const loading = other.feed.load();
    other.feed.stop();
    await loading;
    expect(other.feed.ended).toBe(true);
  });

  it("ends where the source fails, and keeps what was read and the reason", async () => {
    async function* failing() {
      yield blockOf(0);
      throw Object.assign(new Error("read"), { code: "EIO" });
    }
    const { feed } = scene(failing());
    expect(await valuesOf(feed)).toEqual([0]);
    expect(feed.failure?.message).toBe("cannot read on in the input in: the disk or its driver failed (EIO)");
  });

  it("keeps errors of the command as they are", async () => {
    const wrong = new CliError("RUNLANE_CLI_INPUT", "no header");
    async function* failing() {
      yield await Promise.reject<InputBlock>(wrong);
    }
    const { feed } = scene(failing());
    await feed.load();
    expect(feed.failure).toBe(wrong);
  });

  it("tells how much is done by the inputs that are, not by the blocks that were read", async () => {
    const { feed } = scene(blocksOf([0, 1, 2, 3], [4, 5]), { count: 2 });
    await feed.load();
    expect(feed.fraction(0)).toBe(0);
    feed.cursor = 3;
    expect(feed.fraction(1)).toBe(0.25);
    feed.cursor = 4;
    expect(feed.fraction(0)).toBe(0.5);
    await feed.load();
    feed.cursor = 1;
    expect(feed.fraction(0)).toBe(0.75);
  });
});
