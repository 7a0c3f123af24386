import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { cluster } from "../../src/cluster/lane/cluster.ts";
import { RunnableLambda } from "../../src/index.ts";
import { scratchFolder } from "../cli/scratch.ts";
import { EMBEDDED } from "./servers.ts";
import { ownProgram, startWorker } from "./support.ts";

test("a step on a cluster lane runs on workers: single calls, batches, errors, data of all kinds", async () => {
  const file = ownProgram(scratchFolder());
  await startWorker(file);
  await using lane = cluster(EMBEDDED);
  const words = RunnableLambda.fromModule<{ default(text: string): number }, "default">(
    pathToFileURL(file),
    "default",
  ).withLane(lane);
  const letters = RunnableLambda.fromModule(pathToFileURL(file), "letters").withLane(lane);
  expect(await words.invoke("one two")).toBe(2);
  expect(await words.batch(["a", "a b", "a b c"])).toEqual([1, 2, 3]);
  const [good, bad] = await words.batch(["a", "throw"], {}, { returnExceptions: true });
  expect(good).toBe(1);
  expect(bad).toBeInstanceOf(RangeError);
  expect(await letters.invoke("añ")).toEqual({
    letters: 2,
    bytes: new TextEncoder().encode("añ"),
    seen: new Map([["añ", new Date(0)]]),
  });
  const stop = AbortSignal.timeout(50);
  await expect(words.invoke("wait 60000", { signal: stop })).rejects.toMatchObject({ name: "TimeoutError" });
  expect(lane.statistics().map(({ label, inputs }) => [label, inputs])).toContainEqual(["letters", 1]);
});

test("what is no export of a module is refused, with the remedy", () => {
  const lane = cluster(EMBEDDED);
  expect(() => RunnableLambda.from((x: number) => x).withLane(lane)).toThrow(/code does not travel.*fromModule/);
  expect(() =>
    RunnableLambda.fromModule(new URL("fixtures/words.mjs", import.meta.url), "letters")
      .pipe((x: unknown) => x)
      .withLane(lane),
  ).toThrow("RunnableSequence");
});
