import { expect, it } from "vitest";
import { LoopLane } from "../../src/lanes/loop/loop-lane.ts";
import { treeStage } from "../../src/runnables/lane/tree-stage.ts";
import type { ShippedTree } from "../../src/shipping/tree/ship-tree.ts";
import { loopLane, stageOf } from "../../src/testing/index.ts";

it("starts a call at once when the stage is loaded", async () => {
  await using lane = loopLane();
  const seen: string[] = [];
  Object.assign(globalThis, { noteOfLoopLane: (text: string) => seen.push(text) });
  const stage = stageOf((text: string) => (globalThis as unknown as Record<string, any>).noteOfLoopLane(text));
  const first = lane.run(stage, "first");
  seen.push("waits for its stage");
  await first;
  const second = lane.run(stage, "second");
  seen.push("has run");
  await second;
  expect(seen).toEqual(["waits for its stage", "first", "second", "has run"]);
});

it("hands values over as they are", async () => {
  await using lane = loopLane();
  const value = { call: () => 1 };
  expect(
    await lane.run(
      stageOf((input: unknown) => input),
      value,
    ),
  ).toBe(value);
});

it("notices that the time of a function is up that has kept the loop busy", async () => {
  await using lane = loopLane();
  const stage = stageOf((ms: number) => {
    const end = performance.now() + ms;
    while (performance.now() < end);
  });
  await expect(lane.run(stage, 30, { timeoutMs: 10 })).rejects.toMatchObject({ name: "TimeoutError" });
  expect(lane.capacity).toEqual({ workers: 1, busy: 0, queued: 0 });
  expect(lane.statistics()).toMatchObject([{ inputs: 1, failed: 1 }]);
});

it("tries again to load a stage that could not be loaded", async () => {
  let attempts = 0;
  await using lane = new LoopLane(async (shipped) => {
    attempts++;
    if (attempts === 1) throw new RangeError("not yet");
    return treeStage(shipped as ShippedTree);
  });
  const stage = stageOf((input: number) => input);
  await expect(Promise.allSettled([lane.run(stage, 1), lane.run(stage, 2)])).resolves.toMatchObject([
    { reason: { code: "RUNLANE_WORKER_START", cause: { message: "not yet" } } },
    { reason: { code: "RUNLANE_WORKER_START" } },
  ]);
  await expect(lane.run(stage, 3)).resolves.toBe(3);
  expect(attempts).toBe(2);
});

it("closes although a function goes on that nobody waits for any more", async () => {
  const lane = loopLane();
  const controller = new AbortController();
  const call = lane.run(
    stageOf(() => new Promise(() => {})),
    null,
    { signal: controller.signal },
  );
  await expect.poll(() => lane.capacity.busy).toBe(1);
  controller.abort();
  await expect(call).rejects.toMatchObject({ name: "AbortError" });
  await lane.close();
  expect(lane.capacity).toEqual({ workers: 0, busy: 0, queued: 0 });
});
