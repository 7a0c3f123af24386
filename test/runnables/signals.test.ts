import { getEventListeners } from "node:events";
import { describe, expect, it, vi } from "vitest";
import {
  processes,
  type Runnable,
  RunnableGenerator,
  RunnableLambda,
  RunnableParallel,
  RunnableSequence,
  threads,
} from "../../src/index.ts";
import { turn } from "./support.ts";

const kinds: [string, (func: () => number) => Runnable<number, unknown>][] = [
  ["lambda", (func) => RunnableLambda.from(func)],
  ["sequence", (func) => RunnableSequence.from<number, number>([func, (x: number) => x])],
  ["parallel", (func) => RunnableLambda.from(func).pipe({ a: (x: number) => x })],
  ["binding", (func) => RunnableLambda.from(func).withConfig({ tags: ["x"] })],
];

describe("a signal that has aborted before the call", () => {
  it.each(kinds)("never calls the function of a %s", async (_, build) => {
    const func = vi.fn(() => 1);
    const runnable = build(func);
    const config = { signal: AbortSignal.abort() };
    const expected = { name: "AbortError" };
    await expect(runnable.invoke(1, config)).rejects.toMatchObject(expected);
    await expect(runnable.stream(1, config)).rejects.toMatchObject(expected);
    await expect(runnable.batch([1, 2], config)).rejects.toMatchObject(expected);
    await expect(runnable.batch([1, 2], [config, config])).rejects.toMatchObject(expected);
    await expect(runnable.batchAsCompleted([1], config).next()).rejects.toMatchObject(expected);
    await expect(runnable.batchStream([1], config).next()).rejects.toMatchObject(expected);
    expect(func).not.toHaveBeenCalled();
  });

  it("never calls a function behind a bound signal", async () => {
    const func = vi.fn(() => 1);
    const bound = RunnableLambda.from(func).withConfig({ signal: AbortSignal.abort() });
    await expect(bound.invoke(1)).rejects.toMatchObject({ name: "AbortError" });
    await expect(bound.stream(1)).rejects.toMatchObject({ name: "AbortError" });
    expect(func).not.toHaveBeenCalled();
  });
});

describe("a signal that aborts during the call", () => {
  it.each(kinds)("rejects the invoke of a %s with its reason", async (_, build) => {
    const controller = new AbortController();
    const pending = build(() => new Promise<number>(() => {}) as unknown as number);
    const result = pending.invoke(1, { signal: controller.signal });
    controller.abort(new Error("enough"));
    await expect(result).rejects.toThrow("enough");
  });

  it("gives pending places the error under returnExceptions and keeps finished ones", async () => {
    const controller = new AbortController();
    const some = RunnableLambda.from((x: number) => (x === 1 ? 1 : new Promise<number>(() => {})));
    const result = some.batch([1, 2], { signal: controller.signal }, { returnExceptions: true });
    await turn();
    controller.abort();
    const [first, second] = await result;
    expect(first).toBe(1);
    expect(second).toMatchObject({ name: "AbortError" });
  });

  it("keeps later steps from running", async () => {
    const controller = new AbortController();
    const later = vi.fn((x: number) => x);
    const chain = RunnableLambda.from(async (x: number) => {
      controller.abort();
      return x;
    }).pipe(later);
    await expect(chain.invoke(1, { signal: controller.signal })).rejects.toMatchObject({ name: "AbortError" });
    await turn();
    expect(later.mock.calls.length).toBeLessThanOrEqual(1);
  });
});

describe("the finally of a generator", () => {
  function endless(log: string[], gate?: () => Promise<void>) {
    return async function* () {
      try {
        for (let n = 0; ; n++) {
          yield n;
          await gate?.();
        }
      } finally {
        log.push("finally");
      }
    };
  }

  const shapes: [string, (log: string[]) => Runnable<number, number>][] = [
    ["lambda", (log) => RunnableLambda.from<number, number>(endless(log))],
    ["sequence", (log) => RunnableSequence.from<number, number>([(x: number) => x, endless(log)])],
    [
      "step before a RunnableGenerator",
      (log) =>
        RunnableLambda.from<number, number>(endless(log)).pipe(
          RunnableGenerator.from<number, number>(async function* (chunks) {
            yield* chunks;
          }),
        ),
    ],
    ["binding", (log) => RunnableLambda.from<number, number>(endless(log)).withConfig({ tags: ["a"] })],
  ];

  it.each(shapes)("runs when the reader of a %s breaks", async (_, build) => {
    const log: string[] = [];
    for await (const chunk of await build(log).stream(1)) if (chunk === 2) break;
    expect(log).toEqual(["finally"]);
  });

  it.each(shapes)("runs when the stream of a %s is cancelled", async (_, build) => {
    const log: string[] = [];
    const stream = await build(log).stream(1);
    await stream.cancel();
    expect(log).toEqual(["finally"]);
  });

  it.each(shapes)("runs when a reader of a %s cancels after some chunks", async (_, build) => {
    const log: string[] = [];
    const reader = (await build(log).stream(1)).getReader();
    expect(await reader.read()).toEqual({ done: false, value: 0 });
    await reader.cancel();
    expect(log).toEqual(["finally"]);
  });

  it.each(shapes)("runs when the signal of a %s aborts between chunks", async (_, build) => {
    const log: string[] = [];
    const controller = new AbortController();
    const stream = await build(log).stream(1, { signal: controller.signal });
    const reading = (async () => {
      for await (const chunk of stream) if (chunk === 2) controller.abort();
    })();
    await expect(reading).rejects.toMatchObject({ name: "AbortError" });
    await turn();
    expect(log).toEqual(["finally"]);
  });

  it("runs for each branch of a parallel whose reader breaks", async () => {
    const log: string[] = [];
    const both = RunnableLambda.from((x: number) => x).pipe({ a: endless(log), b: endless(log) });
    for await (const _ of await both.stream(1)) break;
    await turn();
    expect(log).toEqual(["finally", "finally"]);
  });
});

