import * as langchain from "@langchain/core/runnables";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { PLAIN } from "../../src/core/context.ts";
import {
  type RetryOptions,
  type Runnable,
  RunnableBinding,
  RunnableGenerator,
  RunnableLambda,
  RunnableRetry,
} from "../../src/index.ts";
import { Places } from "./places.ts";
import { all } from "./support.ts";

/** A function that fails so many times before it gives its input back. */
function failing(times: number, error: unknown = new Error("boom")) {
  let calls = 0;
  return vi.fn((input: number): number => {
    if (++calls <= times) throw error;
    return input;
  });
}

const NO_WAIT: RetryOptions = { backoff: { initialDelayMs: 0 } };

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
});

afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

/** Lets all waits pass, and gives what came of the promise. */
async function settle<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  await vi.runAllTimersAsync();
  return promise;
}

describe("attempts", () => {
  it.each([
    ["an Error", new Error("boom")],
    ["a TypeError", new TypeError("boom")],
    ["a string", "boom"],
    ["undefined", undefined],
  ])("are repeated after %s was thrown", async (_, error) => {
    const func = failing(2, error);
    expect(await settle(RunnableLambda.from(func).withRetry().invoke(7))).toBe(7);
    expect(func).toHaveBeenCalledTimes(3);
  });

  it("are repeated after a promise was rejected", async () => {
    const func = failing(1);
    const retry = RunnableLambda.from(async (x: number) => func(x)).withRetry();
    expect(await settle(retry.invoke(7))).toBe(7);
  });

  it("end with the last error when all failed, as it was thrown", async () => {
    const errors = [{ first: 1 }, { second: 2 }];
    const thrown = [...errors];
    const retry = RunnableLambda.from((): number => {
      throw thrown.shift();
    }).withRetry({ stopAfterAttempt: 2 });
    await expect(settle(retry.invoke(1))).rejects.toBe(errors[1]);
  });

  it("are three unless said otherwise", async () => {
    const func = failing(9);
    await expect(settle(RunnableLambda.from(func).withRetry().invoke(1))).rejects.toThrow("boom");
    expect(func).toHaveBeenCalledTimes(3);
  });

  it("can be without limit", async () => {
    const retry = RunnableLambda.from(failing(40)).withRetry({
      stopAfterAttempt: Number.POSITIVE_INFINITY,
      ...NO_WAIT,
    });
    expect(await settle(retry.invoke(7))).toBe(7);
  });

  it("return at once when the first one does", () => {
    const retry = RunnableLambda.from((x: number) => x + 1).withRetry();
    expect(retry.run(1, PLAIN)).toBe(2);
  });

  it("are the same as LangChain's, in number and in what handlers are told", async () => {
    const run = async (m: { RunnableLambda: any }): Promise<unknown[]> => {
      const log: unknown[] = [];
      let calls = 0;
      const retry = m.RunnableLambda.from((x: number) => {
        log.push(`call ${x}`);
        if (++calls < 3) throw new Error(`error ${calls}`);
        return x * 2;
      }).withRetry({
        stopAfterAttempt: 4,
        onFailedAttempt: (error: Error, input: number) => void log.push([error.message, input]),
      });
      log.push(await settle(retry.invoke(5)));
      const never = m.RunnableLambda.from(() => {
        throw new Error("never");
      }).withRetry({ stopAfterAttempt: 2, onFailedAttempt: (error: Error) => void log.push(error.message) });
      log.push(await settle(never.invoke(1).catch((error: Error) => error.message)));
      return log;
    };
    const log = await run({ RunnableLambda });
    expect(log).toEqual(await run(langchain));
    expect(log).toEqual(["call 5", ["error 1", 5], "call 5", ["error 2", 5], "call 5", 10, "never", "never", "never"]);
  });
});

