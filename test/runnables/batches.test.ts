import { describe, expect, it } from "vitest";
import { RouterRunnable, RunlaneError, RunnableLambda } from "../../src/index.ts";
import { all, defer, spin, turn } from "./support.ts";

const identity = RunnableLambda.from((x: number) => x);

it("RouterRunnable.batch under maxConcurrency uses the runnable of each key", async () => {
  const router = new RouterRunnable({
    runnables: { a: async (x: number) => `a${x}`, b: async (x: number) => `b${x}` },
  });
  const inputs = [
    { key: "a", input: 1 },
    { key: "b", input: 2 },
    { key: "b", input: 3 },
  ];
  expect(await router.batch(inputs, { maxConcurrency: 1 })).toEqual(["a1", "b2", "b3"]);
});

it("batchAsCompleted yields outcomes in the order of completion", async () => {
  const gates = [defer<string>(), defer<string>(), defer<string>()];
  const wait = RunnableLambda.from((index: number) => gates[index]?.promise ?? "none");
  const outcomes = wait.batchAsCompleted([0, 1, 2]);
  const first = outcomes.next();
  gates[2]?.resolve("c");
  expect((await first).value).toEqual([2, { status: "fulfilled", value: "c" }]);
  const error = new Error("b");
  gates[1]?.reject(error);
  expect((await outcomes.next()).value).toEqual([1, { status: "rejected", reason: error }]);
  gates[0]?.resolve("a");
  expect((await outcomes.next()).value).toEqual([0, { status: "fulfilled", value: "a" }]);
  expect((await outcomes.next()).done).toBe(true);
});

describe("batchStream", () => {
  it("reads at most twice the concurrency ahead", async () => {
    let read = 0;
    function* source() {
      for (;;) yield read++;
    }
    const outcomes = identity.batchStream(source(), { maxConcurrency: 3 });
    for (let taken = 1; taken <= 5; taken++) {
      await outcomes.next();
      await turn();
      expect(read - taken).toBeLessThanOrEqual(6);
    }
    await outcomes.return();
  });

  it("hands on the source's error after what was read has finished", async () => {
    function* source() {
      yield 1;
      yield 2;
      throw new Error("source");
    }
    const taken: number[] = [];
    const reading = (async () => {
      for await (const [index] of identity.batchStream(source())) taken.push(index);
    })();
    await expect(reading).rejects.toThrow("source");
    expect(taken).toEqual([0, 1]);
  });

  it("closes the source and aborts what is in flight when the reader leaves", async () => {
    let closed = false;
    let aborted = false;
    function* source() {
      try {
        for (let n = 0; ; n++) yield n;
      } finally {
        closed = true;
      }
    }
    const started = defer<number>();
    const hang = RunnableLambda.from((x: number, config) => {
      if (x === 0) return started.promise;
      started.resolve(x);
      config.signal?.addEventListener("abort", () => {
        aborted = true;
      });
      return new Promise<number>(() => {});
    });
    for await (const _ of hang.batchStream(source(), { maxConcurrency: 2 })) break;
    await expect.poll(() => [closed, aborted], { timeout: 50_000 }).toEqual([true, true]);
  });
});

it("a sync batch lets timers and I/O run before it ends", async () => {
  let ran = false;
  setImmediate(() => {
    ran = true;
  });
  const seen = await RunnableLambda.from((_: number) => {
    spin(3);
    return ran;
  }).batch(Array.from({ length: 20 }, (_, index) => index));
  expect(seen[0]).toBe(false);
  expect(seen.at(-1)).toBe(true);
});

it("10,000 async inputs are in flight at once", async () => {
  const gate = defer<void>();
  let started = 0;
  const wait = RunnableLambda.from(async (x: number) => {
    if (++started === 10_000) gate.resolve();
    await gate.promise;
    return x;
  });
  expect(await wait.batch(Array.from({ length: 10_000 }, (_, index) => index))).toHaveLength(10_000);
});

it.each([
  "tags",
  "metadata",
  "configurable",
  "runName",
  "runId",
  "recursionLimit",
  "maxConcurrency",
  "timeout",
  "signal",
])("a config with a wrong %s is refused", async (key) => {
  const config = { [key]: key === "runName" || key === "runId" ? 1 : -1 };
  const error: unknown = await identity.invoke(1, config).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(RunlaneError);
  expect(error).toMatchObject({ code: "RUNLANE_INVALID_CONFIG" });
});

it.each([[[1]], ["text"], [undefined], [null], [7]])("%j cannot be a step", (thing) => {
  expect(() => identity.pipe(thing as never)).toThrow(expect.objectContaining({ code: "RUNLANE_NOT_RUNNABLE" }));
});

it("streams are web streams", async () => {
  const letters = RunnableLambda.from<string, string>(function* (text) {
    yield* text;
  });
  expect(await new Response((await letters.stream("abc")).pipeThrough(new TextEncoderStream())).text()).toBe("abc");
  const [left, right] = (await letters.stream("ab")).tee();
  expect(await Promise.all([all(left), all(right)])).toEqual([
    ["a", "b"],
    ["a", "b"],
  ]);
});
