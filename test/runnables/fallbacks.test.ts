import * as langchain from "@langchain/core/runnables";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { PLAIN } from "../../src/core/context.ts";
import { RunnableLambda, RunnableWithFallbacks } from "../../src/index.ts";
import { Places } from "./places.ts";
import { all, turn } from "./support.ts";

const boom = (message = "boom"): RunnableLambda<any, any> =>
  RunnableLambda.from((_: unknown): never => {
    throw new Error(message);
  });
const boomLater = (message = "boom"): RunnableLambda<any, any> =>
  RunnableLambda.from(async (_: unknown): Promise<never> => {
    await turn();
    throw new Error(message);
  });

describe("fallbacks", () => {
  it("are tried in order until one succeeds", async () => {
    const late = vi.fn((x: number) => x);
    const runnable = boom().withFallbacks([boomLater(), (x: number) => x * 2, late]);
    expect(await runnable.invoke(4)).toBe(8);
    expect(late).not.toHaveBeenCalled();
  });

  it("are left alone when nothing fails", async () => {
    const fallback = vi.fn((x: number) => x);
    const runnable = RunnableLambda.from((x: number) => x + 1).withFallbacks([fallback]);
    expect(await runnable.invoke(1)).toBe(2);
    expect(fallback).not.toHaveBeenCalled();
  });

  it("return at once when everything does", () => {
    expect(
      boom()
        .withFallbacks([boom(), (x: number) => x + 1])
        .run(1, PLAIN),
    ).toBe(2);
  });

  it("end with the first error when all fail", async () => {
    const runnable = boom("first").withFallbacks([boomLater("second"), boom("third")]);
    await expect(runnable.invoke(1)).rejects.toThrow("first");
    await expect(runnable.stream(1)).rejects.toThrow("first");
  });

  it("count undefined as an error when it is thrown", async () => {
    const runnable = RunnableLambda.from((_: number): number => {
      throw undefined;
    }).withFallbacks([boom("second")]);
    await expect(runnable.invoke(1)).rejects.toBeUndefined();
  });

  it("may be anything that can be a step, LangChain's runnables included", async () => {
    const parallel = boom().withFallbacks([{ double: (x: number) => x * 2 }]);
    expect(await parallel.invoke(2)).toEqual({ double: 4 });
    const foreign = boom().withFallbacks([langchain.RunnableLambda.from((x: number) => x + 1) as never]);
    expect(await foreign.invoke(2)).toBe(3);
    const around = new RunnableWithFallbacks<number, number>({
      runnable: langchain.RunnableLambda.from((_: number): number => {
        throw new Error("theirs");
      }),
      fallbacks: [(x: number) => -x],
    });
    expect(await around.invoke(2)).toBe(-2);
  });

  it("may be none", async () => {
    await expect(boom().withFallbacks([]).invoke(1)).rejects.toThrow("boom");
  });

  it("are listed by runnables, the runnable itself first", () => {
    const [first, second] = [boom(), boom()];
    const runnable = first.withFallbacks({ fallbacks: [second] });
    expect([...runnable.runnables()]).toEqual([first, second]);
    expect(runnable).toBeInstanceOf(RunnableWithFallbacks);
    expect(runnable.getName()).toBe("RunnableWithFallbacks");
  });

  it("get no tag of their own", async () => {
    const places = new Places();
    await boom()
      .withFallbacks([(x: number) => x])
      .invoke(1, places.config());
    expect(places.of("RunnableLambda")).toEqual([undefined, undefined]);
  });

  it("give what LangChain's give, in the same order of calls", async () => {
    const run = async (m: { RunnableLambda: any }): Promise<unknown[]> => {
      const log: unknown[] = [];
      const step = (name: string, fails: boolean): any =>
        m.RunnableLambda.from(async (x: number) => {
          log.push(`${name} ${x}`);
          if (fails) throw new Error(name);
          return `${name}!`;
        });
      log.push(
        await step("a", true)
          .withFallbacks([step("b", true), step("c", false), step("d", false)])
          .invoke(1),
      );
      const all = step("a", true).withFallbacks({ fallbacks: [step("b", true)] });
      log.push(await all.invoke(2).catch((error: Error) => error.message));
      for await (const chunk of await step("a", true)
        .withFallbacks([step("b", false)])
        .stream(3))
        log.push(chunk);
      return log;
    };
    expect(await run({ RunnableLambda })).toEqual(await run(langchain));
  });
});

