import { expect, test, vi } from "vitest";
import "../../src/cluster/index.ts";
import { RunnableLambda } from "../../src/index.ts";
import { everything } from "../everything.ts";
import { EMBEDDED, NO_REDIS, startRedis } from "./servers.ts";

/** Runs that are counted, however many runnables there are. */
function counted() {
  const count = { running: 0, most: 0 };
  const step = RunnableLambda.from(async (at: number) => {
    count.most = Math.max(count.most, ++count.running);
    await new Promise((resolve) => setTimeout(resolve, 2));
    count.running--;
    return at;
  });
  return { count, step };
}

test("limits at the embedded broker hold for all that name the same key", async () => {
  const { count, step } = counted();
  const limits = { maxConcurrency: 2, scope: "cluster", key: `of ${process.pid}`, broker: EMBEDDED } as const;
  const inputs = [...Array(8).keys()];
  const outputs = await Promise.all([step.withLimits(limits).batch(inputs), step.withLimits(limits).batch(inputs)]);
  expect(outputs).toEqual([inputs, inputs]);
  expect(count).toEqual({ running: 0, most: 2 });
});

test("limits that machines share have a key, and a scope that is one", () => {
  const { step } = counted();
  expect(() => step.withLimits({ maxConcurrency: 1, scope: "cluster" })).toThrow(/key/);
  expect(() => step.withLimits({ maxConcurrency: 1, key: "it" })).toThrow(/scope/);
  expect(() => step.withLimits({ maxConcurrency: 1, scope: "all" as "thread" })).toThrow(/"thread" or "cluster"/);
});

test.skipIf(NO_REDIS !== undefined || !everything)(
  "a broker that is away is waited for, which is said once",
  async () => {
    const server = await startRedis();
    const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    try {
      const { count, step } = counted();
      const limited = step.withLimits({ maxConcurrency: 1, scope: "cluster", key: "it", broker: server.url });
      const first = limited.invoke(1);
      expect(await first).toBe(1);
      const rest = limited.batch([...Array(200).keys()]);
      await vi.waitUntil(() => limited.waiting < 199 && limited.running > 0, { timeout: 60_000 });
      await server.kill();
      await vi.waitUntil(() => warn.mock.calls.length > 0, { timeout: 60_000 });
      await server.start();
      expect(await rest).toHaveLength(200);
      expect(count.most).toBe(1);
      expect(warn.mock.calls.map(([text]) => text)).toEqual([
        expect.stringMatching(/is out of reach .*; what is limited waits for it/),
        expect.stringMatching(/is back/),
      ]);
    } finally {
      warn.mockRestore();
      await server.stop();
    }
  },
);
