import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { diagnose } from "../../src/diagnose/doctor/diagnose.ts";
import { pageOf } from "../../src/diagnose/doctor/page.ts";
import type { Diagnosis } from "../../src/diagnose/doctor/types.ts";
import { RunnableLambda, RunnablePassthrough } from "../../src/index.ts";

const range = (count: number) => Array.from({ length: count }, (_, at) => at);
const low = ({ findings }: Diagnosis) => findings.find(({ id }) => id === "concurrency-low");
const waits = RunnableLambda.from(async (x: number) => sleep(5, x), { name: "waits" });

test("what is found is told with its evidence, the fix and the proof, as data and as a page", async () => {
  const diagnosis = await diagnose(waits, range(40), { config: { maxConcurrency: 2 } });
  const finding = low(diagnosis);
  expect(finding).toMatchObject({
    id: "concurrency-low",
    evidence: { maxConcurrency: 2 },
    fix: "maxConcurrency: 8 (the command: --concurrency 8)",
    proof: { metric: "batch ms", verdict: "proved" },
  });
  expect(finding!.proof.low).toBeGreaterThan(1.1);
  expect(pageOf(diagnosis)).toMatch(
    /^1\. concurrency-low: .*\n {3}evidence {2}maxConcurrency: 2;.*\n {3}fix .*\n {3}proof {5}proved \d/,
  );
}, 60_000);

test("once runs nothing a second time, and says so", async () => {
  let runs = 0;
  const counted = RunnableLambda.from(async (x: number) => {
    runs++;
    return sleep(5, x);
  });
  const found = low(await diagnose(counted, range(40), { config: { maxConcurrency: 2 }, once: true }));
  expect(found).toMatchObject({ id: "concurrency-low", proof: { verdict: "none", ratio: null } });
  expect(found?.proof.reason).toContain("--once");
  // The first call, some single ones, and the batch.
  expect(runs).toBeLessThanOrEqual(1 + 6 + 40);
}, 60_000);

test("outputs that differ from run to run are refused, unless they need not be compared", async () => {
  const random = RunnableLambda.from(async () => sleep(5, Math.random()));
  const options = { config: { maxConcurrency: 2 } };
  const refused = await diagnose(random, range(40), options);
  expect(low(refused)?.proof).toMatchObject({
    verdict: "refused",
    reason: expect.stringContaining("--compare"),
  });
  expect(refused.notes.join()).toContain("from run to run");
  const compared = await diagnose(random, range(40), { ...options, compare: "none" });
  expect(low(compared)?.proof.verdict).toBe("proved");
}, 60_000);

test("a step that reads what the one before it adds is not made to run beside it", async () => {
  const chain = RunnablePassthrough.assign({ docs: async ({ id }: { id: number }) => sleep(5, `doc ${id}`) }).pipe(
    RunnablePassthrough.assign({ length: async ({ docs }: { docs: string }) => sleep(5, docs.length) }),
  );
  const { findings } = await diagnose(
    chain,
    range(24).map((id) => ({ id })),
  );
  expect(findings.map(({ id }) => id)).not.toContain("serial-awaits");
}, 60_000);

test("inputs that fail and few inputs are told of", async () => {
  const fails = RunnableLambda.from((x: number) => {
    if (x === 3) throw new TypeError("not three");
    return x;
  });
  const { notes } = await diagnose(fails, range(5));
  expect(notes).toEqual([
    "5 inputs say little: give 20 or more that are like the real ones",
    "1 of 5 inputs failed, the first with: TypeError: not three",
  ]);
});

test("with no time for a proof nothing is proved, and that is said", async () => {
  const hurried = await diagnose(waits, range(40), { config: { maxConcurrency: 2 }, budgetMs: 1 });
  expect(low(hurried)?.proof).toMatchObject({ verdict: "none", reason: expect.stringContaining("raise the budget") });
}, 60_000);

test("with nothing to find the page says so, and what was tried", () => {
  const nothing: Diagnosis = { findings: [], tried: ["cpu-on-loop: nothing found"], notes: [] };
  expect(pageOf(nothing)).toBe(
    "Nothing was found that is proved to help. What was tried:\n  cpu-on-loop: nothing found",
  );
});

test("what is wrong with the options is said at once", async () => {
  await expect(diagnose(waits, [])).rejects.toThrow("diagnose: inputs must be an array of at least one input");
  await expect(diagnose(waits, [1], { compare: "some" as never })).rejects.toThrow(
    'compare must be "all", "keys", "none"',
  );
  await expect(diagnose(waits, [1], { budgetMs: 0 })).rejects.toThrow("budgetMs must be a number above 0");
  await expect(diagnose(7, [1])).rejects.toMatchObject({ code: "RUNLANE_NOT_RUNNABLE" });
});