describe("the wait between attempts", () => {
  it("follows the back-off", async () => {
    const func = failing(3);
    const backoff = { initialDelayMs: 100, factor: 3, maxDelayMs: 500, jitter: false };
    const result = RunnableLambda.from(func).withRetry({ stopAfterAttempt: 4, backoff }).invoke(1);
    for (const [ms, calls] of [
      [99, 1],
      [1, 2],
      [299, 2],
      [1, 3],
      [499, 3],
      [1, 4],
    ] as const) {
      await vi.advanceTimersByTimeAsync(ms);
      expect(func).toHaveBeenCalledTimes(calls);
    }
    expect(await result).toBe(1);
  });

  it("is from one to two seconds after the first attempt unless said otherwise", async () => {
    const func = failing(1);
    const result = RunnableLambda.from(func).withRetry().invoke(1);
    await vi.advanceTimersByTimeAsync(999);
    expect(func).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(1001);
    expect(func).toHaveBeenCalledTimes(2);
    await result;
  });

  it("respects an error's retryAfterMs", async () => {
    const func = failing(1, Object.assign(new Error("busy"), { retryAfterMs: 60_000 }));
    const result = RunnableLambda.from(func).withRetry().invoke(1);
    await vi.advanceTimersByTimeAsync(59_999);
    expect(func).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(func).toHaveBeenCalledTimes(2);
    await result;
  });

  it("ends at once when the signal aborts, and leaves no timer", async () => {
    const func = failing(9);
    const controller = new AbortController();
    const result = RunnableLambda.from(func).withRetry().invoke(1, { signal: controller.signal });
    await vi.advanceTimersByTimeAsync(10);
    expect(vi.getTimerCount()).toBe(1);
    controller.abort(new Error("enough"));
    await expect(result).rejects.toThrow("enough");
    expect(vi.getTimerCount()).toBe(0);
    expect(func).toHaveBeenCalledTimes(1);
  });

  it("ends at once when a bound signal aborts", async () => {
    const func = failing(9);
    const controller = new AbortController();
    const onFailedAttempt = vi.fn();
    const retry = RunnableLambda.from(func).withRetry({ onFailedAttempt }).withConfig({ signal: controller.signal });
    const result = retry.invoke(1);
    await vi.advanceTimersByTimeAsync(10);
    controller.abort(new Error("enough"));
    await expect(result).rejects.toThrow("enough");
    expect(vi.getTimerCount()).toBe(0);
    await expect(retry.invoke(1)).rejects.toThrow("enough");
    expect(func).toHaveBeenCalledTimes(1);
    expect(onFailedAttempt).toHaveBeenCalledTimes(1);
  });

  it("ends at once when the time of the call is up", async () => {
    const func = failing(9);
    const result = RunnableLambda.from(func).withRetry().invoke(1, { timeout: 50 });
    const rejected = expect(result).rejects.toMatchObject({ name: "TimeoutError" });
    await vi.advanceTimersByTimeAsync(50);
    await rejected;
    expect(func).toHaveBeenCalledTimes(1);
  });
});

describe("onFailedAttempt", () => {
  it("is told of every failed attempt and its input, and is waited for", async () => {
    const log: unknown[] = [];
    const error = new Error("boom");
    const retry = RunnableLambda.from(failing(9, error)).withRetry({
      stopAfterAttempt: 2,
      onFailedAttempt: async (failure, input) => {
        await Promise.resolve();
        log.push([failure, input]);
      },
    });
    await expect(settle(retry.invoke(5))).rejects.toBe(error);
    expect(log).toEqual([
      [error, 5],
      [error, 5],
    ]);
  });

  it.each([
    [
      "throws",
      () => {
        throw new Error("stop");
      },
    ],
    [
      "rejects",
      async () => {
        throw new Error("stop");
      },
    ],
  ])("ends the run with what it %s", async (_, onFailedAttempt) => {
    const func = failing(9);
    await expect(settle(RunnableLambda.from(func).withRetry({ onFailedAttempt }).invoke(1))).rejects.toThrow("stop");
    expect(func).toHaveBeenCalledTimes(1);
  });

  it("is not told of an abort", async () => {
    const onFailedAttempt = vi.fn();
    const controller = new AbortController();
    const retry = RunnableLambda.from((): number => {
      controller.abort(new Error("enough"));
      throw new Error("boom");
    }).withRetry({ onFailedAttempt });
    await expect(retry.invoke(1, { signal: controller.signal })).rejects.toThrow("enough");
    expect(onFailedAttempt).not.toHaveBeenCalled();
  });
});