describe("a config that says nothing", () => {
  it("gives functions the config that they get without one", async () => {
    const seen: unknown[] = [];
    const step = RunnableLambda.from((_: number, config) => void seen.push({ ...config }));
    const given = { tags: ["a"], signal: undefined };
    for (const config of [undefined, {}, { signal: undefined, timeout: undefined }]) await step.invoke(1, config);
    await step.invoke(1, given);
    expect(seen[1]).toEqual(seen[0]);
    expect(seen[2]).toEqual(seen[0]);
    expect(seen[3]).toMatchObject({ tags: ["a"] });
  });
});

describe("many inputs that share a signal", () => {
  it("print no MaxListenersExceededWarning", async () => {
    const warnings: Error[] = [];
    const listen = (warning: Error): void => void warnings.push(warning);
    process.on("warning", listen);
    try {
      const { signal } = new AbortController();
      const listening = RunnableLambda.from(async (x: number, config) => {
        config.signal?.addEventListener("abort", () => {});
        await turn();
        return x;
      });
      const steps = RunnableSequence.from<number, number>([listening, listening, (x: number) => x, listening]);
      const inputs = Array.from({ length: 100 }, (_, index) => index);
      expect(await steps.batch(inputs, { signal })).toEqual(inputs);
      expect(await steps.batch(inputs, { signal, timeout: 10_000 })).toEqual(inputs);
      await Promise.all(inputs.map((input) => steps.invoke(input, { signal })));
      const wide = RunnableParallel.from(Object.fromEntries(inputs.map((input) => [`k${input}`, listening])));
      await wide.invoke(1, { signal: new AbortController().signal });
      await turn();
    } finally {
      process.off("warning", listen);
    }
    expect(warnings.filter(({ name }) => name === "MaxListenersExceededWarning")).toEqual([]);
  });
});

describe("a stream with a signal", () => {
  /** Yields a number, and after that nothing any more. */
  const silent = RunnableLambda.from(async function* () {
    yield 1;
    await new Promise(() => {});
  });
  const streams: [string, (signal: AbortSignal) => Promise<AsyncIterator<unknown>>][] = [
    ["stream", (signal) => silent.stream(0, { signal })],
    ["an observed stream", (signal) => silent.stream(0, { signal, callbacks: [{ handleChainStart: () => {} }] })],
    [
      "streamEvents",
      async (signal) => silent.streamEvents(0, { version: "v2", signal }, { includeNames: [] })[Symbol.asyncIterator](),
    ],
  ];

  it.each(streams)("%s: every read that waits is rejected when it aborts", async (_, open) => {
    const controller = new AbortController();
    const stream = await open(controller.signal);
    const reads: Promise<unknown>[] = [];
    for (let index = 0; index < 9; index++)
      reads.push(
        stream.next().then(
          () => "read",
          (error) => error.name,
        ),
      );
    await turn();
    controller.abort();
    const outcomes = await Promise.all(reads);
    expect(outcomes).toContain("AbortError");
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
  });

  it("listens once for all of its chunks, and no more when it has ended or is left", async () => {
    const { signal } = new AbortController();
    const listen = vi.spyOn(signal, "addEventListener");
    const count = RunnableLambda.from(async function* () {
      for (let index = 0; index < 50; index++) yield index;
    });
    for await (const _ of await count.stream(0, { signal })) expect(listen.mock.calls.length).toBe(1);
    expect(getEventListeners(signal, "abort")).toEqual([]);
    for await (const _ of await count.stream(0, { signal })) break;
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });
});

describe("the error of what Runlane stops", () => {
  const TIMEOUT = { name: "TimeoutError", code: "TimeoutError" };

  it("has its name as its code, and is a DOMException", async () => {
    const waits = RunnableLambda.from((_: number) => new Promise(() => {}));
    const late = await waits.invoke(1, { timeout: 5 }).catch((error) => error);
    expect(late).toBeInstanceOf(DOMException);
    expect(late).toMatchObject(TIMEOUT);
    expect(Object.keys(late)).toEqual([]);
    const aborted = waits.invoke(1, { signal: AbortSignal.abort("enough") });
    await expect(aborted).rejects.toMatchObject({ name: "AbortError", code: "AbortError", message: "enough" });
  });

  it.each([threads, processes])("keeps it on its way from a worker", async (lanes) => {
    await using lane = lanes({ max: 1, graceMs: 20, execArgv: [] });
    const inner = RunnableLambda.from((_: number) => new Promise(() => {})).withConfig({ timeout: 5 });
    await expect(inner.withLane(lane).invoke(1)).rejects.toMatchObject(TIMEOUT);
    const endless = RunnableLambda.from((on: boolean) => {
      while (on);
    }).withLane(lane);
    await expect(endless.invoke(true, { timeout: 20 })).rejects.toMatchObject(TIMEOUT);
  });

  it("is the reason of the signal where that is an error", async () => {
    const reason = new DOMException("mine", "AbortError");
    const step = RunnableLambda.from((x: number) => x);
    await expect(step.invoke(1, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(reason.code).toBe(20);
  });
});
