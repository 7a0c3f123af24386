import { expect, it } from "vitest";
import { SingleChunk } from "../../src/core/streams/chunks.ts";
import { openChunks } from "../../src/core/streams/open-chunks.ts";
import { all } from "../runnables/support.ts";

/** An iterator that gives one chunk after the other and writes down that it was closed. */
function source(results: (number | Error)[], log: string[]): AsyncIterable<number> {
  return {
    [Symbol.asyncIterator]: () => ({
      async next() {
        const result = results.shift();
        if (result instanceof Error) throw result;
        return result === undefined ? { done: true, value: undefined } : { done: false, value: result };
      },
      async return() {
        log.push("closed");
        return { done: true, value: undefined };
      },
    }),
  };
}

it("gives all chunks, the awaited first one included", async () => {
  const log: string[] = [];
  expect(await all(await openChunks(() => source([1, 2, 3], log)))).toEqual([1, 2, 3]);
  expect(await all(await openChunks(() => new SingleChunk(5)))).toEqual([5]);
  expect(await all(await openChunks(() => source([], log)))).toEqual([]);
  expect(log).toEqual([]);
});

it("fails with what comes in place of the first chunk, and closes the source", async () => {
  const log: string[] = [];
  await expect(openChunks(() => source([new Error("boom")], log))).rejects.toThrow("boom");
  expect(log).toEqual(["closed"]);
});

it("closes the source when its chunks are left", async () => {
  const log: string[] = [];
  for await (const chunk of await openChunks(() => source([1, 2, 3], log))) if (chunk === 2) break;
  expect(log).toEqual(["closed"]);
});