describe("retryIf", () => {
  it("refuses further attempts", async () => {
    const func = failing(9, new RangeError("far"));
    const retryIf = vi.fn((error: unknown) => !(error instanceof RangeError));
    await expect(settle(RunnableLambda.from(func).withRetry({ retryIf }).invoke(1))).rejects.toThrow("far");
    expect(func).toHaveBeenCalledTimes(1);
    expect(retryIf).toHaveBeenCalledExactlyOnceWith(expect.any(RangeError), 1);
  });

  it("may be async, and gets the number of the attempt", async () => {
    const func = failing(9);
    const retryIf = async (_: unknown, attempt: number): Promise<boolean> => attempt < 2;
    await expect(
      settle(RunnableLambda.from(func).withRetry({ retryIf, stopAfterAttempt: 9 }).invoke(1)),
    ).rejects.toThrow();
    expect(func).toHaveBeenCalledTimes(2);
  });
});

it("observers are told of the number of each further attempt", async () => {
  const places = new Places();
  const retry = RunnableLambda.from(failing(2)).withRetry();
  await settle(retry.invoke(1, places.config()));
  expect(places.of("RunnableLambda")).toEqual([undefined, "retry:attempt:2", "retry:attempt:3"]);
  const streamed = new Places();
  const bound = RunnableLambda.from(failing(1)).withConfig({ tags: ["a"] });
  await all(await settle(bound.withRetry().stream(1, streamed.config())));
  expect(streamed.of("RunnableLambda")).toEqual([undefined, "retry:attempt:2"]);
});

describe("a batch", () => {
  it("of many inputs that never fail gives what single calls give", async () => {
    const inputs = Array.from({ length: 200 }, (_, index) => index);
    const increment = RunnableLambda.from((x: number) => x + 1).withRetry();
    expect(await increment.batch(inputs)).toEqual(inputs.map((x) => x + 1));
  });

  it("repeats only the inputs that failed, each on its own", async () => {
    const calls: number[] = [];
    const odd = RunnableLambda.from((x: number) => {
      calls.push(x);
      if (x % 2 === 1 && calls.filter((call) => call === x).length < x) throw new Error(`odd ${x}`);
      return x;
    }).withRetry({ stopAfterAttempt: 3, backoff: { jitter: false } });
    const results = await settle(odd.batch([1, 2, 3, 5], {}, { returnExceptions: true }));
    expect(results).toEqual([1, 2, 3, new Error("odd 5")]);
    expect(calls).toEqual([1, 2, 3, 5, 3, 5, 3, 5]);
  });

  it("equals mapped invoke, whatever fails and whatever the concurrency", async () => {
    const limit = fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined });
    const failures = fc.array(fc.nat({ max: 4 }), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(failures, limit, fc.boolean(), async (inputs, maxConcurrency, sync) => {
        const build = (): Runnable<[number, number], number> => {
          const calls = new Map<number, number>();
          return RunnableLambda.from(([index, times]: [number, number]): number | Promise<number> => {
            const call = (calls.get(index) ?? 0) + 1;
            calls.set(index, call);
            if (call > times) return index * 10 + call;
            const error = new Error(`input ${index}, attempt ${call}`);
            if (sync) throw error;
            return Promise.reject(error);
          }).withRetry({ stopAfterAttempt: 3 });
        };
        const pairs = inputs.map((times, index): [number, number] => [index, times]);
        const one = build();
        const mapped = await settle(Promise.all(pairs.map((pair) => one.invoke(pair).catch((error: Error) => error))));
        const batched = await settle(build().batch(pairs, { maxConcurrency }, { returnExceptions: true }));
        expect(batched).toEqual(mapped);
      }),
      { numRuns: 50 },
    );
  });
});

