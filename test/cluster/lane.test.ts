import { hostname } from "node:os";
import { pathToFileURL } from "node:url";
import { expect, test, vi } from "vitest";
import { cluster } from "../../src/cluster/lane/cluster.ts";
import { tracing } from "../../src/core/tracing.ts";
import { RunnableLambda } from "../../src/index.ts";
import { scratchFolder } from "../cli/scratch.ts";
import { EMBEDDED } from "./servers.ts";
import { ownProgram, startWorker } from "./support.ts";

const PATIENCE = { timeout: 60_000 };

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

  // Which workers there are is known a moment later.
  const host = hostname();
  const workers = await vi.waitUntil(() => lane.workerStatuses!().length > 0 && lane.workerStatuses!(), PATIENCE);
  expect(workers).toMatchObject([{ worker: 0, host, served: 7 }]);
  const plan = await letters.explain({ analyze: true, inputs: ["a", "b"] });
  expect(plan.stages).toMatchObject([
    { figures: { inputs: 2 }, remarks: [expect.stringMatching(/^workers: .* inputs\)$/)] },
  ]);
  expect(plan.stages[0]!.figures!.bytes).toBeGreaterThan(0);
  expect(String(plan)).toMatch(/stage 1 \(cluster\): [\d.]+ .?s in the queue each, workers busy/);
  expect(String(letters.explain())).toContain(`stage 1 (cluster): workers: ${host} (process`);

  const traced = RunnableLambda.fromModule(pathToFileURL(file), "traced").withLane(lane);
  const [trace, span] = ["1".repeat(32), "2".repeat(16)];
  tracing.current = { inject: () => ({ traceparent: `00-${trace}-${span}-01` }), within: (_carrier, run) => run() };
  try {
    expect(await traced.invoke("")).toEqual([trace, span]);
  } finally {
    tracing.current = undefined;
  }
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
