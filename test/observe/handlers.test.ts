import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from "vitest";
import { awaitAllCallbacks, type CallbackHandler, CallbackManager, RunnableLambda } from "../../src/index.ts";
import { defer } from "../runnables/support.ts";
import { recorder, settle } from "./support.ts";

const add = RunnableLambda.from((x: number) => x + 1);
const chain = add.pipe(add);
const failing = RunnableLambda.from((): number => {
  throw new Error("step");
});

let warn: MockInstance;
let error: MockInstance;

beforeEach(() => {
  warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  error = vi.spyOn(console, "error").mockImplementation(() => {});
});

afterEach(async () => {
  await awaitAllCallbacks();
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

/** A handler whose every event stays in its hands until it is let go of. */
function slow(log: string[], name = "slow"): { handler: CallbackHandler; finish(): void } {
  let busy = defer<void>();
  const handle = (what: string) => async (): Promise<void> => {
    log.push(`${name} gets ${what}`);
    await busy.promise;
    log.push(`${name} is done with ${what}`);
  };
  const handler: CallbackHandler = { handleChainStart: handle("start"), handleChainEnd: handle("end") };
  return {
    handler,
    finish() {
      const { resolve } = busy;
      busy = defer<void>();
      resolve();
    },
  };
}

describe("a handler in the background", () => {
  it("is called at once as long as it returns at once", async () => {
    const log: string[] = [];
    const handler: CallbackHandler = {
      handleChainStart: () => void log.push("start"),
      handleChainEnd: () => void log.push("end"),
    };
    const lambda = RunnableLambda.from((x: number) => {
      log.push("function");
      return x;
    });
    const running = lambda.invoke(1, { callbacks: [handler] });
    expect(log).toEqual(["start", "function", "end"]);
    await running;
  });

  it("does not hold up the run, and gets its next event only when it is done with the last", async () => {
    const log: string[] = [];
    const { handler, finish } = slow(log);
    expect(await chain.invoke(1, { callbacks: [handler] })).toBe(3);
    await settle();
    expect(log).toEqual(["slow gets start"]);
    finish();
    await settle();
    expect(log).toEqual(["slow gets start", "slow is done with start", "slow gets start"]);
    while (log.length < 12) {
      finish();
      await settle();
    }
    const order = ["start", "start", "end", "start", "end", "end"];
    expect(log).toEqual(order.flatMap((what) => [`slow gets ${what}`, `slow is done with ${what}`]));
  });

  it("does not hold up other handlers", async () => {
    const log: string[] = [];
    const { handler, finish } = slow(log);
    const other = recorder({ awaitHandlers: false });
    await chain.invoke(1, { callbacks: [handler, other.handler] });
    expect(log).toEqual(["slow gets start"]);
    expect(other.log).toHaveLength(6);
    while (log.length < 12) {
      finish();
      await settle();
    }
  });

  it("keeps its order across calls that it is given to", async () => {
    const seen: unknown[] = [];
    const first = defer<void>();
    const handler: CallbackHandler = {
      async handleChainStart(_chain, inputs) {
        if (seen.length === 0) await first.promise;
        seen.push(inputs);
      },
    };
    await add.invoke(1, { callbacks: [handler] });
    await add.invoke(2, { callbacks: [handler] });
    await settle();
    expect(seen).toEqual([]);
    first.resolve();
    await awaitAllCallbacks();
    expect(seen).toEqual([{ input: 1 }, { input: 2 }]);
  });

  it("gets its next event after one that it failed to handle", async () => {
    const ended = vi.fn();
    const handler: CallbackHandler = {
      handleChainStart: () => Promise.reject(new Error("handler")),
      handleChainEnd: ended,
    };
    expect(await add.invoke(1, { callbacks: [handler] })).toBe(2);
    await awaitAllCallbacks();
    expect(ended).toHaveBeenCalledOnce();
    expect(warn).toHaveBeenCalledWith(expect.stringMatching(/handleChainStart.*handler/));
  });

  it("is waited for by awaitAllCallbacks, events that wait for it included", async () => {
    const log: string[] = [];
    const { handler, finish } = slow(log);
    await add.invoke(1, { callbacks: [handler] });
    let waited = false;
    const waiting = awaitAllCallbacks().then(() => {
      waited = true;
    });
    await settle();
    expect(waited).toBe(false);
    finish();
    await settle();
    expect(waited).toBe(false);
    finish();
    await waiting;
    expect(log.at(-1)).toBe("slow is done with end");
  });
});

it("awaitAllCallbacks returns at once when there is nothing to wait for", async () => {
  await expect(awaitAllCallbacks()).resolves.toBeUndefined();
});

describe.each([
  ["awaitHandlers", { awaitHandlers: true }, undefined],
  ["raiseError", { raiseError: true }, undefined],
  ["raiseError, which stands above awaitHandlers", { raiseError: true, awaitHandlers: false }, undefined],
  ["LANGCHAIN_CALLBACKS_BACKGROUND=false", {}, "false"],
] as [string, Partial<CallbackHandler>, string | undefined][])("a handler with %s", (_, options, background) => {
  beforeEach(() => {
    if (background !== undefined) vi.stubEnv("LANGCHAIN_CALLBACKS_BACKGROUND", background);
  });

  it("is waited for before the step runs and before its result is passed on", async () => {
    const log: string[] = [];
    const { handler, finish } = slow(log);
    const lambda = RunnableLambda.from((x: number) => {
      log.push("function");
      return x;
    });
    const running = lambda.invoke(1, { callbacks: [{ ...handler, ...options }] }).then(() => log.push("result"));
    await settle();
    expect(log).toEqual(["slow gets start"]);
    finish();
    await settle();
    expect(log.slice(1)).toEqual(["slow is done with start", "function", "slow gets end"]);
    finish();
    await running;
    expect(log.slice(4)).toEqual(["slow is done with end", "result"]);
  });

  it("is waited for when a stream starts and ends", async () => {
    const log: string[] = [];
    const { handler, finish } = slow(log);
    const lambda = RunnableLambda.from(function* (): Generator<string> {
      log.push("function");
      yield "chunk";
    });
    const running = (async () => {
      for await (const chunk of await lambda.stream(1, { callbacks: [{ ...handler, ...options }] })) log.push(chunk);
      log.push("ended");
    })();
    await settle();
    expect(log).toEqual(["slow gets start"]);
    finish();
    await settle();
    expect(log.slice(1)).toEqual(["slow is done with start", "function", "chunk", "slow gets end"]);
    finish();
    await running;
    expect(log.slice(5)).toEqual(["slow is done with end", "ended"]);
  });
});

it("an explicit awaitHandlers stands above the environment", async () => {
  vi.stubEnv("LANGCHAIN_CALLBACKS_BACKGROUND", "false");
  const log: string[] = [];
  const { handler, finish } = slow(log);
  expect(await add.invoke(1, { callbacks: [{ ...handler, awaitHandlers: false }] })).toBe(2);
  finish();
  await settle();
  finish();
});

const fails = {
  "throws at once": () => {
    throw new Error("handler");
  },
  "rejects later": async () => {
    await settle();
    throw new Error("handler");
  },
};

describe.each(Object.entries(fails))("a handler that %s", (_, fail) => {
  const methods = ["handleChainStart", "handleChainEnd", "handleChainError"] as const;

  it.each([true, false])("fails no run, and its error is printed (awaited: %s)", async (awaitHandlers) => {
    const handler: CallbackHandler = { name: "mine", awaitHandlers, handleChainStart: fail, handleChainEnd: fail };
    expect(await add.invoke(1, { callbacks: [handler] })).toBe(2);
    await awaitAllCallbacks();
    expect(warn.mock.calls).toEqual([
      ["Error in handler mine, handleChainStart: Error: handler"],
      ["Error in handler mine, handleChainEnd: Error: handler"],
    ]);
    expect(error).not.toHaveBeenCalled();
  });

  it.each([true, false])("does not hide the error of a step (awaited: %s)", async (awaitHandlers) => {
    const handler: CallbackHandler = { awaitHandlers, handleChainError: fail };
    await expect(failing.invoke(1, { callbacks: [handler] })).rejects.toThrow("step");
    await awaitAllCallbacks();
    expect(warn).toHaveBeenCalledOnce();
  });

  describe.each(methods)("in %s with raiseError", (method) => {
    const step = method === "handleChainError" ? failing : add;
    const handler: CallbackHandler = { name: "mine", raiseError: true, [method]: fail };

    it("fails the run and prints its error", async () => {
      await expect(step.invoke(1, { callbacks: [handler] })).rejects.toThrow("handler");
      expect(error).toHaveBeenCalledExactlyOnceWith(`Error in handler mine, ${method}: Error: handler`);
    });

    it("fails a stream", async () => {
      const read = async () => {
        for await (const _ of await step.stream(1, { callbacks: [handler] }));
      };
      await expect(read()).rejects.toThrow("handler");
    });

    it("fails the runs of a batch, each for itself", async () => {
      const results = await step.batch([1, 2], { callbacks: [handler] }, { returnExceptions: true });
      expect(results.map(String)).toEqual(["Error: handler", "Error: handler"]);
    });

    it.each(["before", "after"])("leaves no run open for handlers that stand %s it", async (place) => {
      const { handler: other, runs, log } = recorder();
      const callbacks = place === "before" ? [other, handler] : [handler, other];
      await expect(step.invoke(1, { callbacks })).rejects.toThrow("handler");
      expect([...runs.values()].map(({ ends }) => ends)).toEqual([[method === "handleChainEnd" ? "end" : "error"]]);
      expect(log).toHaveLength(2);
    });
  });
});

it("two handlers that raise at the same time fail the run once, and nothing is left unhandled", async () => {
  const unhandled = vi.fn();
  process.on("unhandledRejection", unhandled);
  const later: CallbackHandler = { raiseError: true, handleChainStart: fails["rejects later"] };
  const now: CallbackHandler = { raiseError: true, handleChainStart: fails["throws at once"] };
  await expect(add.invoke(1, { callbacks: [later, now] })).rejects.toThrow("handler");
  await expect(add.invoke(1, { callbacks: [now, later] })).rejects.toThrow("handler");
  for (let turns = 0; turns < 3; turns++) await settle();
  process.off("unhandledRejection", unhandled);
  expect(unhandled).not.toHaveBeenCalled();
  expect(error).toHaveBeenCalledTimes(4);
});

describe("a switch", () => {
  const manager = (handler: CallbackHandler): CallbackManager =>
    new CallbackManager(undefined, { handlers: [handler], inheritableHandlers: [handler] });
  const switches: Record<string, [method: string, tell: (manager: CallbackManager) => Promise<unknown>][]> = {
    ignoreChain: [
      ["handleChainStart", (m) => m.handleChainStart({}, { input: 1 })],
      ["handleChainEnd", async (m) => (await m.handleChainStart({}, {})).handleChainEnd({})],
      ["handleChainError", async (m) => (await m.handleChainStart({}, {})).handleChainError(new Error("x"))],
    ],
    ignoreLLM: [
      ["handleLLMStart", (m) => m.handleLLMStart({}, ["hi"])],
      ["handleChatModelStart", (m) => m.handleChatModelStart({}, [[]])],
      ["handleLLMNewToken", async (m) => (await m.handleLLMStart({}, ["hi"]))[0]?.handleLLMNewToken("t")],
      ["handleLLMEnd", async (m) => (await m.handleLLMStart({}, ["hi"]))[0]?.handleLLMEnd({})],
      ["handleLLMError", async (m) => (await m.handleLLMStart({}, ["hi"]))[0]?.handleLLMError(new Error("x"))],
    ],
    ignoreAgent: [
      ["handleToolStart", (m) => m.handleToolStart({}, "in")],
      ["handleToolEnd", async (m) => (await m.handleToolStart({}, "in")).handleToolEnd("out")],
      ["handleToolError", async (m) => (await m.handleToolStart({}, "in")).handleToolError(new Error("x"))],
      ["handleAgentAction", async (m) => (await m.handleChainStart({}, {})).handleAgentAction({})],
      ["handleAgentEnd", async (m) => (await m.handleChainStart({}, {})).handleAgentEnd({})],
    ],
    ignoreRetriever: [
      ["handleRetrieverStart", (m) => m.handleRetrieverStart({}, "query")],
      ["handleRetrieverEnd", async (m) => (await m.handleRetrieverStart({}, "query")).handleRetrieverEnd([])],
      [
        "handleRetrieverError",
        async (m) => (await m.handleRetrieverStart({}, "query")).handleRetrieverError(new Error("x")),
      ],
    ],
    ignoreCustomEvent: [
      ["handleCustomEvent", (m) => m.handleCustomEvent("name", {}, "id")],
      ["handleCustomEvent", async (m) => (await m.handleChainStart({}, {})).handleCustomEvent("name", {})],
    ],
  };
  const cases = Object.entries(switches).flatMap(([ignore, events]) =>
    events.map(([method, tell]) => [ignore, method, tell] as const),
  );

  it.each(cases)("%s turns %s off, and nothing else does", async (ignore, method, tell) => {
    const told = vi.fn();
    await tell(manager({ [method]: told, [ignore]: true }));
    expect(told).not.toHaveBeenCalled();
    const others = Object.fromEntries(
      Object.keys(switches)
        .filter((other) => other !== ignore)
        .map((other) => [other, true]),
    );
    await tell(manager({ [method]: told, ...others, [ignore]: false }));
    expect(told).toHaveBeenCalledOnce();
  });

  it("ignoreChain keeps a handler out of the runs of a chain, and not the others", async () => {
    const [deaf, other] = [recorder({ ignoreChain: true }), recorder()];
    await chain.invoke(1, { callbacks: [deaf.handler, other.handler] });
    expect(deaf.log).toEqual([]);
    expect(other.log).toHaveLength(6);
  });
});
