import { Worker } from "node:worker_threads";
import { afterEach, expect, test, vi } from "vitest";
import { type BlockedReport, heartbeat, type Watch, watch } from "../../src/diagnose/watchdog.ts";
import { RunnableLambda } from "../../src/index.ts";

const started: Watch[] = [];
const watching = async (options: Parameters<typeof watch>[0] = {}): Promise<Watch> => {
  const one = watch(options);
  started.push(one);
  await one.ready;
  return one;
};
afterEach(async () => {
  for (const one of started.splice(0)) await one.stop();
});

/** Holds the loop for so long as this process has the processor. */
function spin<T>(cpuMs: number, then?: T): T | undefined {
  const start = process.cpuUsage();
  while (process.cpuUsage(start).user + process.cpuUsage(start).system < cpuMs * 1000);
  return then;
}

test("`onBlocked` gets what was seen, with what `context` gave", async () => {
  const reports: BlockedReport[] = [];
  await watching({ onBlocked: (report) => reports.push(report), context: () => ({ request: 7 }) });
  const step = RunnableLambda.from((x: number) => spin(2000, x), { name: "slow" });
  await step.invoke(1);
  await vi.waitFor(() => expect(reports.at(-1)?.phase).toBe("released"), { timeout: 10_000 });
  expect(reports[0]).toMatchObject({ phase: "held", thread: "main", step: "slow", context: { request: 7 } });
  expect(reports[0]?.place).toMatch(/watch\.test\.ts:\d+$/);
});

test("each who watches has a threshold of their own", async () => {
  const [soon, late]: [BlockedReport[], BlockedReport[]] = [[], []];
  await watching({ thresholdMs: 50, onBlocked: (report) => soon.push(report) });
  await watching({ thresholdMs: 60_000, onBlocked: (report) => late.push(report) });
  await RunnableLambda.from(() => spin(1500)).invoke(1);
  await vi.waitFor(() => expect(soon.at(-1)?.phase).toBe("released"), { timeout: 10_000 });
  expect(late).toEqual([]);
});

test("`heartbeat` tells who held the loop, the worst first, and how late it was since the last call", async () => {
  await watching({ onBlocked: () => {} });
  heartbeat();
  await new Promise((done) => setTimeout(done, 50));
  const little = RunnableLambda.from((x: number) => spin(30, x), { name: "little" });
  const much = RunnableLambda.from((x: number) => spin(150, x), { name: "much" });
  await little.pipe(much).batch([1, 2]);
  await new Promise((done) => setTimeout(done, 50));
  const { holders, maxMs, utilization } = heartbeat();
  expect(holders.map(({ step, times }) => [step, times])).toEqual([
    ["much", 2],
    ["little", 2],
  ]);
  expect(maxMs).toBeGreaterThan(100);
  expect(utilization).toBeGreaterThan(0.1);
  expect(heartbeat().holders).toEqual([]);
});

test("the time of a step inside another one is its own", async () => {
  await watching({ onBlocked: () => {} });
  heartbeat();
  const inner = RunnableLambda.from((x: number) => spin(60, x), { name: "inner" });
  await RunnableLambda.from((x: number) => inner.invoke(x), { name: "outer" }).invoke(1);
  expect(heartbeat().holders.map(({ step }) => step)).toEqual(["inner"]);
});

test("what is wrong with the options is said at once", () => {
  expect(() => watch({ thresholdMs: 5 })).toThrow("watch: thresholdMs must be a number of milliseconds from 20 up");
  expect(() => watch({ onBlocked: 1 as never })).toThrow("watch: onBlocked must be a function");
});

test("a worker thread cannot be watched from inside", async () => {
  const code =
    'import("runlane/watchdog").then(({ watch }) => watch()).catch((error) => require("node:worker_threads").parentPort.postMessage(error.code))';
  const worker = new Worker(code, { eval: true });
  expect(await new Promise((done) => worker.once("message", done))).toBe("RUNLANE_WATCH_THREAD");
});

test("a function of a lane that does not end is told of with its line", async () => {
  const reports: BlockedReport[] = [];
  await watching({ thresholdMs: 20, onBlocked: (report) => reports.push(report) });
  const endless = RunnableLambda.from(
    function endless() {
      for (;;);
    },
    { lane: "thread" },
  );
  const error = await endless.invoke(1, { timeout: 3000 }).catch((thrown) => thrown);
  expect(error.name).toBe("TimeoutError");
  await vi.waitFor(() => expect(error.stack).toMatch(/at .*endless/), { timeout: 10_000 });
  expect(reports).toContainEqual(
    expect.objectContaining({
      phase: "held",
      thread: "lane",
      step: "endless",
      place: expect.stringMatching(/endless/),
    }),
  );
});
