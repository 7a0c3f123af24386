import { describe, expect, it } from "vitest";
import { type Runnable, RunnableBranch, RunnableLambda, RunnableParallel, RunnableSequence } from "../../src/index.ts";
import { everything } from "../everything.ts";
import { all } from "./support.ts";

/** Far more than a stack has room for; and as deep as users may nest. */
const [STEPS, LEVELS] = everything ? [10_000, 5_000] : [2_000, 2_500];

const v2 = { version: "v2" } as const;
const increment = RunnableLambda.from((x: number) => x + 1);
const later = RunnableLambda.from(async (x: number) => x + 1);
const streamed = RunnableLambda.from(async function* (x: number) {
  yield x;
  yield 1;
});

const sequenceOf = (step: Runnable<number, number>, count: number): Runnable<number, number> =>
  RunnableSequence.from(Array(count).fill(step) as [Runnable, Runnable]);
const nest = (build: (inner: Runnable) => Runnable, count: number, innermost: Runnable = increment): Runnable => {
  let runnable = innermost;
  for (let level = 0; level < count; level++) runnable = build(runnable);
  return runnable;
};
function peel(value: unknown): [levels: number, inside: unknown] {
  let inside = value;
  let levels = 0;
  for (; typeof inside === "object"; levels++) inside = (inside as { a: unknown }).a;
  return [levels, inside];
}
const failing = RunnableLambda.from((): string => {
  throw new Error("no");
});
const wrong = () => "a fallback";

describe(`a sequence of ${STEPS} steps`, () => {
  it("runs, streams and can be left", async () => {
    expect(await sequenceOf(increment, STEPS).invoke(0)).toBe(STEPS);
    expect(await all(await sequenceOf(increment, STEPS).stream(0))).toEqual([STEPS]);
    expect(await all(await sequenceOf(later, STEPS).stream(0))).toEqual([STEPS]);
    for await (const chunk of await RunnableSequence.from([streamed, sequenceOf(streamed, STEPS / 2)]).stream(1)) {
      expect(chunk).toBe(STEPS / 2 + 1);
      break;
    }
  });

  it("reports all its events, and its log", async () => {
    const events = await all(sequenceOf(increment, STEPS).streamEvents(0, v2));
    expect(events).toHaveLength(3 * (STEPS + 1));
    expect(events.at(-1)?.data.output).toBe(STEPS);
    expect((await all(sequenceOf(later, 1_500).streamEvents(0, v2))).at(-1)?.data.output).toBe(1_500);
  });
});

describe("runnables in runnables", () => {
  it("run as parallels, 1,000 deep, in every way", async () => {
    const expected = [1_000, 2];
    const deep = nest((a) => RunnableParallel.from({ a }), 1_000);
    expect(peel(await deep.invoke(1))).toEqual(expected);
    expect((await deep.batch([1, 1], { maxConcurrency: 2 })).map(peel)).toEqual([expected, expected]);
    expect((await all(await deep.stream(1))).map(peel)).toEqual([expected]);
    const shallower = nest((a) => RunnableParallel.from({ a }), 250);
    expect((await all(shallower.streamEvents(1, v2))).at(-1)?.event).toBe("on_chain_end");
    const waiting = nest((a) => RunnableParallel.from({ a }), 1_000, later);
    expect(peel(await waiting.invoke(1))).toEqual(expected);
    expect((await all(await waiting.stream(1))).map(peel)).toEqual([expected]);
  });

  it("run as fallbacks: a full stack is no failure to fall back from", async () => {
    const deep = nest((inner) => inner.withFallbacks([wrong]), LEVELS);
    expect(await deep.invoke(1)).toBe(2);
    expect(await deep.batch([1, 2])).toEqual([2, 3]);
    expect(await all(await deep.stream(1))).toEqual([2]);
    expect(await nest((inner) => failing.withFallbacks([inner]), LEVELS).invoke(1)).toBe(2);
    expect(await failing.withFallbacks([...Array(STEPS).fill(failing), increment]).invoke(1)).toBe(2);
  });

  it.each<[string, (inner: Runnable) => Runnable]>([
    ["sequences", (inner) => new RunnableSequence({ first: inner, last: (x: number) => x })],
    ["bindings", (inner) => RunnableSequence.from([inner.withConfig({ tags: ["a"] }), (x: number) => x])],
    ["branches", (inner) => RunnableBranch.from([[() => true, inner], wrong])],
    ["retries", (inner) => inner.withRetry({ stopAfterAttempt: 2 })],
  ])("run as %s, as deep as can be", async (_, build) => {
    const deep = nest(build, LEVELS);
    expect(await deep.invoke(1)).toBe(2);
    expect(await deep.batch([1, 1])).toEqual([2, 2]);
    expect(await all(await deep.stream(1))).toEqual([2]);
  });

  it("run as functions that return runnables, as deep as the limit says", async () => {
    const deep = nest((inner) => RunnableLambda.from(() => inner), 3_000);
    expect(await deep.invoke(1, { recursionLimit: 5_000 })).toBe(2);
    expect(await all(await deep.stream(1, { recursionLimit: 5_000 }))).toEqual([2]);
    await expect(deep.invoke(1, { recursionLimit: 2_500 })).rejects.toMatchObject({ code: "RUNLANE_RECURSION_LIMIT" });
  });

  it("that nobody can look into say so", async () => {
    const deep = nest((inner) => RunnableSequence.from([inner.withConfig({ tags: ["a"] }), (x: number) => x]), 10_000);
    const tooDeep = expect.objectContaining({ code: "RUNLANE_TOO_DEEP" });
    for (const look of ["explain", "configSpecs", "resources", "getGraph"] as const)
      expect(() => deep[look](), look).toThrow(tooDeep);
    await expect(deep.warm()).rejects.toEqual(tooDeep);
  });

  it("keep their own names and tags for observers where a stack begins", async () => {
    const deep = nest((a) => RunnableParallel.from({ a }), 150);
    const starts = (await all(deep.streamEvents(1, v2))).filter(({ event }) => event === "on_chain_start");
    expect(starts.map(({ name, tags }) => [name, tags])).toEqual([
      ["RunnableMap", []],
      ...Array(149).fill(["RunnableMap", ["map:key:a"]]),
      ["RunnableLambda", ["map:key:a"]],
    ]);
  });
});
