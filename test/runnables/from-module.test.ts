import { afterAll, describe, expect, it } from "vitest";
import { type LaneChoice, processes, RunnableLambda, RunnableSequence, threads } from "../../src/index.ts";
import { everything } from "../everything.ts";
import { all } from "./support.ts";

type Module = typeof import("../fixtures/on-lane/score.mjs");
const url = new URL("../fixtures/on-lane/score.mjs", import.meta.url);

const thread = threads({ max: 1, execArgv: [] });
const process = processes({ max: 1, execArgv: [] });
afterAll(() => Promise.all([thread.close(), process.close()]));

const lanes: [string, LaneChoice | undefined][] = [
  ["on the event loop", undefined],
  ["in a thread", thread],
  ["in a process", process],
];

describe.each(lanes)("an export of a module, %s,", (_, lane) => {
  // A thread stands for all workers.
  const once = it.runIf(everything || lane !== process);

  const step = <Name extends keyof Module & string>(name: Name) =>
    RunnableLambda.fromModule<Module, Name>(url, name, { lane });

  it("is a step: a function, sync or async, or a generator", async () => {
    expect(await step("score").invoke("four")).toBe(4);
    expect(await step("scoreLater").batch(["a", "bb"])).toEqual([1, 2]);
    expect(await step("letters").invoke("abc")).toBe("abc");
    expect(await all(await step("letters").stream("abc"))).toEqual(["a", "b", "c"]);
    expect(await step("default").invoke(1)).toBe(2);
  });

  once("is a step when it is a chain of LangChain's", async () => {
    expect(await step("theirs").invoke("a")).toBe("A!");
    expect(await step("theirs").batch(["a", "b"])).toEqual(["A!", "B!"]);
    expect(await all(await step("theirs").stream("a"))).toEqual(["A!"]);
  });

  it("gets the config", async () => {
    const config = { configurable: { user: "ada" }, tags: ["t"] };
    expect(await step("seen").invoke(1, config)).toEqual({ input: 1, user: "ada", tags: ["t"] });
  });

  once("can stand in a bigger tree", async () => {
    const chain = RunnableLambda.from((x: number) => "x".repeat(x)).pipe(RunnableLambda.fromModule(url, "score"));
    const placed = lane === undefined ? chain : chain.withLane(lane);
    expect(await placed.batch([1, 2])).toEqual([1, 2]);
  });

  once("fails each call when the module does not export that name, and says what it exports", async () => {
    const step = RunnableLambda.fromModule(url, "scoer", { lane });
    for (let call = 0; call < 2; call++) {
      const error = await step.invoke("a").catch((thrown) => thrown);
      const told = error.code === "RUNLANE_WORKER_START" ? error.cause : error;
      expect(told).toMatchObject({ code: "RUNLANE_EXPORT_NOT_FOUND" });
      expect(told.message).toContain("letters, notRunnable, score");
    }
  });

  once("fails its calls with what the module throws when it is imported", async () => {
    const broken = RunnableLambda.fromModule(new URL("throws.mjs", url), "score", { lane });
    await expect(broken.invoke("a")).rejects.toThrow("This module cannot be loaded.");
  });
});

describe("an export of a module", () => {
  it("is imported when it is first used, and sync from then on", async () => {
    const { func } = RunnableLambda.fromModule(url, "score") as RunnableLambda;
    const first = func("a", {});
    expect(first).toBeInstanceOf(Promise);
    expect(await Promise.all([first, func("bb", {})])).toEqual([1, 2]);
    expect(func("ccc", {})).toBe(3);
  });

  it("is not imported before it is used", () => {
    expect(() => RunnableLambda.fromModule(new URL("throws.mjs", url), "score").pipe((x) => x)).not.toThrow();
  });

  it("is called by its name, or by its file's when it is the default one", () => {
    expect(RunnableLambda.fromModule(url, "score").label).toBe("score");
    expect(RunnableLambda.fromModule(url, "default").label).toBe("score");
    expect(RunnableLambda.fromModule(url, "score", { name: "points" }).getName()).toBe("points");
  });

  it("runs in a thread of its own when it has a lane", async () => {
    const here = await RunnableLambda.fromModule<Module, "thread">(url, "thread").invoke(undefined);
    expect(
      await RunnableLambda.fromModule<Module, "thread">(url, "thread", { lane: thread }).invoke(undefined),
    ).not.toBe(here);
  });

  it("is refused at once when there is no such module", () => {
    const nowhere = () => RunnableLambda.fromModule(new URL("nowhere.mjs", url), "score");
    expect(nowhere).toThrow(expect.objectContaining({ code: "RUNLANE_MODULE_NOT_FOUND" }));
  });

  it("joins the observed run of its chain", async () => {
    const names: string[] = [];
    const handler = { name: "names", awaitHandlers: true, handleChainStart: (...args: any[]) => names.push(args[7]) };
    const chain = RunnableSequence.from([RunnableLambda.fromModule(url, "score", { lane: thread }), (x: number) => x]);
    expect(await chain.invoke("ab", { callbacks: [handler] })).toBe(2);
    expect(names).toEqual(["RunnableSequence", "RunnableLambda", "RunnableLambda"]);
  });
});
