import { expect, test } from "vitest";
import { fill } from "../../scripts/figures.mjs";
import { wrongReasons } from "../../scripts/why-missed.mjs";

const row = {
  suite: "overhead",
  name: "one | step",
  value: 55.4,
  unit: "ns",
  peer: "raw",
  peerValue: 50,
  ratio: 1.108,
};
const run = {
  quick: false,
  node: "v20.19.0",
  cpus: 2,
  rows: [
    { ...row, budget: "<= 1.3", ok: true },
    { ...row, name: "two", peer: null, peerValue: null, ratio: null, budget: "<= 50 ns", ok: false },
    { ...row, suite: "batch", name: "three", value: 1234.5, ratio: 369.2, budget: ">= 300", ok: true },
  ],
  examples: { lanes: [["50 waits", "26 ms"]] as [string, string][] },
};

const why = { overhead: { two: "It waits." } };

const place = (names: string, inside = "old") =>
  `before\n<!-- figures: ${names} -->\n${inside}\n<!-- /figures -->\nafter`;

test("a place for figures is filled with the rows of its suites, and nothing else changes", () => {
  const table = `| what | Runlane | compared with | ratio | budget |
| --- | --- | --- | --- | --- |
| one \\| step | 55.4 ns | raw: 50.0 ns | 1.11 | <= 1.3 |
| two | 55.4 ns | | missed | <= 50 ns |

Missed, and why:

- two. It waits.`;
  expect(fill(place("overhead"), run, why)).toBe(place("overhead", table));
  expect(fill(place("batch, overhead"), run)).toContain(
    "| three | 1,235 ns | raw: 50.0 ns | 369 times less | >= 300 |",
  );
});

test("each missed row has a reason, and no other row has one", () => {
  expect(wrongReasons(run.rows, why)).toEqual([]);
  expect(wrongReasons(run.rows, {})).toEqual(["overhead, two: the budget is missed, and no reason given"]);
  expect(wrongReasons(run.rows, { ...why, batch: { three: "It is slow." } })).toEqual([
    "batch, three: a reason is given, and no budget missed",
  ]);
});

test("the row of a reason has the name of the row before where it is only part of that", () => {
  const rows = [...run.rows, { ...row, name: "the same", budget: "<= 1", ok: false }];
  expect(wrongReasons(rows, { overhead: { ...why.overhead, "two: the same": "It waits too." } })).toEqual([]);
});

test("it says what was run, and what an example printed", () => {
  expect(fill(place("run"), run)).toContain("Node 20.19.0 on 2 cores. 2 of 3 budgets are met");
  expect(fill(place("example lanes"), run)).toContain("| 50 waits | 26 ms |");
});

test("filling twice changes nothing", () => {
  const once = fill(`${place("run")}\n${place("overhead")}`, run);
  expect(fill(once, run)).toBe(once);
});
