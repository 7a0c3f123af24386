import { expect, test } from "vitest";
import { RunnableLambda } from "../../src/index.ts";
import { HOLD_MS, Holders } from "../../src/observe/holders.ts";

const a = RunnableLambda.from((x: number) => x, { name: "a" });
const b = RunnableLambda.from((x: number) => x, { name: "b" });

/** Holds the loop for so long as this process has the processor. */
function spin<T>(cpuMs: number, then: T): T {
  const start = process.cpuUsage();
  while (process.cpuUsage(start).user + process.cpuUsage(start).system < cpuMs * 1000);
  return then;
}

test("holders are told with the worst first", () => {
  const holders = new Holders();
  holders.add(a, 20);
  holders.add(b, 50);
  holders.add(a, 10);
  expect(holders.entries().map(([, holder]) => holder)).toEqual([
    { step: "b", times: 1, totalMs: 50, maxMs: 50 },
    { step: "a", times: 2, totalMs: 30, maxMs: 20 },
  ]);
  holders.clear();
  expect(holders.entries()).toEqual([]);
});

test("the time of what runs inside is not that of what is around it", () => {
  const holders = new Holders();
  const aroundA = holders.enter();
  const aroundB = holders.enter();
  holders.leave(b, 3 * HOLD_MS, aroundB);
  holders.leave(a, 3 * HOLD_MS + 1, aroundA);
  expect(holders.entries()).toEqual([[b, { step: "b", times: 1, totalMs: 3 * HOLD_MS, maxMs: 3 * HOLD_MS }]]);
});

test("stats tell how late the loop was, and which steps held it: sync ones, and async ones before they first wait", async () => {
  const chain = RunnableLambda.from((x: number) => spin(40, x), { name: "sync" }).pipe(
    RunnableLambda.from(async (x: number) => spin(80, x), { name: "async" }),
  );
  const stats = chain.stats();
  await chain.batch([1, 2]);
  const { holders, utilization } = stats.heartbeat();
  expect(holders.map(({ step, times }) => [step, times])).toEqual([
    ["async", 2],
    ["sync", 2],
  ]);
  expect(utilization).toBeGreaterThan(0);
  stats.stop();
});

test("the chunks of a stream hold nobody while they are waited for", async () => {
  const slow = RunnableLambda.from(async function* (x: number) {
    await new Promise((done) => setTimeout(done, 30));
    yield x;
  });
  const stats = slow.stats();
  for await (const _ of await slow.stream(1));
  expect(stats.heartbeat().holders).toEqual([]);
  stats.stop();
});
