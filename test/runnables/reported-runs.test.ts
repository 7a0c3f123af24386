import * as langchain from "@langchain/core/runnables";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import * as runlane from "../../src/index.ts";

/** Both modules, as one. */
type Module = typeof runlane;

/** Writes down what LangChain's handlers are told, with names in place of ids. */
function recorder(): { log: unknown[]; handler: object } {
  const log: unknown[] = [];
  const names = new Map<string, string>();
  const handler = {
    name: "recorder",
    awaitHandlers: true,
    handleChainStart(
      chain: { id: string[] },
      inputs: unknown,
      runId: string,
      parentId?: string,
      tags?: string[],
      _metadata?: unknown,
      _type?: string,
      runName?: string,
    ) {
      const name = runName ?? (chain.id.at(-1) as string);
      names.set(runId, name);
      log.push(["start", name, names.get(parentId as string), tags, inputs]);
    },
    handleChainEnd: (output: unknown, runId: string) => void log.push(["end", names.get(runId), output]),
    handleChainError: (error: Error, runId: string) => void log.push(["error", names.get(runId), error.message]),
  };
  return { log, handler };
}

/** A step that fails so many times. */
function flaky(m: Module, times: number): runlane.Runnable<number, number> {
  let calls = 0;
  return m.RunnableLambda.from((x: number) => {
    if (calls++ < times) throw new Error("boom");
    return x;
  }).withConfig({ runName: "inner" });
}

const pass = (x: number): number => x;
const scenarios: [string, (m: Module, config: object) => Promise<unknown>][] = [
  ["a retry", (m, config) => flaky(m, 2).withRetry().invoke(1, config)],
  ["a retry that gives up", (m, config) => flaky(m, 9).withRetry({ stopAfterAttempt: 2 }).invoke(1, config)],
  [
    "a named retry with a tag",
    (m, config) =>
      flaky(m, 1)
        .withRetry()
        .invoke(1, { ...config, runName: "outer", tags: ["a"] }),
  ],
  ["a retry in a sequence", (m, config) => m.RunnableLambda.from(pass).pipe(flaky(m, 1).withRetry()).invoke(1, config)],
  [
    "a fallback",
    (m, config) =>
      flaky(m, 1)
        .withFallbacks([m.RunnableLambda.from(pass)])
        .invoke(1, config),
  ],
  [
    "fallbacks that fail",
    (m, config) =>
      flaky(m, 1)
        .withFallbacks([flaky(m, 1)])
        .invoke(1, config),
  ],
  [
    "a branch",
    (m, config) =>
      m.RunnableBranch.from<number, unknown>([[(x) => x > 5, pass], [(x) => x > 0, () => "some"], () => "none"]).invoke(
        1,
        config,
      ),
  ],
  [
    "a default branch",
    (m, config) => m.RunnableBranch.from<number, number>([[(x) => x > 5, pass], pass]).invoke(1, config),
  ],
  [
    "a router",
    (m, config) =>
      new m.RouterRunnable({ runnables: { a: m.RunnableLambda.from(pass) } }).invoke(
        { key: "a", input: 1 },
        { ...config, runName: "mine" },
      ),
  ],
];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});

afterEach(() => {
  vi.useRealTimers();
});

it.each(scenarios)("handlers are told of %s what LangChain tells them", async (_, run) => {
  const results = [];
  for (const m of [langchain as unknown as Module, runlane]) {
    const { log, handler } = recorder();
    const running = run(m, { callbacks: [handler] }).catch((error: Error) => error.message);
    await vi.runAllTimersAsync();
    results.push({ result: await running, log });
  }
  expect(results[0]?.log).not.toEqual([]);
  expect(results[1]).toEqual(results[0]);
});
