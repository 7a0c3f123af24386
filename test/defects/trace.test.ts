import * as langchain from "@langchain/core/runnables";
import { RunCollectorCallbackHandler } from "@langchain/core/tracers/run_collector";
import { describe, expect, it } from "vitest";
import * as runlane from "../../src/index.ts";
import { all } from "../runnables/support.ts";

async function tracedOutputs(runnable: any): Promise<unknown> {
  const collector = new RunCollectorCallbackHandler();
  await all(await runnable.stream("a", { callbacks: [collector] }));
  await new Promise((resolve) => setImmediate(resolve));
  return collector.tracedRuns[0]?.outputs;
}

const failing = (): string => {
  throw new Error("boom");
};

describe("a streamed fallback", () => {
  it("is traced with its output", async () => {
    const spare = runlane.RunnableLambda.from((text: string) => `${text}!`);
    const chain = runlane.RunnableLambda.from<string, string>(failing).withFallbacks([spare]);
    expect(await tracedOutputs(chain)).toEqual({ output: "a!" });
  });

  it("is traced without its output in LangChain", async () => {
    const spare = langchain.RunnableLambda.from((text: string) => `${text}!`);
    const chain = langchain.RunnableLambda.from<string, string>(failing).withFallbacks([spare]);
    expect(await tracedOutputs(chain)).toEqual({});
  });
});