describe("an abort", () => {
  it("of the call is never handled", async () => {
    const fallback = vi.fn((x: number) => x);
    const controller = new AbortController();
    const runnable = RunnableLambda.from((_: number): number => {
      controller.abort(new Error("enough"));
      throw new Error("boom");
    }).withFallbacks([fallback]);
    const config = { signal: controller.signal };
    await expect(runnable.invoke(1, config)).rejects.toThrow("enough");
    await expect(runnable.stream(1, config)).rejects.toThrow("enough");
    expect(fallback).not.toHaveBeenCalled();
  });

  it("by the call's timeout is never handled", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    try {
      const fallback = vi.fn((x: number) => x);
      const runnable = RunnableLambda.from(
        (_: number, { signal }) =>
          new Promise<number>((_resolve, reject) => signal?.addEventListener("abort", () => reject(signal.reason))),
      ).withFallbacks([fallback]);
      const rejected = expect(runnable.invoke(1, { timeout: 10 })).rejects.toMatchObject({ name: "TimeoutError" });
      await vi.advanceTimersByTimeAsync(10);
      await rejected;
      await turn();
      expect(fallback).not.toHaveBeenCalled();
    } finally {
      vi.useRealTimers();
    }
  });

  it("by a timeout that is bound to the runnable is handled", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    try {
      const slow = RunnableLambda.from((_: number) => new Promise<number>(() => {})).withConfig({ timeout: 10 });
      const result = slow.withFallbacks([(x: number) => x]).invoke(7);
      await vi.advanceTimersByTimeAsync(10);
      expect(await result).toBe(7);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe("exceptionsToHandle", () => {
  const range = RunnableLambda.from((_: number): number => {
    throw new RangeError("far");
  });

  it("lets only errors of these classes be handled", async () => {
    const fallbacks = [(x: number) => x];
    expect(await range.withFallbacks({ fallbacks, exceptionsToHandle: [TypeError, RangeError] }).invoke(1)).toBe(1);
    const types = range.withFallbacks({ fallbacks, exceptionsToHandle: [TypeError] });
    await expect(types.invoke(1)).rejects.toThrow(RangeError);
    await expect(types.stream(1)).rejects.toThrow(RangeError);
  });

  it("may be a function of the error", async () => {
    const exceptionsToHandle = (error: unknown): boolean => (error as Error).message === "far";
    expect(await range.withFallbacks({ fallbacks: [(x: number) => x], exceptionsToHandle }).invoke(1)).toBe(1);
    const other = boom().withFallbacks({ fallbacks: [(x: number) => x], exceptionsToHandle });
    await expect(other.invoke(1)).rejects.toThrow("boom");
  });

  it("throws an error of a fallback that is not for the next one as it is", async () => {
    const runnable = range.withFallbacks({ fallbacks: [boom(), () => 1], exceptionsToHandle: [RangeError] });
    await expect(runnable.invoke(1)).rejects.toThrow("boom");
  });

  it.each([[["Error"]], ["Error"], [{}]])("refuses %j", (exceptionsToHandle) => {
    expect(() => boom().withFallbacks({ fallbacks: [], exceptionsToHandle: exceptionsToHandle as never })).toThrow(
      expect.objectContaining({ code: "RUNLANE_INVALID_OPTION" }),
    );
  });
});

describe("exceptionKey", () => {
  type Input = { text: string; error?: Error };
  const report = (input: Input): string => `${input.text}: ${input.error?.message}`;
  const runnable = boom("first").withFallbacks({
    fallbacks: [
      (input: Input): string => {
        throw new Error(`second after ${input.error?.message}`);
      },
      report,
    ],
    exceptionKey: "error",
  });

  it("hands each fallback the error of the runnable before it, in a copy of the input", async () => {
    const input = Object.freeze({ text: "a" });
    expect(await runnable.invoke(input)).toBe("a: second after first");
    expect(await all(await runnable.stream(input))).toEqual(["a: second after first"]);
  });

  it.each([["text"], [null], [[1]], [5]])("refuses the input %j before anything runs", async (input) => {
    const func = vi.fn(() => "");
    const keyed = RunnableLambda.from(func).withFallbacks({ fallbacks: [], exceptionKey: "error" });
    const expected = { code: "RUNLANE_INVALID_INPUT", message: expect.stringContaining('its exceptionKey is "error"') };
    await expect(keyed.invoke(input)).rejects.toMatchObject(expected);
    await expect(keyed.stream(input)).rejects.toMatchObject(expected);
    expect(func).not.toHaveBeenCalled();
  });
});

describe("a batch", () => {
  it("falls back for each input on its own", async () => {
    const fallback = vi.fn((x: number) => -x);
    const odd = RunnableLambda.from((x: number) => {
      if (x % 2 === 1) throw new Error(`odd ${x}`);
      return x;
    });
    expect(await odd.withFallbacks([fallback]).batch([1, 2, 3])).toEqual([-1, 2, -3]);
    expect(fallback.mock.calls.map(([x]) => x)).toEqual([1, 3]);
  });

  it("may be empty", async () => {
    expect(await boom().withFallbacks([boom()]).batch([])).toEqual([]);
  });

  it("equals mapped invoke, errors included", async () => {
    const step = (name: string) =>
      fc.constantFrom(true, false).map((sync) =>
        RunnableLambda.from((fails: string[]): string | Promise<string> => {
          if (!fails.includes(name)) return name;
          const error = new Error(name);
          if (sync) throw error;
          return Promise.reject(error);
        }),
      );
    const inputs = fc.array(fc.subarray(["a", "b", "c"]), { maxLength: 10 });
    await fc.assert(
      fc.asyncProperty(step("a"), step("b"), step("c"), inputs, async (a, b, c, fails) => {
        const runnable = a.withFallbacks([b, c]);
        const mapped = await Promise.all(fails.map((input) => runnable.invoke(input).catch((error: Error) => error)));
        expect(await runnable.batch(fails, {}, { returnExceptions: true })).toEqual(mapped);
      }),
    );
  });
});

describe("a stream", () => {
  const failing = (log: string[], after: number) =>
    RunnableLambda.from<string, string>(async function* (text: string) {
      try {
        let count = 0;
        for (const letter of text) {
          if (count++ >= after) throw new Error("boom");
          yield letter;
        }
      } finally {
        log.push("closed");
      }
    });

  it("falls back until the first chunk has come", async () => {
    const log: string[] = [];
    const letters = RunnableLambda.from<string, string>(function* (text: string) {
      yield* text.toUpperCase();
    });
    const runnable = failing(log, 0).withFallbacks([failing(log, 0), letters]);
    expect(await all(await runnable.stream("abc"))).toEqual(["A", "B", "C"]);
    expect(log).toEqual(["closed", "closed"]);
  });

  it("passes an error after the first chunk through", async () => {
    const fallback = vi.fn((text: string) => text);
    const taken: string[] = [];
    const reading = (async () => {
      for await (const chunk of await failing([], 2).withFallbacks([fallback]).stream("abc")) taken.push(chunk);
    })();
    await expect(reading).rejects.toThrow("boom");
    expect(taken).toEqual(["a", "b"]);
    expect(fallback).not.toHaveBeenCalled();
  });

  it("closes the generator when its reader leaves", async () => {
    const log: string[] = [];
    const endless = failing(log, 100).withFallbacks([(text: string) => text]);
    for await (const _ of await endless.stream("abc")) break;
    expect(log).toEqual(["closed"]);
  });

  it("gives every step the whole of a streamed input", async () => {
    const seen: string[] = [];
    const letters = RunnableLambda.from<string, string>(function* (text: string) {
      yield* text;
    });
    const refuse = (text: string): string => {
      seen.push(text);
      throw new Error("no");
    };
    const chain = letters.pipe(RunnableLambda.from(refuse).withFallbacks([(text: string) => `${text}!`]));
    expect(await all(await chain.stream("abc"))).toEqual(["abc!"]);
    expect(seen).toEqual(["abc"]);
  });
});

it("what is no list of fallbacks is refused", () => {
  expect(() => boom().withFallbacks({ fallbacks: boom() } as never)).toThrow(
    expect.objectContaining({ code: "RUNLANE_INVALID_STEPS" }),
  );
  expect(() => boom().withFallbacks([undefined as never])).toThrow(
    expect.objectContaining({ code: "RUNLANE_NOT_RUNNABLE", message: expect.stringContaining("Fallback 1") }),
  );
});
