import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import {
  type CallbackHandler,
  Runnable,
  RunnableGenerator,
  RunnableLambda,
  RunnableParallel,
} from "../../src/index.ts";
import { all } from "../runnables/support.ts";
import { recorder, settle } from "./support.ts";

const unhandled = vi.fn();

beforeEach(() => {
  unhandled.mockReset();
  process.on("unhandledRejection", unhandled);
});

afterEach(async () => {
  await settle();
  process.off("unhandledRejection", unhandled);
  expect(unhandled).not.toHaveBeenCalled();
});

/** A step that counts up for ever and writes down that it was closed. */
function counter(log: string[] = []): RunnableLambda<unknown, number[]> {
  return RunnableLambda.from(
    async function* () {
      try {
        for (let n = 0; ; n++) {
          yield [n];
          await settle();
        }
      } finally {
        log.push("closed");
      }
    },
    { name: "counter" },
  );
}

const pass = RunnableGenerator.from(
  async function* (chunks: AsyncIterable<number[]>) {
    yield* chunks;
  },
  { name: "pass" },
);

/** How each run ended, by name. */
const endsOf = (runs: ReturnType<typeof recorder>["runs"]) =>
  Object.fromEntries([...runs.values()].map(({ name, ends }) => [name, ends.join()]));

describe("a stream whose consumer leaves", () => {
  it("ends each run once, with what was there", async () => {
    const log: string[] = [];
    const { handler, runs, problems } = recorder();
    const chain = counter(log).pipe(pass);
    let taken = 0;
    for await (const _ of await chain.stream(1, { callbacks: [handler] })) if (++taken === 3) break;
    expect(log).toEqual(["closed"]);
    expect(endsOf(runs)).toEqual({ counter: "end", pass: "end", RunnableSequence: "end" });
    for (const { output } of runs.values())
      expect((output as { output?: unknown }).output ?? output).toEqual([0, 1, 2]);
    expect(problems).toEqual([]);
  });

  it.each([
    ["return", (stream: any) => stream.return()],
    ["throw", (stream: any) => stream.throw(new Error("x")).catch(() => {})],
    ["cancel", (stream: any) => stream.cancel()],
  ])("by %s, ends each run once", async (_, leave) => {
    const log: string[] = [];
    const { handler, runs } = recorder();
    const stream = await counter(log)
      .pipe(pass)
      .stream(1, { callbacks: [handler] });
    await leave(stream);
    await settle();
    expect(log).toEqual(["closed"]);
    expect(endsOf(runs)).toEqual({ counter: "end", pass: "end", RunnableSequence: "end" });
  });

  it("ends the runs of its branches", async () => {
    const log: string[] = [];
    const { handler, runs } = recorder();
    const both = RunnableParallel.from({ a: counter(log), b: counter(log).pipe(pass) });
    for await (const _ of await both.stream(1, { callbacks: [handler] })) break;
    await settle();
    await settle();
    expect(log).toEqual(["closed", "closed"]);
    expect([...runs.values()].map(({ ends }) => ends.length)).toEqual(Array(runs.size).fill(1));
    expect(runs.size).toBe(5);
  });

  it("starts no run when it is left before it was read", async () => {
    const { handler, runs } = recorder();
    await counter()
      .transform((async function* () {})(), { callbacks: [handler] })
      .return(undefined);
    expect(runs.size).toBe(0);
  });

  it("says nothing of an output that cannot be joined", async () => {
    const { handler, runs } = recorder();
    const mixed = RunnableLambda.from(function* () {
      yield 1;
      yield "two";
      yield 3;
    });
    await all(await mixed.stream(1, { callbacks: [handler] }));
    expect([...runs.values()].map(({ output, ends }) => [output, ends])).toEqual([[{}, ["end"]]]);
  });
});