describe("a stream", () => {
  function flaky(log: string[], failBefore: number, failAfter = Number.POSITIVE_INFINITY) {
    let attempt = 0;
    return RunnableLambda.from<string, string>(async function* (text: string) {
      attempt++;
      try {
        if (attempt <= failBefore) throw new Error(`attempt ${attempt}`);
        let count = 0;
        for (const letter of text) {
          if (count++ >= failAfter) throw new Error("late");
          yield letter;
        }
      } finally {
        log.push(`closed ${attempt}`);
      }
    });
  }

  it("is tried again until its first chunk has come", async () => {
    const log: string[] = [];
    const stream = await settle(flaky(log, 2).withRetry().stream("abc"));
    expect(await all(stream)).toEqual(["a", "b", "c"]);
    expect(log).toEqual(["closed 1", "closed 2", "closed 3"]);
  });

  it("passes an error after its first chunk through", async () => {
    const log: string[] = [];
    const stream = await flaky(log, 0, 2).withRetry().stream("abc");
    const taken: string[] = [];
    const reading = (async () => {
      for await (const chunk of stream) taken.push(chunk);
    })();
    await expect(reading).rejects.toThrow("late");
    expect(taken).toEqual(["a", "b"]);
    expect(log).toEqual(["closed 1"]);
  });

  it("fails with the last error when no attempt gets to a chunk", async () => {
    await expect(settle(flaky([], 9).withRetry({ stopAfterAttempt: 2 }).stream("abc"))).rejects.toThrow("attempt 2");
  });

  it("closes the generator when its reader leaves", async () => {
    const log: string[] = [];
    for await (const _ of await settle(flaky(log, 1).withRetry().stream("abc"))) break;
    expect(log).toEqual(["closed 1", "closed 2"]);
  });

  it("may be empty", async () => {
    expect(await all(await flaky([], 0).withRetry().stream(""))).toEqual([]);
  });

  it("gets chunks as they come, and all of them again in a further attempt", async () => {
    const log: string[] = [];
    let attempt = 0;
    const shout = RunnableGenerator.from<string, string>(async function* (chunks) {
      attempt++;
      for await (const chunk of chunks) {
        log.push(`${attempt}: ${chunk}`);
        if (attempt === 1 && chunk === "b") throw new Error("b");
        if (attempt === 2 || chunk !== "a") yield chunk.toUpperCase();
      }
    });
    const letters = RunnableLambda.from<string, string>(function* (text: string) {
      for (const letter of text) {
        log.push(`source ${letter}`);
        yield letter;
      }
    });
    const onFailedAttempt = vi.fn();
    const stream = await settle(letters.pipe(shout.withRetry({ onFailedAttempt })).stream("abc"));
    expect(await all(stream)).toEqual(["A", "B", "C"]);
    expect(log).toEqual(["source a", "1: a", "source b", "1: b", "2: a", "2: b", "source c", "2: c"]);
    expect(onFailedAttempt).toHaveBeenCalledExactlyOnceWith(expect.any(Error), "ab");
  });

  it("closes its input when it gives up", async () => {
    const log: string[] = [];
    const letters = RunnableLambda.from<string, string>(async function* (text: string) {
      try {
        yield* text;
      } finally {
        log.push("closed");
      }
    });
    const refuse = RunnableGenerator.from<string, string>(async function* (chunks) {
      for await (const chunk of chunks) if (chunk === "a") throw new Error("no");
      yield "";
    });
    await expect(settle(letters.pipe(refuse.withRetry()).stream("abc"))).rejects.toThrow("no");
    expect(log).toEqual(["closed"]);
  });

  it("does not try again when what fails is its input", async () => {
    const shout = vi.fn((text: string) => text);
    const source = RunnableLambda.from<string, string>(function* () {
      yield "a";
      throw new Error("source");
    });
    const onFailedAttempt = vi.fn();
    const chain = source.pipe(RunnableLambda.from(shout).withRetry({ onFailedAttempt }));
    await expect(chain.stream("x")).rejects.toThrow("source");
    expect(shout).not.toHaveBeenCalled();
    expect(onFailedAttempt).not.toHaveBeenCalled();
  });
});

