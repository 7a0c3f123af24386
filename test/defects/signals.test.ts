import * as langchain from "@langchain/core/runnables";
import { describe, expect, it } from "vitest";
import * as runlane from "../../src/index.ts";
import { all } from "../runnables/support.ts";

/** Both libraries, as one. */
type Lib = any;

const tenSteps = (lib: Lib) => lib.RunnableSequence.from(Array.from({ length: 10 }, () => (x: number) => x + 1));

/** The warnings that Node prints while `work` runs. */
async function warningsOf(work: () => Promise<unknown>): Promise<string[]> {
  const warnings: string[] = [];
  const note = ({ name }: Error): void => void warnings.push(name);
  process.on("warning", note);
  try {
    await work();
    await new Promise((resolve) => setImmediate(resolve));
  } finally {
    process.off("warning", note);
  }
  return warnings;
}

const calls: [string, (chain: any, signal: AbortSignal) => Promise<unknown>][] = [
  ["stream", async (chain, signal) => all(await chain.stream(1, { signal }))],
  ["streamEvents", (chain, signal) => all(chain.streamEvents(1, { version: "v2", signal }))],
];

describe("one signal for all steps of a chain", () => {
  it.each(calls)("costs no listener per step: %s", async (_, call) => {
    expect(await warningsOf(() => call(tenSteps(runlane), new AbortController().signal))).toEqual([]);
  });

  // Node 22 and later do not warn of signals.
  const warns = Number(process.versions.node.split(".")[0]) < 22;
  it.runIf(warns)("costs one per step in LangChain, and a warning", async () => {
    const [, call] = calls[0] as (typeof calls)[number];
    const warnings = await warningsOf(() => call(tenSteps(langchain), new AbortController().signal));
    expect(warnings).toContain("MaxListenersExceededWarning");
  });
});
