import { describe, it } from "vitest";
import { threads } from "../../src/lanes/lazy-lane.ts";
import { type LaneCasesOptions, LOOP_SKIPS, laneCases, loopLane } from "../../src/testing/index.ts";
import { open } from "./helpers.ts";

const LANES: Record<string, Pick<LaneCasesOptions, "open" | "skip">> = {
  loop: { open: loopLane, skip: LOOP_SKIPS },
  thread: { open: ({ workers }) => open("thread", { max: workers, graceMs: 50 }) },
  process: { open: ({ workers }) => open("process", { max: workers, graceMs: 50 }) },
  "threads()": { open: ({ workers }) => threads({ max: workers, graceMs: 50, execArgv: [] }) },
};

describe.each(Object.entries(LANES))("a lane does what lanes do: %s", (_, lane) => {
  for (const { name, skip, run } of laneCases({ ...lane, patienceMs: 15_000 })) {
    if (skip === undefined) it(name, run);
    else it.skip(`${name} (${skip})`, run);
  }
});
