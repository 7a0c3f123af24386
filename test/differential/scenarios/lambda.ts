import { add, boom, boomLater, halfway, later, letters, words } from "../functions.ts";
import { batch, invoke, type Scenario, stream, transform } from "../harness.ts";

export const lambda: Scenario[] = [
  { name: "a sync function", build: (lib) => lib.RunnableLambda.from(add), drive: invoke(1) },
  { name: "an async function", build: (lib) => lib.RunnableLambda.from(later), drive: invoke(3) },
  { name: "the constructor", build: (lib) => new lib.RunnableLambda({ func: add }), drive: invoke(1) },
  { name: "a generator, invoked", build: (lib) => lib.RunnableLambda.from(letters), drive: invoke("abc") },
  { name: "a generator, streamed", build: (lib) => lib.RunnableLambda.from(letters), drive: stream("abc") },
  { name: "an async generator, invoked", build: (lib) => lib.RunnableLambda.from(words), drive: invoke("a b") },
  { name: "an async generator, streamed", build: (lib) => lib.RunnableLambda.from(words), drive: stream("a b") },
  { name: "an async generator, batched", build: (lib) => lib.RunnableLambda.from(words), drive: batch(["a b", "c d"]) },
  {
    name: "a promise of an async generator",
    build: (lib) => lib.RunnableLambda.from(async (text: string) => words(text)),
    drive: stream("a b"),
  },
  {
    name: "a ReadableStream",
    build: (lib) => lib.RunnableLambda.from((text: string) => ReadableStream.from(text.split(" "))),
    drive: stream("a b"),
  },
  {
    name: "a ReadableStream, invoked",
    build: (lib) => lib.RunnableLambda.from((text: string) => ReadableStream.from(text.split(" "))),
    drive: invoke("a b"),
  },
  {
    name: "a sync iterator",
    build: (lib) => lib.RunnableLambda.from((text: string) => text[Symbol.iterator]()),
    drive: stream("abc"),
  },
  {
    name: "an empty generator, invoked",
    build: (lib) => lib.RunnableLambda.from(function* () {}),
    drive: invoke(1),
  },
  {
    name: "an empty generator, streamed",
    build: (lib) => lib.RunnableLambda.from(function* () {}),
    drive: stream(1),
  },
  {
    name: "a Set is no stream",
    build: (lib) => lib.RunnableLambda.from(() => new Set([1, 2])),
    drive: async (runnable) => [...(await runnable.invoke(1))],
  },
  {
    name: "an iterable whose iterator is another object",
    build: (lib) =>
      lib.RunnableLambda.from(() => {
        const iterator = {
          chunks: ["a", "b"],
          async next() {
            const value = this.chunks.shift();
            return { value, done: value === undefined };
          },
        };
        return { [Symbol.asyncIterator]: () => iterator };
      }),
    drive: stream(1),
    differs: { defect: "next is called on the iterable instead of the iterator", runlane: { chunks: ["a", "b"] } },
  },
  {
    name: "an array, streamed",
    build: (lib) => lib.RunnableLambda.from((x: number) => [x, x]),
    drive: stream(1),
  },
  { name: "null", build: (lib) => lib.RunnableLambda.from(() => null), drive: invoke(1) },
  { name: "undefined, streamed", build: (lib) => lib.RunnableLambda.from(() => undefined), drive: stream(1) },
  {
    name: "a returned runnable gets the same input",
    build: (lib) => lib.RunnableLambda.from(() => lib.RunnableLambda.from(add)),
    drive: invoke(1),
  },
  {
    name: "a promised runnable, streamed",
    build: (lib) => lib.RunnableLambda.from(async () => lib.RunnableLambda.from(letters)),
    drive: stream("abc"),
  },
  {
    name: "a returned sequence, batched",
    build: (lib) => lib.RunnableLambda.from(() => lib.RunnableSequence.from([add, later])),
    drive: batch([1, 2]),
  },
  {
    name: "a runnable that returns itself without end",
    build: (lib) => {
      let calls = 0;
      const self: unknown = lib.RunnableLambda.from(() => (++calls < 500 ? self : calls));
      return self;
    },
    drive: invoke(1),
    fails: { code: "RUNLANE_RECURSION_LIMIT" },
    differs: {
      defect: "counts two a level and looks for exactly 0, so that 25 is never reached",
      runlane: { error: "an error of the library" },
    },
  },
  {
    name: "the recursion limit that a function sees",
    build: (lib) => lib.RunnableLambda.from((_: number, config: any) => config.recursionLimit),
    drive: invoke(1, { recursionLimit: 7 }),
  },
  {
    name: "recursion down to the limit, streamed",
    build: (lib) => lib.RunnableLambda.from(() => lib.RunnableLambda.from(() => 1)),
    drive: stream(1, { recursionLimit: 0 }),
    fails: { code: "RUNLANE_RECURSION_LIMIT" },
  },
  { name: "a throwing function", build: (lib) => lib.RunnableLambda.from(boom), drive: invoke(1), fails: "own" },
  { name: "a rejecting function", build: (lib) => lib.RunnableLambda.from(boomLater), drive: invoke(1), fails: "own" },
  {
    name: "a throwing function, streamed",
    build: (lib) => lib.RunnableLambda.from(boom),
    drive: stream(1),
    fails: "own",
  },
  {
    name: "a thrown string",
    build: (lib) =>
      lib.RunnableLambda.from(() => {
        throw "text";
      }),
    drive: invoke(1),
    fails: "own",
  },
  {
    name: "a generator that fails halfway, invoked",
    build: (lib) => lib.RunnableLambda.from(halfway),
    drive: invoke(1),
    fails: "own",
  },
  {
    name: "a generator that fails halfway, streamed",
    build: (lib) => lib.RunnableLambda.from(halfway),
    drive: stream(1),
    fails: "own",
  },
  {
    name: "numbers in chunks are summed",
    build: (lib) =>
      lib.RunnableLambda.from(function* () {
        yield* [1, 2, 3];
      }),
    drive: invoke(0),
  },
  {
    name: "objects in chunks are joined by key",
    build: (lib) =>
      lib.RunnableLambda.from(function* () {
        yield { a: "x", list: [1] };
        yield { a: "y", b: 1, list: [2] };
      }),
    drive: invoke(0),
  },
  {
    name: "arrays in chunks are joined",
    build: (lib) =>
      lib.RunnableLambda.from(function* () {
        yield [1];
        yield [2, 3];
      }),
    drive: invoke(0),
  },
  {
    name: "of chunks that cannot be joined the last one holds",
    build: (lib) =>
      lib.RunnableLambda.from(function* () {
        yield true;
        yield "x";
        yield false;
      }),
    drive: invoke(0),
  },
  {
    name: "chunks after one that could not be joined",
    build: (lib) =>
      lib.RunnableLambda.from(function* () {
        yield "x";
        yield 2;
        yield 3;
      }),
    drive: invoke(0),
    differs: { defect: "gives neither the join nor the last one, but the join of the rest", runlane: { result: 3 } },
  },
  {
    name: "null and undefined chunks",
    build: (lib) =>
      lib.RunnableLambda.from(function* () {
        yield undefined;
        yield "a";
        yield null;
      }),
    drive: stream(0),
  },
  {
    name: "transform joins its input",
    build: (lib) => lib.RunnableLambda.from((text: string) => text.length),
    drive: transform(["a", "bc"]),
  },
  {
    name: "transform with chunks that cannot be joined",
    build: (lib) => lib.RunnableLambda.from((last: unknown) => [last]),
    drive: transform([true, "x", null]),
  },
  { name: "transform of nothing", build: (lib) => lib.RunnableLambda.from((x: unknown) => [x]), drive: transform([]) },
  {
    name: "call options in the second argument",
    build: (lib) => lib.RunnableLambda.from((_: number, config: any) => [config.stop, config.tags, config.metadata]),
    drive: invoke(1, { stop: "x", tags: ["t"], metadata: { m: 1 } }),
  },
  {
    name: "names",
    build: (lib) => lib.RunnableLambda.from(add),
    drive: async (runnable) => [runnable.getName(), runnable.getName("Suffix"), runnable.lc_namespace, runnable.lc_id],
  },
];
