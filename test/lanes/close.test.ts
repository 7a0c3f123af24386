import { describe, expect, it } from "vitest";
import { everything } from "../everything.ts";
import { KINDS, open, PATIENCE, range, stageOf } from "./helpers.ts";

describe.each(KINDS)("closing a pool: %s", (kind) => {
  // The parent's side is one for both kinds, so what goes the same way there is run with the quicker one.
  const once = it.runIf(everything || kind === "thread");

  once.each(everything ? [1, 4] : [2])("lets running and queued calls finish: %i workers", async (max) => {
    const lane = open(kind, { max });
    const stage = stageOf("doubleLater");
    const calls = range(300).map((value) => lane.run(stage, value));
    const closed = lane.close();
    await expect(Promise.all(calls)).resolves.toEqual(range(300).map((value) => value * 2));
    await closed;
    expect(lane.capacity).toEqual({ workers: 0, busy: 0, queued: 0 });
  });

  it("rejects what waits and ends what runs, by force", async () => {
    const lane = open(kind, { max: 2, graceMs: 20 });
    const forever = stageOf("forever");
    await lane.warm(forever);
    const running = range(2).map(() => lane.run(forever, 0));
    await expect.poll(() => lane.capacity, PATIENCE).toMatchObject({ busy: 2, queued: 0 });
    const queued = range(10).map((value) => lane.run(stageOf("double"), value));
    const closed = lane.close({ force: true });
    const outcomes = await Promise.allSettled([...queued, ...running]);
    await closed;
    for (const outcome of outcomes) expect(outcome).toMatchObject({ reason: { code: "RUNLANE_LANE_CLOSED" } });
    expect(lane.capacity).toEqual({ workers: 0, busy: 0, queued: 0 });
  });

  once("lets what runs finish within graceMs, by force", async () => {
    const lane = open(kind, { max: 2, graceMs: 10_000 });
    const stage = stageOf("spin");
    await lane.warm(stage);
    const call = lane.run(stage, 50);
    // Calls are sent at the end of the turn in which they are made.
    await new Promise((resolve) => setImmediate(resolve));
    expect(lane.capacity.queued).toBe(0);
    await lane.close({ force: true });
    await expect(call).resolves.toBe(50);
  });

  once("can be forced after it was asked politely", async () => {
    const lane = open(kind, { max: 1, graceMs: 20 });
    const call = lane.run(stageOf("forever"), 0);
    const closed = lane.close();
    const rejected = expect(call).rejects.toMatchObject({ code: "RUNLANE_LANE_CLOSED" });
    await Promise.all([lane.close({ force: true }), closed, rejected]);
  });

  once("finishes calls although workers crash meanwhile", async () => {
    const lane = open(kind, { max: 3 });
    const stage = stageOf("exit1", "faults");
    const calls = range(30).map((value) => lane.run(stage, { value, bad: value === 11 }));
    const closed = lane.close();
    const outcomes = await Promise.allSettled(calls);
    await closed;
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(29);
    expect(outcomes[11]).toMatchObject({ reason: { code: "RUNLANE_WORKER_CRASHED" } });
  });
});
