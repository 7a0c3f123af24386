import { InMemoryChatMessageHistory } from "@langchain/core/chat_history";
import { AIMessage, type BaseMessage, HumanMessage } from "@langchain/core/messages";
import * as langchain from "@langchain/core/runnables";
import { describe, expect, it } from "vitest";
import * as runlane from "../../src/index.ts";

/** Both libraries, as one. */
type Lib = any;

function remembering(lib: Lib) {
  const history = new InMemoryChatMessageHistory();
  const chain = new lib.RunnableWithMessageHistory({
    runnable: lib.RunnableLambda.from((messages: BaseMessage[]) => new AIMessage(`${messages.length}`)),
    getMessageHistory: () => history,
  });
  return { chain, history };
}

describe("withConfig of a RunnableWithMessageHistory", () => {
  it("keeps the history", async () => {
    const { chain, history } = remembering(runlane);
    const bound = chain.withConfig({ configurable: { sessionId: "1" } });
    expect((await bound.invoke([new HumanMessage("a")])).content).toBe("1");
    expect((await bound.invoke([new HumanMessage("b")])).content).toBe("3");
    expect(await history.getMessages()).toHaveLength(4);
  });

  it("throws in LangChain", () => {
    const { chain } = remembering(langchain);
    expect(() => chain.withConfig({ configurable: { sessionId: "1" } })).toThrow(TypeError);
  });
});

async function heardThroughRetry(lib: Lib): Promise<string[]> {
  const heard: string[] = [];
  const listened = lib.RunnableLambda.from((x: number) => x).withListeners({ onEnd: () => void heard.push("end") });
  await listened.withRetry({ stopAfterAttempt: 2 }).invoke(1);
  return heard;
}

describe("withRetry after withListeners", () => {
  it("keeps the listeners", async () => {
    expect(await heardThroughRetry(runlane)).toEqual(["end"]);
  });

  it("drops them in LangChain", async () => {
    expect(await heardThroughRetry(langchain)).toEqual([]);
  });
});

describe("a router", () => {
  const router = (lib: Lib) => new lib.RouterRunnable({ runnables: {} });

  it("does not know the keys that every object has", async () => {
    const call = router(runlane).invoke({ key: "toString", input: 1 });
    await expect(call).rejects.toHaveProperty("code", "RUNLANE_UNKNOWN_ROUTE");
  });

  it("takes them for runnables in LangChain", async () => {
    await expect(router(langchain).invoke({ key: "toString", input: 1 })).rejects.toThrow("is not a function");
  });
});
