import * as langchain from "@langchain/core/runnables";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as runlane from "../../src/index.ts";
import { everything } from "../everything.ts";
import { Ids } from "./plain.ts";
import { Recorder } from "./recorder.ts";

type Lib = Record<keyof typeof langchain, any>;
const both = [runlane, langchain] as unknown as [Lib, Lib];

/** A step as data, to be built with either library. */
type Spec =
  | { kind: "lambda"; func: (x: number) => unknown }
  | { kind: "sequence"; steps: Spec[] }
  | { kind: "branch"; yes: Spec; no: Spec }
  | { kind: "pick"; of: Spec }
  | { kind: "assign"; of: Spec }
  | { kind: "fallback"; of: Spec; or: Spec }
  | { kind: "bound"; of: Spec }
  | { kind: "returned"; of: Spec };

const calculations: ((x: number) => unknown)[] = [
  (x) => x + 1,
  async (x) => x * 2,
  function* (x) {
    yield x;
    yield 3;
  },
  async function* (x) {
    yield x;
    yield -x;
    yield 5;
  },
];
const failures: ((x: number) => unknown)[] = [
  () => {
    throw new Error("thrown");
  },
  async () => {
    throw new RangeError("rejected");
  },
  async function* (x) {
    yield x;
    throw new Error("halfway");
  },
];

const compositions = (...funcs: ((x: number) => unknown)[]) => {
  const func = fc.constantFrom(...funcs);
  return fc.letrec<{ spec: Spec; lambda: Spec; composite: Spec }>((tie) => ({
    spec: fc.oneof({ maxDepth: 3, withCrossShrink: true }, tie("lambda"), tie("composite")),
    lambda: fc.record({ kind: fc.constant("lambda" as const), func }),
    composite: fc.oneof(
      fc.record({
        kind: fc.constant("sequence" as const),
        steps: fc.array(tie("spec"), { minLength: 2, maxLength: 3 }),
      }),
      fc.record({ kind: fc.constant("branch" as const), yes: tie("spec"), no: tie("spec") }),
      fc.record({ kind: fc.constant("pick" as const), of: tie("spec") }),
      fc.record({ kind: fc.constant("assign" as const), of: tie("spec") }),
      fc.record({ kind: fc.constant("fallback" as const), of: tie("spec"), or: tie("spec") }),
      fc.record({ kind: fc.constant("bound" as const), of: tie("spec") }),
      fc.record({ kind: fc.constant("returned" as const), of: tie("spec") }),
    ),
  })).spec;
};

const spec = compositions(...calculations);
const fragile = compositions(...calculations, ...failures);

function build(lib: Lib, made: Spec): any {
  switch (made.kind) {
    case "lambda":
      return lib.RunnableLambda.from(made.func);
    case "sequence":
      return lib.RunnableSequence.from(made.steps.map((step) => build(lib, step)));
    case "branch":
      return lib.RunnableBranch.from([[(x: number) => x > 50, build(lib, made.yes)], build(lib, made.no)]);
    case "pick":
      return lib.RunnableMap.from({ a: build(lib, made.of) }).pick("a");
    case "assign":
      return lib.RunnableMap.from({ a: (x: number) => x })
        .assign({ b: ({ a }: { a: number }) => build(lib, made.of).invoke(a) })
        .pick("b");
    case "fallback":
      return build(lib, made.of).withFallbacks([build(lib, made.or)]);
    case "bound":
      return build(lib, made.of).withConfig({ tags: ["bound"], metadata: { m: 1 } });
    case "returned":
      return lib.RunnableLambda.from(() => build(lib, made.of));
  }
}

async function all(source: AsyncIterable<unknown>): Promise<any[]> {
  const chunks = [];
  for await (const chunk of source) chunks.push(chunk);
  return chunks;
}

/** What a handler sees of a call: runs without the order in which siblings start. */
async function treeOf(call: (config: { callbacks: unknown[] }) => Promise<unknown>): Promise<unknown> {
  const recorder = new Recorder(new Ids());
  await call({ callbacks: [recorder] });
  return recorder.tree;
}

// Not 0: LangChain's branches run their default after a falsy output.
const input = fc.integer({ min: 1, max: 1000 }).map((x) => x / 7 + 0.1);
const check = <T>(property: fc.IAsyncProperty<T>): Promise<void> =>
  fc.assert(property, { numRuns: everything ? 60 : 20 });

