import { expect, test } from "vitest";
import { type Run, type SuiteRow, slower, tellSlower } from "../../bench/report.ts";

const row = (name: string, value: number, peerValue: number | null): SuiteRow => {
  const peer = peerValue === null ? null : "raw";
  return { suite: "overhead", name, value, unit: "ns", peer, peerValue, ratio: null, budget: null, ok: true };
};
const run = (...rows: SuiteRow[]): Run => ({ suite: "all", quick: false, node: "v20.19.0", cpus: 2, rows });

test("rows with a peer are compared over it: a slower machine slows both", () => {
  const before = run(row("same", 100, 50), row("dearer", 100, 50));
  const after = run(row("same", 300, 150), row("dearer", 300, 75));
  expect(slower(before, after)).toEqual([{ suite: "overhead", name: "dearer", times: 2, byPeer: true }]);
});

test("rows without a peer are compared as they are, noise apart, the worst first", () => {
  const before = run(
    row("noisy", 100, null),
    row("slow", 100, null),
    row("slowest", 100, null),
    row("quick", 100, null),
  );
  const after = run(row("noisy", 104, null), row("slow", 150, null), row("slowest", 200, null), row("quick", 50, null));
  expect(slower(before, after).map(({ name }) => name)).toEqual(["slowest", "slow"]);
  expect(tellSlower(slower(before, after))).toContain("2.00 times  overhead: slowest, in absolute terms");
});

test("rows that are new have nothing to be slower than", () => {
  expect(tellSlower(slower(run(), run(row("new", 100, null))))).toBe("nothing became slower");
});
