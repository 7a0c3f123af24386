import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { type Runnable, RunnableLambda, RunnableWithMessageHistory, threads } from "../../src/index.ts";
import { toStep } from "../../src/runnables/coerce.ts";
import { everything } from "../everything.ts";

const lane = threads({ max: 1, execArgv: [] });
const gates = { shared: new Int32Array(new SharedArrayBuffer(4)) };
afterAll(() => lane.close());

const triple = RunnableLambda.from((x: number) => x * 3).withLane(lane);
const anything = z.any();

/** The same step, in all wrappers that change nothing about its outputs. */
const wrapped: Record<string, Runnable<number, number>> = {
  "a config": triple.withConfig({ tags: ["a"], configurable: { b: 1 } }),
  "call options": triple.bind({ stop: 1 } as object),
  schemas: triple.withTypes({ input: z.number(), output: z.number() }),
  "limits of concurrency": triple.withLimits({ maxConcurrency: 3 }),
  "a limit of starts": triple.withLimits({ ratePerSecond: 1e6, burst: 10 }),
  attempts: triple.withRetry(),
  alternatives: triple.configurableAlternatives(
    { id: "which" },
    { other: () => RunnableLambda.from((x: number) => x) },
  ),
  "several wrappers": triple
    .withConfig({ tags: ["a"] })
    .withTypes({ input: z.number() })
    .withLimits({ maxConcurrency: 9 }),
};

const names = Object.keys(wrapped);
const inputs = Array.from({ length: 50 }, (_, index) => index);

