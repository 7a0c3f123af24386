import { add, boom, halfway, later, letters, same, sleepy, upper, words } from "../functions.ts";
import { batch, invoke, type Scenario, stream, transform } from "../harness.ts";

export const parallel: Scenario[] = [
  { name: "from", build: (lib) => lib.RunnableMap.from({ a: add, b: later }), drive: invoke(2) },
  { name: "RunnableParallel", build: (lib) => lib.RunnableParallel.from({ a: add, b: later }), drive: invoke(2) },
  { name: "the constructor", build: (lib) => new lib.RunnableParallel({ steps: { a: add } }), drive: invoke(2) },
  {
    name: "a failing branch",
    build: (lib) => lib.RunnableMap.from({ a: add, b: boom }),
    drive: invoke(2),
    fails: "own",
  },
  { name: "no branches", build: (lib) => lib.RunnableMap.from({}), drive: invoke(2) },
  { name: "no branches, streamed", build: (lib) => lib.RunnableMap.from({}), drive: stream(2) },
  {
    name: "nested objects",
    build: (lib) => lib.RunnableLambda.from(add).pipe({ a: add, b: { c: later, d: { e: add } } }),
    drive: invoke(1),
  },
  { name: "batch", build: (lib) => lib.RunnableMap.from({ a: add, b: later }), drive: batch([1, 2]) },
  { name: "stream of one branch", build: (lib) => lib.RunnableMap.from({ a: letters }), drive: stream("ab") },
  {
    name: "a stream takes turns between its branches",
    build: (lib) => lib.RunnableMap.from({ a: letters, b: words }),
    drive: async (runnable, run) => {
      await stream("x y")(runnable, run);
      run.chunks.sort((a: any, b: any) => Object.keys(a)[0]!.localeCompare(Object.keys(b)[0]!));
    },
  },
  {
    name: "a branch that fails halfway, streamed",
    build: (lib) => lib.RunnableMap.from({ a: halfway }),
    drive: stream("ab"),
    fails: "own",
  },
  { name: "transform", build: (lib) => lib.RunnableMap.from({ a: upper, b: same }), drive: transform(["x", "y"]) },
  {
    name: "chunks flow through a passthrough",
    build: (lib) => lib.RunnableMap.from({ a: new lib.RunnablePassthrough() }),
    drive: transform(["x", "y"]),
  },
  {
    name: "all branches get the same chunks",
    build: (lib) => lib.RunnableMap.from({ a: new lib.RunnablePassthrough(), b: (text: string) => text.length }),
    drive: transform(["x", "yz"]),
  },
  {
    name: "a runnable that a branch's function returns",
    build: (lib) => lib.RunnableMap.from({ a: () => lib.RunnableLambda.from(letters) }),
    drive: stream("ab"),
  },
  {
    name: "a value that is no step",
    build: (lib) => lib.RunnableMap.from({ a: 3 }),
    drive: invoke(1),
    fails: { code: "RUNLANE_NOT_RUNNABLE" },
  },
  {
    name: "keys",
    build: (lib) => lib.RunnableMap.from({ b: add, a: add }),
    drive: async (runnable) => [runnable.getStepsKeys(), Object.keys(runnable.steps)],
  },
  {
    name: "the order of keys in the output",
    build: (lib) => lib.RunnableMap.from({ a: sleepy(10), b: sleepy(1) }),
    drive: async (runnable) => Object.keys(await runnable.invoke(1)),
    differs: { defect: "keys come in the order of completion", runlane: { result: ["a", "b"] } },
  },
  {
    name: "a key called __proto__",
    build: (lib) =>
      lib.RunnableMap.from(
        Object.fromEntries([
          ["__proto__", () => "mine"],
          ["a", add],
        ]) as any,
      ),
    drive: async (runnable) => Object.entries(await runnable.invoke(1)),
    differs: {
      defect: "the key is lost",
      runlane: {
        result: [
          ["__proto__", "mine"],
          ["a", 2],
        ],
      },
    },
  },
  {
    name: "maxConcurrency bounds the branches",
    build: (lib, note) => {
      const branch = (key: string) => async () => {
        note(`${key} starts`);
        await sleepy(2)();
        note(`${key} ends`);
      };
      return lib.RunnableMap.from({ a: branch("a"), b: branch("b") });
    },
    drive: invoke(1, { maxConcurrency: 1 }),
    differs: { defect: "maxConcurrency is ignored", runlane: { notes: ["a starts", "a ends", "b starts", "b ends"] } },
  },
  { name: "names", build: (lib) => lib.RunnableMap.from({ a: add }), drive: async (runnable) => runnable.getName() },
];
