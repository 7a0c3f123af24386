import { afterAll, beforeAll, describe, it } from "vitest";
import { configure, type Runnable } from "../../src/index.ts";
import type { Lane } from "../../src/lanes/lane.ts";
import { LoopLane } from "../../src/lanes/loop/loop-lane.ts";
import { threads } from "../../src/lanes/named-lanes.ts";
import { stepStage } from "../../src/runnables/lane/tree-stage.ts";
import { reviveTree } from "../../src/shipping/tree/revive.ts";
import type { ShippedTree } from "../../src/shipping/tree/ship-tree.ts";
import { type LaneCasesOptions, LOOP_SKIPS, laneCases, loopLane } from "../../src/testing/index.ts";
import { everything } from "../everything.ts";
import { open } from "./helpers.ts";

/** A loop lane whose stages have the lane auto, with a threshold that all functions are above. */
const autoLane = () =>
  new LoopLane(async (shipped) => {
    const bound = (await reviveTree(shipped as ShippedTree)) as unknown as Runnable;
    return stepStage(bound.withLane("auto"));
  });

beforeAll(() => configure({ auto: { thresholdMs: 1e-6 } }));
afterAll(() => configure({ auto: true }));

/**
 * Lanes that serve one case after the other, as starting workers takes most of the time of a case. One that a case closes, or leaves
 * with work, is ended with it. `npm run test:all` gives each case workers of its own.
 */
function shared(open: LaneCasesOptions["open"]): LaneCasesOptions["open"] {
  const lanes = new Map<number, Lane>();
  afterAll(async () => {
    for (const lane of lanes.values()) await lane.close({ force: true });
  });
  return async ({ workers }) => {
    const lane = lanes.get(workers) ?? (await open({ workers }));
    lanes.set(workers, lane);
    const close: Lane["close"] = async (options) => {
      const { busy, queued } = lane.capacity;
      // What ends every case, also those that have not closed their lane.
      const isAtRest = options?.force === true && busy === 0 && queued === 0;
      if (isAtRest && lanes.get(workers) === lane) return;
      if (lanes.get(workers) === lane) lanes.delete(workers);
      await lane.close(options);
    };
    const lease: Partial<Lane> = { close, [Symbol.asyncDispose]: () => close() };
    return new Proxy(lane, {
      get(target, key) {
        if (Object.hasOwn(lease, key)) return Reflect.get(lease, key);
        const value = Reflect.get(target, key);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  };
}

/** Cases that look at all that their lane has done. */
const COUNTS_ALL = /statistics|measures/;

const LANES: Record<string, Pick<LaneCasesOptions, "open" | "skip">> = {
  loop: { open: loopLane, skip: LOOP_SKIPS },
  thread: { open: ({ workers }) => open("thread", { min: workers, max: workers, graceMs: 50 }) },
  process: { open: ({ workers }) => open("process", { min: workers, max: workers, graceMs: 50 }) },
  auto: { open: autoLane, skip: LOOP_SKIPS },
  "threads()": { open: ({ workers }) => threads({ min: workers, max: workers, graceMs: 50, execArgv: [] }) },
};

/** "thread" is such a pool, with a name. */
const lanes = Object.entries(LANES).filter(([name]) => everything || name !== "threads()");

/**
 * Processes and threads have one pool, and differ in how they start, how messages go and how they end; auto is the loop until a step is
 * slow.
 */
const OF_KIND: Record<string, RegExp> = {
  loop: /^(?!gives one output per input, in order: 10,000)/,
  process: /10,000|endless loop|by force|RUNLANE_WORKER_START|transfer|errors?\b/,
  auto: /of a feed|stream|statistics/,
};

describe.each(lanes)("a lane does what lanes do: %s", (kind, lane) => {
  const own = laneCases({ ...lane, patienceMs: 50_000 });
  const leased =
    everything || lane.open === loopLane ? own : laneCases({ ...lane, open: shared(lane.open), patienceMs: 50_000 });
  for (const [index, { name, skip, run }] of own.entries()) {
    if (!everything && OF_KIND[kind]?.test(name) === false) continue;
    if (skip === undefined) it(name, COUNTS_ALL.test(name) ? run : leased[index]!.run);
    else it.skip(`${name} (${skip})`, run);
  }
});
