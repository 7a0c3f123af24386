import fc from "fast-check";
import { expect, it } from "vitest";
import { mergeConfigs, type Outcome, RunnableLambda } from "../../src/index.ts";
import { all } from "./support.ts";

type Step = RunnableLambda<number, number>;
const step = fc.constantFrom<Step>(
  RunnableLambda.from((x: number) => x + 1),
  RunnableLambda.from(async (x: number) => x * 2),
  RunnableLambda.from((x: number) => RunnableLambda.from((y: number) => y - x * 3)),
  RunnableLambda.from<number, number>(function* (x: number) {
    yield x;
    yield 1;
  }),
);
const numbers = fc.array(fc.integer(), { maxLength: 30 });
const limit = fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined });

it("batch equals mapped invoke, whatever the concurrency", async () => {
  await fc.assert(
    fc.asyncProperty(step, step, numbers, limit, async (a, b, inputs, maxConcurrency) => {
      const chain = a.pipe(b);
      const one = await Promise.all(inputs.map((input) => chain.invoke(input)));
      expect(await chain.batch(inputs, { maxConcurrency })).toEqual(one);
    }),
  );
});

it("the joined chunks of a stream equal invoke", async () => {
  await fc.assert(
    fc.asyncProperty(step, step, fc.integer(), async (a, b, input) => {
      const chain = a.pipe(b);
      const chunks = await all(await chain.stream(input));
      expect(chunks.reduce((sum, chunk) => sum + chunk)).toBe(await chain.invoke(input));
    }),
  );
});

it("pipe is associative", async () => {
  await fc.assert(
    fc.asyncProperty(step, step, step, fc.integer(), async (a, b, c, input) => {
      expect(await a.pipe(b).pipe(c).invoke(input)).toBe(await a.pipe(b.pipe(c)).invoke(input));
    }),
  );
});

const config = fc.record(
  {
    tags: fc.array(fc.constantFrom("a", "b", "c")),
    metadata: fc.dictionary(fc.constantFrom("x", "y"), fc.integer()),
    timeout: fc.integer({ min: 1, max: 1000 }),
    recursionLimit: fc.nat(),
    stop: fc.string(),
  },
  { requiredKeys: [] },
);

it("mergeConfigs is associative, and an empty config changes nothing", () => {
  fc.assert(
    fc.property(config, config, config, (a, b, c) => {
      expect(mergeConfigs(mergeConfigs(a, b), c)).toEqual(mergeConfigs(a, mergeConfigs(b, c)));
      expect(mergeConfigs(a, {}, undefined)).toEqual(mergeConfigs(a));
      expect(mergeConfigs(a, a)).toEqual(mergeConfigs(a));
    }),
  );
});

it("the outcomes of batchStream equal those of batch", async () => {
  const odd = RunnableLambda.from(async (x: number) => {
    if (x % 2 !== 0) throw new Error(`odd ${x}`);
    return x / 2;
  });
  await fc.assert(
    fc.asyncProperty(numbers, limit, fc.boolean(), async (inputs, maxConcurrency, ordered) => {
      const outcomes = await all(odd.batchStream(inputs, { maxConcurrency, ordered }));
      const byIndex = outcomes.toSorted(([a], [b]) => a - b).map(([, outcome]: [number, Outcome<number>]) => outcome);
      const values = byIndex.map((outcome) => (outcome.status === "fulfilled" ? outcome.value : outcome.reason));
      expect(values).toEqual(await odd.batch(inputs, {}, { returnExceptions: true }));
      if (ordered) expect(outcomes.map(([index]) => index)).toEqual(inputs.map((_, index) => index));
    }),
  );
});
