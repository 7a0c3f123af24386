import { BroadcastChannel, receiveMessageOnPort, Worker } from "node:worker_threads";
import { afterEach, expect, test, vi } from "vitest";
import { HELD_CHANNEL } from "../../src/diagnose/report.ts";
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

/** Holds the loop until the watching thread has told of it. */
function holdUntilTold<T>(then?: T): T | undefined {
  const told = new BroadcastChannel(HELD_CHANNEL);
  for (const end = Date.now() + 30_000; Date.now() < end && receiveMessageOnPort(told as never) === undefined; );
  told.close();
  return then;
}

function spin<T>(ms: number, then?: T): T | undefined {
  for (const end = performance.now() + ms; performance.now() < end; );
  return then;
}

test("`onBlocked` gets what was seen, with what `context` gave", async () => {
  const reports: BlockedReport[] = [];
  const onBlocked = (report: BlockedReport) => report.step === "slow" && reports.push(report);
  await watching({ onBlocked, context: () => ({ request: 7 }) });
  await RunnableLambda.from((x: number) => holdUntilTold(x), { name: "slow" }).invoke(1);
  await vi.waitFor(() => expect(reports.at(-1)?.phase).toBe("released"), { timeout: 30_000 });
  expect(reports[0]).toMatchObject({ phase: "held", thread: "main", context: { request: 7 } });
  expect(reports[0]?.place).toMatch(/watch\.test\.ts:\d+$/);
});

test("each who watches has a threshold of their own", async () => {
  const [soon, late]: [BlockedReport[], BlockedReport[]] = [[], []];
  await watching({ thresholdMs: 50, onBlocked: (report) => soon.push(report) });
  await watching({ thresholdMs: 60_000, onBlocked: (report) => late.push(report) });
  await RunnableLambda.from(() => holdUntilTold()).invoke(1);
  await vi.waitFor(() => expect(soon.at(-1)?.phase).toBe("released"), { timeout: 30_000 });
  expect(late).toEqual([]);
});

test("`heartbeat` tells who held the loop, and how late it was since the last call", async () => {
  await watching({ onBlocked: () => {} });
  heartbeat();
  // A beat of the loop's clock before the hold, and one after it.
  await new Promise((done) => setTimeout(done, 250));
  await RunnableLambda.from((x: number) => spin(60, x), { name: "holds" }).batch([1, 2]);
  await new Promise((done) => setTimeout(done, 250));
  const { holders, maxMs, utilization } = heartbeat();
  expect(holders).toMatchObject([{ step: "holds", times: 2 }]);
  expect(maxMs).toBeGreaterThan(40);
  expect(utilization).toBeGreaterThan(0);
  expect(heartbeat().holders).toEqual([]);
});

test("runs that go on when nobody watches any more are watched no more", async () => {
  const watch = await watching({ onBlocked: () => {} });
  heartbeat();
  const stops = RunnableLambda.from(async (x: number) => {
    await watch.stop();
    return x;
  });
  await stops.pipe((x: number) => spin(20, x)).invoke(1);
  expect(heartbeat().holders).toEqual([]);
});

test("the time of a step inside another one is its own", async () => {
  await watching({ onBlocked: () => {} });
  heartbeat();
  const inner = RunnableLambda.from((x: number) => spin(20, x), { name: "inner" });
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

const endless = RunnableLambda.from(
  function endless() {
    for (;;);
  },
  { lane: "thread" },
);

test("a function of a lane that does not end is told of with its line", async () => {
  const ended = new AbortController();
  const reports: BlockedReport[] = [];
  const onBlocked = (report: BlockedReport) => {
    if (report.thread === "lane" && report.phase === "held") ended.abort();
    reports.push(report);
  };
  await watching({ thresholdMs: 20, onBlocked });
  await expect(endless.invoke(1, { signal: ended.signal })).rejects.toThrow();
  expect(reports).toContainEqual(
    expect.objectContaining({
      phase: "held",
      thread: "lane",
      step: "endless",
      place: expect.stringMatching(/endless/),
    }),
  );
});

test("its TimeoutError has its stack, where the thread tells it in time", async () => {
  await watching({ onBlocked: () => {} });
  const stack = async () => {
    const error = await endless.invoke(1, { timeout: 100 }).catch((thrown) => thrown);
    expect(error.name).toBe("TimeoutError");
    // A single call is told of its end first.
    await new Promise((done) => setTimeout(done, 300));
    return error.stack;
  };
  await expect.poll(stack, { timeout: 50_000 }).toMatch(/at .*endless/);
});