describe("a random composition", () => {
  it("ends in both libraries with the same output or error, and the same runs", async () => {
    const call = fc.record(
      { tags: fc.array(fc.constantFrom("x", "y")), metadata: fc.constant({ call: 1 }), runName: fc.constant("Named") },
      { requiredKeys: [] },
    );
    await check(
      fc.asyncProperty(fragile, input, call, async (made, x, config) => {
        const [ours, theirs] = await Promise.all(
          both.map(async (lib) => {
            const recorder = new Recorder(new Ids());
            const output = await build(lib, made)
              .invoke(x, { ...config, callbacks: [recorder] })
              .catch(String);
            return [output, recorder.tree];
          }),
        );
        expect(ours).toEqual(theirs);
      }),
    );
  });

  it("gives in a batch what it gives one by one, and the same runs for each input", async () => {
    await check(
      fc.asyncProperty(
        spec,
        fc.array(input, { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        async (made, inputs, bounded) => {
          const [ours, theirs] = both.map((lib) => build(lib, made));
          const limits = bounded ? { maxConcurrency: 2 } : {};
          const outputs = await ours.batch(inputs, limits);
          expect(outputs).toEqual(await Promise.all(inputs.map((x) => ours.invoke(x))));
          expect(outputs).toEqual(await theirs.batch(inputs, limits));
          const seen = await treeOf((config) => ours.batch(inputs, config));
          expect(seen).toEqual(await treeOf((config) => theirs.batch(inputs, config)));
        },
      ),
    );
  });

  it("streams chunks whose sum is the output of invoke", async () => {
    await check(
      fc.asyncProperty(spec, input, async (made, x) => {
        const [ours] = both.map((lib) => build(lib, made));
        const chunks = await all(await ours.stream(x));
        expect(chunks.reduce((sum, chunk) => sum + chunk)).toBeCloseTo(await ours.invoke(x), 3);
      }),
    );
  });
});

describe("pipe", () => {
  it("is associative: the same output and chunks", async () => {
    await check(
      fc.asyncProperty(spec, spec, spec, input, async (first, second, third, x) => {
        const [a, b, c] = [first, second, third].map((made) => build(both[0], made));
        const [left, right] = [a.pipe(b).pipe(c), a.pipe(b.pipe(c))];
        expect(await left.invoke(x)).toEqual(await right.invoke(x));
        expect(await all(await left.stream(x))).toEqual(await all(await right.stream(x)));
      }),
    );
  });

  it("makes one sequence of sequences, with the same runs however they were put together", async () => {
    const steps = fc.array(spec, { minLength: 2, maxLength: 3 });
    await check(
      fc.asyncProperty(steps, steps, steps, input, async (first, second, third, x) => {
        const [a, b, c] = [first, second, third].map((made) => build(both[0], { kind: "sequence", steps: made }));
        const seen = await treeOf((config) => a.pipe(b).pipe(c).invoke(x, config));
        expect(seen).toEqual(await treeOf((config) => a.pipe(b.pipe(c)).invoke(x, config)));
        const whole = runlane.RunnableSequence.from([...a.steps, ...b.steps, ...c.steps] as [any, any]);
        expect(seen).toEqual(await treeOf((config) => whole.invoke(x, config)));
      }),
    );
  });
});

const values = fc.dictionary(fc.constantFrom("x", "y", "z"), fc.oneof(fc.integer(), fc.string()), { maxKeys: 2 });
const config = fc.record(
  {
    tags: fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 3 }),
    metadata: values,
    configurable: values,
    timeout: fc.integer({ min: 1, max: 1000 }),
    recursionLimit: fc.nat(40),
    maxConcurrency: fc.integer({ min: 1, max: 9 }),
    runName: fc.string(),
    stop: fc.array(fc.string()),
    callbacks: fc.array(fc.constantFrom<object[]>({ name: "one" }, { name: "two" }), { maxLength: 2 }),
  },
  { requiredKeys: [] },
);

describe("configs", () => {
  it("merge as LangChain merges them", () => {
    fc.assert(
      fc.property(fc.array(fc.option(config, { nil: undefined }), { maxLength: 4 }), (configs) => {
        expect(runlane.mergeConfigs(...configs)).toEqual(langchain.mergeConfigs(...(configs as object[])));
      }),
    );
  });

  it("merge associatively, and an empty one changes nothing", () => {
    const { mergeConfigs } = runlane;
    fc.assert(
      fc.property(config, config, config, (a, b, c) => {
        expect(mergeConfigs(mergeConfigs(a, b), c)).toEqual(mergeConfigs(a, mergeConfigs(b, c)));
        expect(mergeConfigs({}, a, undefined)).toEqual(mergeConfigs(a));
        expect(mergeConfigs(a, {})).toEqual(mergeConfigs(a));
      }),
    );
  });

  it("are completed and patched as LangChain does it", () => {
    const patch = fc.record(
      { runName: fc.string(), recursionLimit: fc.nat(9), configurable: values },
      { requiredKeys: [] },
    );
    const open = config.map(({ timeout, ...rest }) => rest);
    fc.assert(
      fc.property(open, patch, (given, changes) => {
        expect(runlane.ensureConfig(given)).toEqual(langchain.ensureConfig(given));
        expect(runlane.patchConfig(given, changes)).toEqual(langchain.patchConfig(given, changes));
      }),
    );
  });

  it("reach functions as in LangChain, bound and called", async () => {
    const open = config.map(({ timeout, callbacks, ...rest }) => rest);
    await check(
      fc.asyncProperty(open, open, async (bound, called) => {
        const [ours, theirs] = await Promise.all(
          both.map((lib) =>
            lib.RunnableLambda.from((_: number, { tags, metadata, configurable, maxConcurrency, stop }: any) => [
              tags,
              metadata,
              configurable,
              maxConcurrency,
              stop,
            ])
              .withConfig(bound)
              .invoke(1, called),
          ),
        );
        expect(ours).toEqual(theirs);
      }),
    );
  });
});
