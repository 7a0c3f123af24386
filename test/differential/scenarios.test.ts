import * as langchain from "@langchain/core/runnables";
import { describe, expect, it } from "vitest";
import * as runlane from "../../src/index.ts";

/** Both modules, as one: scenarios use only what both have. */
type Module = typeof runlane;
type Run = (m: Module) => Promise<unknown>;
interface Scenario {
  name: string;
  run: Run;
  expected: unknown;
  /** The defect of LangChain that Runlane does not copy, and what it gives. */
  differs?: { defect: string; langchain: unknown };
}

async function chunks(stream: Promise<AsyncIterable<unknown>>): Promise<unknown[]> {
  const taken: unknown[] = [];
  for await (const chunk of await stream) taken.push(chunk);
  return taken;
}
const add = (x: number): number => x + 1;
const later = async (x: number): Promise<number> => x * 2;
const boom = (): never => {
  throw new Error("boom");
};
function* letters(text: string): Generator<string> {
  yield* text;
}
async function* words(text: string): AsyncGenerator<string> {
  yield* text.split(" ");
}
const sleepy = (ms: number) => () => new Promise<number>((done) => setTimeout(done, ms, ms));
const keysOf = async (value: Promise<object>): Promise<string[]> => Object.keys(await value);

const scenarios: Scenario[] = [
  { name: "lambda, sync", run: (m) => m.RunnableLambda.from(add).invoke(1), expected: 2 },
  { name: "lambda, async", run: (m) => m.RunnableLambda.from(later).invoke(3), expected: 6 },
  { name: "lambda, generator, invoke", run: (m) => m.RunnableLambda.from(letters).invoke("abc"), expected: "abc" },
  {
    name: "lambda, generator, stream",
    run: (m) => chunks(m.RunnableLambda.from(letters).stream("abc")),
    expected: ["a", "b", "c"],
  },
  { name: "lambda, async generator, invoke", run: (m) => m.RunnableLambda.from(words).invoke("a b"), expected: "ab" },
  {
    name: "lambda, async generator, stream",
    run: (m) => chunks(m.RunnableLambda.from(words).stream("a b")),
    expected: ["a", "b"],
  },
  {
    name: "lambda returning an array",
    run: (m) => chunks(m.RunnableLambda.from((x: number) => [x, x]).stream(1)),
    expected: [[1, 1]],
  },
  { name: "lambda returning null", run: (m) => m.RunnableLambda.from(() => null).invoke(1), expected: null },
  {
    name: "lambda returning a runnable",
    run: (m) => m.RunnableLambda.from((_: number) => m.RunnableLambda.from(add)).invoke(1),
    expected: 2,
  },
  { name: "lambda that throws", run: (m) => m.RunnableLambda.from(boom).invoke(1), expected: "Error: boom" },
  {
    name: "lambda that throws, streamed",
    run: (m) => chunks(m.RunnableLambda.from(boom).stream(1)),
    expected: "Error: boom",
  },
  {
    name: "numbers are summed",
    run: (m) =>
      m.RunnableLambda.from(function* (_: number) {
        yield 1;
        yield 2;
        yield 3;
      }).invoke(0),
    expected: 6,
  },
  {
    name: "objects are joined by key",
    run: (m) =>
      m.RunnableLambda.from(function* (_: number) {
        yield { a: "x" };
        yield { a: "y", b: 1 };
      }).invoke(0),
    expected: { a: "xy", b: 1 },
  },
  { name: "sequence", run: (m) => m.RunnableLambda.from(add).pipe(later).invoke(1), expected: 4 },
  { name: "sequence, batch", run: (m) => m.RunnableLambda.from(add).pipe(later).batch([1, 2]), expected: [4, 6] },
  {
    name: "sequence, stream",
    run: (m) =>
      chunks(
        m.RunnableLambda.from((s: string) => s)
          .pipe(letters)
          .stream("ab"),
      ),
    expected: ["a", "b"],
  },
  {
    name: "sequence, failing last step",
    run: (m) => m.RunnableLambda.from(add).pipe(boom).invoke(1),
    expected: "Error: boom",
  },
  {
    name: "sequence, failing first step",
    run: (m) => m.RunnableLambda.from(boom).pipe(add).invoke(1),
    expected: "Error: boom",
  },
  {
    name: "sequence of three",
    run: (m) => m.RunnableSequence.from<number, number>([add, add, later]).invoke(1),
    expected: 6,
  },
  {
    name: "sequence, chunks into a lambda are joined",
    run: (m) =>
      chunks(
        m.RunnableLambda.from(letters)
          .pipe((s: string) => s.length)
          .stream("abc"),
      ),
    expected: [3],
  },
  {
    name: "parallel",
    run: (m) => m.RunnableMap.from<number, { a: number; b: number }>({ a: add, b: later }).invoke(2),
    expected: { a: 3, b: 4 },
  },
  {
    name: "parallel, failing",
    run: (m) => m.RunnableMap.from<number, { a: number; b: number }>({ a: add, b: boom }).invoke(2),
    expected: "Error: boom",
  },
  { name: "parallel, empty", run: (m) => m.RunnableMap.from({}).invoke(2), expected: {} },
  {
    name: "parallel in a pipe",
    run: (m) =>
      m.RunnableLambda.from(add)
        .pipe({ a: add, b: { c: later } })
        .invoke(1),
    expected: { a: 3, b: { c: 4 } },
  },
  {
    name: "parallel, batch",
    run: (m) => m.RunnableMap.from<number, { a: number }>({ a: add }).batch([1, 2]),
    expected: [{ a: 2 }, { a: 3 }],
  },
  {
    name: "parallel, stream",
    run: (m) => chunks(m.RunnableMap.from<string, { a: string }>({ a: letters }).stream("ab")),
    expected: [{ a: "a" }, { a: "b" }],
  },
  { name: "passthrough", run: (m) => new m.RunnablePassthrough<number>().invoke(1), expected: 1 },
  {
    name: "passthrough, stream",
    run: (m) => chunks(m.RunnableLambda.from(letters).pipe(new m.RunnablePassthrough<string>()).stream("ab")),
    expected: ["a", "b"],
  },
  {
    name: "assign",
    run: (m) => m.RunnablePassthrough.assign({ b: (x: { a: number }) => x.a + 1 }).invoke({ a: 1 }),
    expected: { a: 1, b: 2 },
  },
  {
    name: "assign, overriding",
    run: (m) => m.RunnablePassthrough.assign({ a: (x: { a: number }) => x.a + 1 }).invoke({ a: 1 }),
    expected: { a: 2 },
  },
  {
    name: "assign, stream",
    run: (m) => chunks(m.RunnablePassthrough.assign({ b: (x: { a: number }) => x.a + 1 }).stream({ a: 1 })),
    expected: [{ a: 1 }, { b: 2 }],
  },
  { name: "pick one", run: (m) => new m.RunnablePick("a").invoke({ a: 1, b: 2 }), expected: 1 },
  { name: "pick several", run: (m) => new m.RunnablePick(["a", "z"]).invoke({ a: 1, b: 2 }), expected: { a: 1 } },
  { name: "pick none", run: (m) => new m.RunnablePick(["z"]).invoke({ a: 1 }), expected: undefined },
  {
    name: "branch, first",
    run: (m) => m.RunnableBranch.from<number, string>([[(x: number) => x > 0, () => "plus"], () => "rest"]).invoke(1),
    expected: "plus",
  },
  {
    name: "branch, default",
    run: (m) => m.RunnableBranch.from<number, string>([[(x: number) => x > 0, () => "plus"], () => "rest"]).invoke(-1),
    expected: "rest",
  },
  {
    name: "branch, stream",
    run: (m) => chunks(m.RunnableBranch.from<string, string>([[() => true, letters], () => "rest"]).stream("ab")),
    expected: ["a", "b"],
  },
  {
    name: "branch, falsy output",
    run: (m) => m.RunnableBranch.from<number, number>([[() => true, () => 0], () => 9]).invoke(1),
    expected: 0,
    differs: { defect: "a falsy output also runs the default", langchain: 9 },
  },
  {
    name: "binding of a call option",
    run: (m) =>
      m.RunnableLambda.from((_: number, c) => c.stop)
        .withConfig({ stop: "x" } as never)
        .invoke(1),
    expected: "x",
  },
  {
    name: "binding of configurable",
    run: (m) =>
      m.RunnableLambda.from((_: number, c) => c.configurable?.id)
        .withConfig({ configurable: { id: 7 } })
        .invoke(1),
    expected: 7,
  },
  {
    name: "each",
    run: (m) => new m.RunnableEach({ bound: m.RunnableLambda.from(add) }).invoke([1, 2]),
    expected: [2, 3],
  },
  { name: "batch with a failure", run: (m) => m.RunnableLambda.from(boom).batch([1, 2]), expected: "Error: boom" },
  { name: "batch of none", run: (m) => m.RunnableLambda.from(add).batch([]), expected: [] },
  {
    name: "getName",
    run: async (m) => [m.RunnableLambda.from(add).getName(), new m.RunnablePassthrough().getName("X")],
    expected: ["RunnableLambda", "RunnablePassthroughX"],
  },
  {
    name: "parallel, key order",
    run: (m) => keysOf(m.RunnableMap.from<number, { a: number; b: number }>({ a: sleepy(20), b: sleepy(1) }).invoke(1)),
    expected: ["a", "b"],
    differs: { defect: "keys come in completion order", langchain: ["b", "a"] },
  },
];

async function resultOf(run: Run, module: unknown): Promise<unknown> {
  try {
    return await run(module as Module);
  } catch (error) {
    return String(error);
  }
}

describe.each(scenarios)("$name", ({ run, expected, differs }) => {
  it("gives in Runlane what is expected", async () => {
    expect(await resultOf(run, runlane)).toEqual(expected);
  });
  it(differs === undefined ? "gives the same in LangChain" : `differs in LangChain: ${differs.defect}`, async () => {
    expect(await resultOf(run, langchain)).toEqual(differs === undefined ? expected : differs.langchain);
  });
});
