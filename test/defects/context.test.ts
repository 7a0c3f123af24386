// Installs the storage through which configs are inherited.
import "@langchain/core/context";
import * as langchain from "@langchain/core/runnables";
import { describe, expect, it } from "vitest";
import * as runlane from "../../src/index.ts";
import { all } from "../runnables/support.ts";

/** Both libraries, as one. */
type Lib = any;

const calls: [string, (runnable: any) => Promise<unknown>][] = [
  ["invoke", (runnable) => runnable.invoke(1)],
  ["batch", async (runnable) => (await runnable.batch([1]))[0]],
  ["stream", async (runnable) => (await all(await runnable.stream(1)))[0]],
];

/** What a bound runnable sees of the config of the function that calls it without handing its config on. */
async function seen(lib: Lib, call: (runnable: any) => Promise<unknown>): Promise<unknown> {
  const inner = lib.RunnableLambda.from((_: number, { configurable, tags }: any) => ({
    configurable,
    tags: [...tags].sort(),
  })).withConfig({ configurable: { bound: 1 }, tags: ["bound"] });
  const outer = lib.RunnableLambda.from(() => call(inner));
  return outer.invoke(1, { configurable: { around: 1 }, tags: ["around"] });
}

describe("a bound runnable that is called inside a function", () => {
  it.each(calls)("inherits the config around it, whichever way it is called: %s", async (_, call) => {
    expect(await seen(runlane, call)).toEqual({ configurable: { around: 1, bound: 1 }, tags: ["around", "bound"] });
  });

  it("inherits nothing of it in LangChain when it is invoked, and all of it when it is streamed", async () => {
    const [[, invoke], , [, stream]] = calls as [[string, any], unknown, [string, any]];
    expect(await seen(langchain, invoke)).not.toEqual(await seen(langchain, stream));
  });
});