describe("what is bound", () => {
  const tagsOf = RunnableLambda.from((_: number, config) => config.tags);

  it("reaches every attempt", async () => {
    const seen: unknown[] = [];
    const greet = RunnableLambda.from((_: number, config) => {
      seen.push([config.greeting, config.tags]);
      if (seen.length < 2) throw new Error("boom");
      return seen.length;
    });
    const retry = greet
      .bind({ greeting: "Hello" } as never)
      .withConfig({ tags: ["a"] })
      .withRetry();
    expect(retry).toBeInstanceOf(RunnableRetry);
    expect(retry.bound).toBe(greet);
    expect(await settle(retry.invoke(1, { tags: ["b"] }))).toBe(2);
    expect(seen).toEqual([
      ["Hello", ["a", "b"]],
      ["Hello", ["a", "b"]],
    ]);
  });

  it("is added by withConfig, which keeps the attempts and their rules", async () => {
    const onFailedAttempt = vi.fn();
    const func = failing(9);
    const retry = RunnableLambda.from(func).withRetry({ stopAfterAttempt: 2, onFailedAttempt, retryIf: () => true });
    const bound = retry.withConfig({ tags: ["a"] });
    expect(bound).toBeInstanceOf(RunnableRetry);
    await expect(settle(bound.invoke(1))).rejects.toThrow("boom");
    expect(func).toHaveBeenCalledTimes(2);
    expect(onFailedAttempt).toHaveBeenCalledTimes(2);
    expect(
      await tagsOf
        .withRetry()
        .withConfig({ tags: ["a"] })
        .withConfig({ tags: ["b"] })
        .invoke(1),
    ).toEqual(["a", "b"]);
  });

  it("makes a config for each attempt, where it is made at run time", async () => {
    const seen: unknown[] = [];
    const bound = RunnableLambda.from((_: number, config): number => {
      seen.push(config.attempt);
      throw new Error("boom");
    });
    let made = 0;
    const configFactories = [async () => ({ attempt: ++made })];
    const retry = new RunnableBinding({ bound, config: {}, configFactories }).withRetry({ stopAfterAttempt: 2 });
    await expect(settle(retry.withConfig({ tags: ["a"] }).invoke(1))).rejects.toThrow("boom");
    await expect(settle(retry.stream(1))).rejects.toThrow("boom");
    expect(seen).toEqual([1, 2, 3, 4]);
  });

  it("limits the time of each attempt, and an attempt that took too long is repeated", async () => {
    let calls = 0;
    const slow = RunnableLambda.from((x: number) => (++calls < 3 ? new Promise<number>(() => {}) : x));
    const retry = slow.withConfig({ timeout: 50 }).withRetry();
    expect(await settle(retry.invoke(7))).toBe(7);
    expect(calls).toBe(3);
  });
});

describe("a RunnableRetry", () => {
  it("is built with LangChain's fields, of anything that can be a step", async () => {
    const func = failing(1);
    const retry = new RunnableRetry({ bound: func, config: {}, maxAttemptNumber: 2 });
    expect(retry.maxAttemptNumber).toBe(2);
    expect(await settle(retry.invoke(7))).toBe(7);
  });

  it("retries a LangChain runnable", async () => {
    const func = failing(1);
    const retry = new RunnableRetry({ bound: langchain.RunnableLambda.from(func) as never });
    expect(await settle(retry.invoke(7))).toBe(7);
    expect(func).toHaveBeenCalledTimes(2);
  });

  it("is replaced by a further withRetry, as in LangChain", () => {
    const retry = RunnableLambda.from((x: number) => x).withRetry({ stopAfterAttempt: 9 });
    expect(retry.withRetry({ stopAfterAttempt: 2 })).toMatchObject({ bound: retry.bound, maxAttemptNumber: 2 });
  });

  it("is called what it retries is called", () => {
    expect(
      RunnableLambda.from((x: number) => x, { name: "load" })
        .withRetry()
        .getName(),
    ).toBe("load");
  });

  it.each<[string, object]>([
    ["the number of attempts", { stopAfterAttempt: 0 }],
    ["the number of attempts", { stopAfterAttempt: 1.5 }],
    ["onFailedAttempt", { onFailedAttempt: true }],
    ["retryIf", { retryIf: Error("no") }],
    ["backoff.factor", { backoff: { factor: -2 } }],
  ])("refuses a bad option: %s", (option, options) => {
    expect(() => RunnableLambda.from((x: number) => x).withRetry(options)).toThrow(
      expect.objectContaining({ code: "RUNLANE_INVALID_OPTION", message: expect.stringContaining(option) }),
    );
  });
});