describe("a stream that is aborted", () => {
  it("ends each run once, with the error", async () => {
    const log: string[] = [];
    const { handler, runs } = recorder();
    const controller = new AbortController();
    const read = async () => {
      const config = { callbacks: [handler], signal: controller.signal };
      for await (const _ of await counter(log).pipe(pass).stream(1, config)) controller.abort();
    };
    await expect(read()).rejects.toMatchObject({ name: "AbortError" });
    await settle();
    await settle();
    expect(log).toEqual(["closed"]);
    expect(endsOf(runs)).toEqual({ counter: "error", pass: "error", RunnableSequence: "error" });
    for (const { error } of runs.values()) expect(error).toMatchObject({ name: "AbortError" });
  });

  it("before its first chunk is asked for, ends each run that has started, and starts no other", async () => {
    const { handler, runs } = recorder();
    const controller = new AbortController();
    const stop = RunnableLambda.from(function* (x: number) {
      controller.abort();
      yield x;
    });
    const first = RunnableLambda.from((x: number) => {
      controller.abort();
      return x;
    });
    const config = { callbacks: [handler], signal: controller.signal };
    await expect(
      first
        .pipe(stop)
        .pipe(pass as never)
        .stream(1, config),
    ).rejects.toMatchObject({ name: "AbortError" });
    await settle();
    expect([...runs.values()].map(({ ends }) => ends.length)).toEqual([...runs.values()].map(() => 1));
    expect(runs.size).toBeGreaterThan(1);
  });

  it("by its timeout, ends each run once, with the error", async () => {
    const { handler, runs } = recorder();
    // The time is up when the first chunk is there, however slow the machine is.
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    onTestFinished(() => void vi.useRealTimers());
    const read = async () => {
      const chain = counter().pipe(pass as never);
      for await (const _ of await chain.stream(1, { callbacks: [handler], timeout: 5 })) vi.advanceTimersByTime(5);
    };
    await expect(read()).rejects.toMatchObject({ name: "TimeoutError" });
    await settle();
    await settle();
    expect(endsOf(runs)).toEqual({ counter: "error", pass: "error", RunnableSequence: "error" });
  });

  it("before it starts, starts no run", async () => {
    const { handler, runs } = recorder();
    const signal = AbortSignal.abort();
    await expect(counter().stream(1, { callbacks: [handler], signal })).rejects.toMatchObject({ name: "AbortError" });
    expect(runs.size).toBe(0);
  });
});

describe("a stream that fails", () => {
  const boom = new Error("boom");
  const failing = {
    "at once": RunnableLambda.from(() => {
      throw boom;
    }),
    later: RunnableLambda.from(() => Promise.reject(boom)),
    halfway: RunnableLambda.from(async function* () {
      yield [1];
      throw boom;
    }),
  };

  it.each(Object.entries(failing))("%s ends each run once, with the error", async (when, step) => {
    const { handler, runs, problems } = recorder();
    const read = async () =>
      all(
        await step
          .withConfig({ runName: "source" })
          .pipe(pass as never)
          .stream(1, { callbacks: [handler] }),
      );
    await expect(read()).rejects.toBe(boom);
    // What never got a chunk has not started.
    const reached = when === "halfway" ? { pass: "error" } : {};
    expect(endsOf(runs)).toEqual({ source: "error", ...reached, RunnableSequence: "error" });
    for (const { error } of runs.values()) expect(error).toBe(boom);
    expect(problems).toEqual([]);
  });

  it("in the middle closes what comes before it", async () => {
    const log: string[] = [];
    const { handler, runs } = recorder();
    const fails = RunnableGenerator.from(
      async function* (chunks: AsyncIterable<unknown>) {
        for await (const _ of chunks) throw boom;
        yield 1;
      },
      { name: "fails" },
    );
    await expect(
      counter(log)
        .pipe(fails)
        .stream(1, { callbacks: [handler] }),
    ).rejects.toBe(boom);
    await settle();
    expect(log).toEqual(["closed"]);
    expect(endsOf(runs)).toEqual({ counter: "end", fails: "error", RunnableSequence: "error" });
  });

  it("because a handler does not let a step start closes what comes before it", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const log: string[] = [];
    const { handler, runs } = recorder();
    const strict: CallbackHandler = {
      raiseError: true,
      handleChainStart: (...args) => {
        if (args[7] === "pass") throw boom;
      },
    };
    const chain = counter(log).pipe(pass);
    await expect(chain.stream(1, { callbacks: [handler, strict] })).rejects.toBe(boom);
    vi.restoreAllMocks();
    await settle();
    expect(log).toEqual(["closed"]);
    expect(endsOf(runs)).toEqual({ counter: "end", pass: "error", RunnableSequence: "error" });
  });

  it("in a step that throws when it is given its input closes what comes before it", async () => {
    const log: string[] = [];
    const { handler, runs } = recorder();
    class Refusing extends Runnable {
      override get node() {
        return { kind: "custom", runnable: this };
      }
      override run(): never {
        throw boom;
      }
      override get trace() {
        return { whole: true, wrapsInput: false, stream: "deferred" } as const;
      }
      override runStream(): never {
        throw boom;
      }
    }
    const chain = counter(log).pipe(new Refusing());
    await expect(chain.stream(1, { callbacks: [handler] })).rejects.toBe(boom);
    expect(log).toEqual(["closed"]);
    expect(endsOf(runs)).toEqual({ counter: "end", Refusing: "error", RunnableSequence: "error" });
  });
});

