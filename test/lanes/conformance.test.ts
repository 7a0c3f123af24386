import { afterAll, beforeAll, describe, it } from "vitest";
import { configure, type Runnable } from "../../src/index.ts";
import { LoopLane } from "../../src/lanes/loop/loop-lane.ts";
import { threads } from "../../src/lanes/named-lanes.ts";
import { stepStage } from "../../src/runnables/lane/tree-stage.ts";
import { reviveTree } from "../../src/shipping/tree/revive.ts";
import type { ShippedTree } from "../../src/shipping/tree/ship-tree.ts";
import { type LaneCasesOptions, LOOP_SKIPS, laneCases, loopLane } from "../../src/testing/index.ts";
import { open } from "./helpers.ts";

/** A loop lane whose stages have the lane auto, with a threshold that all functions are above. */
const autoLane = () =>
  new LoopLane(async (shipped) => {
    const bound = (await reviveTree(shipped as ShippedTree)) as unknown as Runnable;
    return stepStage(bound.withLane("auto"));
  });

beforeAll(() => configure({ auto: { thresholdMs: 1e-6 } }));
afterAll(() => configure({ auto: true }));

const LANES: Record<string, Pick<LaneCasesOptions, "open" | "skip">> = {
  loop: { open: loopLane, skip: LOOP_SKIPS },
  thread: { open: ({ workers }) => open("thread", { min: workers, max: workers, graceMs: 50 }) },
  process: { open: ({ workers }) => open("process", { min: workers, max: workers, graceMs: 50 }) },
  auto: { open: autoLane, skip: LOOP_SKIPS },
  "threads()": { open: ({ workers }) => threads({ min: workers, max: workers, graceMs: 50, execArgv: [] }) },
};

describe.each(Object.entries(LANES))("a lane does what lanes do: %s", (_, lane) => {
  for (const { name, skip, run } of laneCases({ ...lane, patienceMs: 15_000 })) {
    if (skip === undefined) it(name, run);
    else it.skip(`${name} (${skip})`, run);
  }
});