describe("a step on a lane, wrapped in", () => {
  beforeAll(() => triple.warm());

  it.each(names)("%s is a stage of a batch like the bare step", async (name) => {
    const step = wrapped[name] as Runnable<number, number>;
    const stages = toStep(step).stages;
    expect(stages?.map(({ openFeed }) => typeof openFeed)).toEqual(["function"]);
    expect(await step.batch(inputs)).toEqual(inputs.map((x) => x * 3));
    expect(await step.batch(inputs, { maxConcurrency: 2 })).toEqual(inputs.map((x) => x * 3));
  });

  it.each(names)("%s is seen on its lane by plans, and by who measures", async (name) => {
    const step = wrapped[name] as Runnable<number, number>;
    expect(step.explain().stages.map((stage) => stage.lane)).toEqual([lane.name]);
    const { stages } = await step.explain({ analyze: true, inputs });
    expect(stages.flatMap((stage) => stage.steps.map((row) => row.figures?.inputs))).toEqual([inputs.length]);
  });

  it.each(names)("%s is part of the stages of a chain", async (name) => {
    const chain = RunnableLambda.from((x: number) => x + 1)
      .pipe(wrapped[name] as Runnable<number, number>)
      .pipe((x: number) => x - 1);
    expect(toStep(chain).stages).toHaveLength(3);
    expect(await chain.batch(inputs)).toEqual(inputs.map((x) => (x + 1) * 3 - 1));
  });

  it("a chain of stages has them all", async () => {
    const chain = triple.pipe((x: number) => x + 1).pipe(triple);
    for (const one of [chain.withConfig({ tags: ["a"] }), chain.withTypes({ input: z.number(), output: z.number() })]) {
      expect(toStep(one as Runnable).stages).toHaveLength(3);
      expect(await one.batch([1, 2])).toEqual([12, 21]);
    }
  });

  it("schemas refuses inputs and outputs one by one", async () => {
    const step = triple.withTypes({ input: z.number().max(3), output: z.number().refine((x) => x !== 6) });
    const outputs = await step.batch([1, 9, 2, 3], {}, { returnExceptions: true });
    expect(outputs.map((output) => (output instanceof Error ? (output as { code?: string }).code : output))).toEqual([
      3,
      "RUNLANE_VALIDATION_FAILED",
      "RUNLANE_VALIDATION_FAILED",
      9,
    ]);
  });

  it("schemas may be async", async () => {
    const later = z.number().transform(async (x) => x + 1);
    const step = triple.withTypes({ input: later, output: later } as never) as unknown as Runnable<number, number>;
    expect(await step.batch([1, 2, 3])).toEqual([7, 10, 13]);
  });

  it("a config runs with it", async () => {
    const reads = RunnableLambda.from((x: number, config) => [x, config.stop, config.tags, config.configurable?.a]);
    const step = reads
      .withLane(lane)
      .bind({ stop: "!" } as object)
      .withConfig({ tags: ["t"], configurable: { a: 7 } });
    expect(await step.batch([1, 2], { tags: ["call"] })).toEqual([
      [1, "!", ["t", "call"], 7],
      [2, "!", ["t", "call"], 7],
    ]);
  });

  it("alternatives run the one that the config asks for", async () => {
    const step = wrapped.alternatives as Runnable<number, number>;
    expect(await step.batch([1, 2], { configurable: { which: "other" } })).toEqual([1, 2]);
  });

  it("limits runs no more at once", async () => {
    const most = RunnableLambda.from(
      async (_: number, { uses }) => {
        const running = Atomics.add(uses.count, 0, 1) + 1;
        await new Promise((resolve) => setTimeout(resolve, 2));
        Atomics.sub(uses.count, 0, 1);
        return running;
      },
      { uses: { count: gates.shared } },
    ).withLane(lane);
    const seen = await most.withLimits({ maxConcurrency: 2 }).batch(inputs);
    expect(Math.max(...seen)).toBeLessThanOrEqual(2);
  });

  it("limits takes turns with other callers of the same limits", async () => {
    const limited = triple.withLimits({ maxConcurrency: 1 });
    const batch = limited.batch(inputs);
    const first = await Promise.race([batch.then(() => "batch"), limited.invoke(1).then(() => "call")]);
    expect(first).toBe("call");
    await batch;
    expect(limited.waiting).toBe(0);
    expect(await limited.invoke(2)).toBe(6);
  });

  it("limits gives back what an aborted batch has not used", async () => {
    const limited = triple.withLimits({ maxConcurrency: 2 });
    const controller = new AbortController();
    const batch = limited.batch(inputs, { signal: controller.signal });
    controller.abort();
    await expect(batch).rejects.toMatchObject({ name: "AbortError" });
    expect(await limited.batch([1, 2, 3])).toEqual([3, 6, 9]);
  });

  it("attempts tries again what has failed there, input by input", async () => {
    const failing = RunnableLambda.from(
      (x: number, { uses }) => {
        if (Atomics.add(uses.calls, x, 1) < x) throw new Error(`not yet: ${x}`);
        return x;
      },
      { uses: { calls: new Int32Array(new SharedArrayBuffer(16)) } },
    ).withLane(lane);
    const step = failing.withRetry({ stopAfterAttempt: 3, backoff: { initialDelayMs: 0 } });
    const outputs = await step.batch([0, 1, 2, 3], {}, { returnExceptions: true });
    expect(outputs.slice(0, 3)).toEqual([0, 1, 2]);
    expect(outputs[3]).toMatchObject({ message: "not yet: 3" });
  });

  it.each(everything ? ["a config", "schemas", "attempts"] : ["a config"])(
    "%s waits for a worker without losing time",
    async (name) => {
      const busy = threads({ min: 1, max: 1, execArgv: [] });
      const slow = RunnableLambda.from((ms: number) => {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
        return ms;
      }).withLane(busy);
      await busy.warm();
      const step = {
        "a config": slow.withConfig({ tags: ["a"] }),
        schemas: slow.withTypes({ input: anything }),
        attempts: slow.withRetry({ stopAfterAttempt: 1 }),
      }[name] as Runnable<number, number>;
      // Together they take longer than one may.
      const outputs = await step.batch(Array(8).fill(150), { timeout: 1000 }, { returnExceptions: true });
      expect(outputs).toEqual(Array(8).fill(150));
      await busy.close();
    },
  );

  it("attempts has a time that spans them", async () => {
    const failing = RunnableLambda.from((_: number) => {
      throw new Error("always");
    }).withLane(lane);
    const step = failing.withRetry({ stopAfterAttempt: 1e6, backoff: { initialDelayMs: 5, maxDelayMs: 5 } });
    const [output] = await step.batch([1], { timeout: 300 }, { returnExceptions: true });
    expect(output).toMatchObject({ name: "TimeoutError" });
  });
});

describe("a wrapper that does more to each input than to change its context", () => {
  it.each([
    ["a timeout of its own", triple.withConfig({ timeout: 1000 })],
    ["listeners", triple.withListeners({})],
    ["fallbacks", triple.withFallbacks([(x: number) => x])],
    ["attempts that are bound to a config", triple.withConfig({ tags: ["a"] }).withRetry()],
    ["a limit around several stages", triple.pipe((x: number) => x).withLimits({ maxConcurrency: 1 })],
    ["a history", new RunnableWithMessageHistory({ runnable: triple, getMessageHistory: () => ({}) })],
  ] as [string, Runnable][])("runs them one by one: %s", (_name, step) => {
    expect(toStep(step).stages).toBeUndefined();
  });

  it("is a tool that is made of stages all the same", async () => {
    const tool = triple.asTool({ name: "triple", schema: z.object({ x: z.number() }) } as never);
    expect(await tool.batch([1, 2] as never)).toEqual([3, 6]);
  });
});