describe("a step that does not read its input to the end", () => {
  const first = RunnableGenerator.from(
    async function* (chunks: AsyncIterable<number[]>) {
      for await (const chunk of chunks) {
        yield chunk;
        return;
      }
    },
    { name: "first" },
  );
  const constant = RunnableGenerator.from(
    async function* () {
      yield [7];
    },
    { name: "constant" },
  );

  it.each([
    ["leaves it", first, [[0]]],
    ["never looks at it", constant, [[7]]],
  ] as const)("and %s leaves no run open before it", async (_, step, chunks) => {
    const log: string[] = [];
    const { handler, runs, problems } = recorder();
    expect(
      await all(
        await counter(log)
          .pipe(step)
          .stream(1, { callbacks: [handler] }),
      ),
    ).toEqual(chunks);
    expect(log).toEqual(["closed"]);
    expect(endsOf(runs)).toEqual({ counter: "end", [step.getName()]: "end", RunnableSequence: "end" });
    expect(problems).toEqual([]);
  });

  it("and still waits for a chunk of it when it ends does not wait for that", async () => {
    const { handler, runs } = recorder();
    const stuck = RunnableLambda.from(
      async function* () {
        yield 1;
        await new Promise(() => {});
      },
      { name: "stuck" },
    );
    const impatient = RunnableGenerator.from(
      async function* (chunks: AsyncIterable<number>) {
        const iterator = chunks[Symbol.asyncIterator]();
        yield (await iterator.next()).value;
        iterator.next();
      },
      { name: "impatient" },
    );
    expect(await all(await stuck.pipe(impatient).stream(1, { callbacks: [handler] }))).toEqual([1]);
    expect(endsOf(runs)).toMatchObject({ impatient: "end", RunnableSequence: "end" });
  });
});

describe("a handler that sees chunks", () => {
  /** Passes chunks through, and writes them down. */
  const tapping = (seen: unknown[]): object => ({
    ...recorder().handler,
    async *tapOutputIterable(_id: string, chunks: AsyncIterable<unknown>) {
      for await (const chunk of chunks) {
        seen.push(chunk);
        yield chunk;
      }
    },
  });
  /** Reads as LangChain's event streams do: without closing what it reads. */
  const careless = (seen: unknown[]): object => ({
    ...recorder().handler,
    async *tapOutputIterable(_id: string, chunks: AsyncIterator<unknown>) {
      for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) {
        seen.push(next.value);
        yield next.value;
      }
    },
  });

  it.each([
    ["closes", tapping],
    ["does not close", careless],
  ])("and %s what it reads does not keep a generator from being closed", async (_, make) => {
    const log: string[] = [];
    const seen: unknown[] = [];
    const { handler, runs } = recorder();
    const inside = RunnableLambda.from(() => counter(log), { name: "outside" });
    for await (const _ of await inside.stream(1, { callbacks: [make(seen), handler] })) break;
    expect(log).toEqual(["closed"]);
    expect(seen).toEqual([[0], [0]]);
    expect(endsOf(runs)).toEqual({ counter: "end", outside: "end" });
  });

  it("ends the runs inside before the run itself when its reader leaves", async () => {
    const { handler, log } = recorder();
    const inside = RunnableLambda.from(() => counter(), { name: "outside" });
    for await (const _ of await inside.stream(1, { callbacks: [careless([]), handler] })) break;
    expect(log).toEqual(["start outside", "start counter", "end counter", "end outside"]);
  });
});
