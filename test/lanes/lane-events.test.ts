import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type LaneEvent, lineOf } from "../../src/lanes/pool/lane-events.ts";
import { open, range, stageOf } from "./helpers.ts";

const events: LaneEvent[] = [];
const listener = (event: unknown): void => {
  events.push(event as LaneEvent);
};

beforeEach(() => {
  events.length = 0;
  subscribe("runlane:lanes", listener);
});

afterEach(() => {
  unsubscribe("runlane:lanes", listener);
});

describe("the channel runlane:lanes", () => {
  it("tells of workers and chunks, in the order in which things happen", async () => {
    const lane = open("thread", { max: 1 });
    await lane.run(stageOf("double"), 21);
    await lane.close();
    expect(events).toMatchObject([
      { event: "worker-started", lane: "thread", worker: 1 },
      { event: "worker-ready", startMs: expect.any(Number) },
      { event: "chunk-sent", stage: "double", inputs: 1, isSuspect: false },
      { event: "chunk-reported", stage: "double", settled: 1, failed: 0, pending: 0 },
      { event: "worker-ended", worker: 1, reason: expect.stringMatching(/code 0/) },
    ]);
  });

  it("tells who is suspected, and why a worker was ended", async () => {
    await using lane = open("thread", { max: 1, graceMs: 20 });
    await lane.run(stageOf("forever"), null, { timeoutMs: 50 }).catch(() => {});
    await Promise.allSettled(
      range(4).map((value) => lane.run(stageOf("timerThrows", "faults"), { value, bad: value === 0 })),
    );
    expect(events.some((event) => event.event === "chunk-sent" && event.isSuspect)).toBe(true);
    const reasons = events.flatMap((event) => (event.event === "worker-ended" ? [event.reason] : []));
    expect(reasons).toContainEqual(expect.stringMatching(/A call in it did not end/));
    expect(reasons).toContainEqual(expect.stringMatching(/from a timer/));
  });

  it("has a line for each event", () => {
    const sent = { event: "chunk-sent", lane: "thread", worker: 1, stage: "a b", chunk: 7, inputs: 40 } as const;
    expect(lineOf({ ...sent, isSuspect: false })).toBe(
      'runlane:lanes thread chunk-sent worker=1 stage="a b" chunk=7 inputs=40',
    );
    expect(lineOf({ ...sent, isSuspect: true })).toMatch(/isSuspect$/);
  });
});
