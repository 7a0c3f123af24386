import { add, boom, halfway, later, letters, same, upper, words } from "../functions.ts";
import { batch, invoke, type Scenario, stream, transform } from "../harness.ts";

export const sequence: Scenario[] = [
  { name: "pipe", build: (lib) => lib.RunnableLambda.from(add).pipe(later), drive: invoke(1) },
  { name: "three steps", build: (lib) => lib.RunnableSequence.from([add, add, later]), drive: invoke(1) },
  {
    name: "the constructor",
    build: (lib) => {
      const step = lib.RunnableLambda.from(add);
      return new lib.RunnableSequence({ first: step, middle: [step, step], last: step });
    },
    drive: invoke(1),
  },
  { name: "batch", build: (lib) => lib.RunnableLambda.from(add).pipe(later), drive: batch([1, 2]) },
  { name: "stream of the last step", build: (lib) => lib.RunnableSequence.from([upper, letters]), drive: stream("ab") },
  {
    name: "chunks into a lambda are joined",
    build: (lib) => lib.RunnableSequence.from([letters, (text: string) => text.length]),
    drive: stream("abc"),
  },
  {
    name: "a failing last step",
    build: (lib) => lib.RunnableLambda.from(add).pipe(boom),
    drive: invoke(1),
    fails: "own",
  },
  {
    name: "a failing first step",
    build: (lib) => lib.RunnableLambda.from(boom).pipe(add),
    drive: invoke(1),
    fails: "own",
  },
  {
    name: "a failing first step, streamed",
    build: (lib) => lib.RunnableLambda.from(boom).pipe(letters),
    drive: stream(1),
    fails: "own",
  },
  {
    name: "a step that fails halfway before a lambda",
    build: (lib) => lib.RunnableLambda.from(halfway).pipe(upper),
    drive: stream(1),
    fails: "own",
  },
  {
    name: "a step that fails halfway before a passthrough",
    build: (lib) => lib.RunnableLambda.from(halfway).pipe(new lib.RunnablePassthrough()),
    drive: stream(1),
    fails: "own",
  },
  {
    name: "a failing step, batched",
    build: (lib) => lib.RunnableSequence.from([add, boom, add]),
    drive: batch([1, 2]),
    fails: "own",
  },
  {
    name: "a failing input of a batch with returnExceptions, in the last step",
    build: (lib) => lib.RunnableSequence.from([add, (x: number) => (x === 2 ? boom() : x)]),
    drive: batch([1, 2], undefined, { returnExceptions: true }),
  },
  {
    name: "a failing input of a batch with returnExceptions, in the first step",
    build: (lib) => lib.RunnableSequence.from([(x: number) => (x === 1 ? boom() : x), (x: unknown) => [x]]),
    drive: batch([1, 2], undefined, { returnExceptions: true }),
    differs: {
      defect: "the error is given to the next step as its input",
      runlane: { result: ["Error: boom", [2]] },
    },
  },
  {
    name: "a batch has no barrier between steps",
    build: (lib, note) =>
      lib.RunnableSequence.from([
        (x: number) => {
          note(`first ${x}`);
          return x;
        },
        (x: number) => note(`second ${x}`),
      ]),
    drive: batch([1, 2]),
    differs: {
      defect: "every input waits until all inputs have ended a step",
      runlane: { notes: ["first 1", "second 1", "first 2", "second 2"] },
    },
  },
  {
    name: "a sequence piped into a sequence",
    build: (lib) => lib.RunnableSequence.from([add, add]).pipe(lib.RunnableSequence.from([later, later])),
    drive: async (runnable) => [runnable.steps.length, await runnable.invoke(1)],
  },
  {
    name: "a sequence inside a sequence",
    build: (lib) => lib.RunnableSequence.from([add, lib.RunnableSequence.from([later, add]), later]),
    drive: async (runnable) => [runnable.steps.length, await runnable.invoke(1)],
  },
  {
    name: "a sequence of streaming steps inside a sequence, streamed",
    build: (lib) => {
      const through = new lib.RunnablePassthrough();
      return lib.RunnableSequence.from([letters, lib.RunnableSequence.from([through, through])]);
    },
    drive: stream("abc"),
    differs: { defect: "an inner sequence waits for its whole input", runlane: { chunks: ["a", "b", "c"] } },
  },
  {
    name: "a bound sequence of streaming steps, streamed",
    build: (lib) => {
      const through = new lib.RunnablePassthrough();
      return lib.RunnableLambda.from(letters).pipe(through.pipe(through).withConfig({ tags: ["t"] }));
    },
    drive: stream("ab"),
    differs: { defect: "an inner sequence waits for its whole input", runlane: { chunks: ["a", "b"] } },
  },
  {
    name: "transform of a sequence of lambdas",
    build: (lib) => lib.RunnableSequence.from([upper, words]),
    drive: transform(["a ", "b"]),
  },
  {
    name: "transform of chunks that cannot be joined, first step a lambda",
    build: (lib) => lib.RunnableSequence.from([(x: unknown) => x, (x: unknown) => [x]]),
    drive: transform([true, false]),
    differs: { defect: "joins the chunks itself, before its first step does", runlane: { chunks: [[false]] } },
  },
  { name: "a map as a step", build: (lib) => lib.RunnableSequence.from([add, { a: add, b: later }]), drive: invoke(1) },
  {
    name: "a map as a step, streamed into a lambda",
    build: (lib) =>
      lib.RunnableSequence.from([same, { a: letters, b: upper }, (x: { a: string; b: string }) => x.a + x.b]),
    drive: stream("xy"),
  },
  {
    name: "a step that gives undefined",
    build: (lib) => lib.RunnableSequence.from([() => undefined, (x: unknown) => [x]]),
    drive: stream(1),
  },
  {
    name: "a step that is no step",
    build: (lib) => lib.RunnableSequence.from([add, 3]),
    drive: invoke(1),
    fails: { code: "RUNLANE_NOT_RUNNABLE" },
  },
  {
    name: "an array as a step",
    build: (lib) => lib.RunnableLambda.from(add).pipe([add]),
    drive: invoke(1),
    fails: { code: "RUNLANE_NOT_RUNNABLE" },
  },
  {
    name: "names",
    build: (lib) => lib.RunnableSequence.from([add, add], "Named"),
    drive: async (runnable, { lib }) => [
      runnable.getName(),
      runnable.pipe(add).getName(),
      lib.RunnableSequence.from([add, add]).pipe(runnable).getName(),
      lib.RunnableSequence.from([add, add], { name: "Fields" }).getName(),
      lib.RunnableSequence.from([add, add]).getName(),
    ],
  },
  {
    name: "what is a sequence",
    build: (lib) => lib.RunnableSequence,
    drive: async (Sequence, { lib }) => {
      const things = [Sequence.from([add, add]), lib.RunnableLambda.from(add), lib.RunnableMap.from({ a: add })];
      return things.map((thing) => Boolean(Sequence.isRunnableSequence(thing)));
    },
  },
];
