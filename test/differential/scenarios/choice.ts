import { add, boom, later, letters, upper } from "../functions.ts";
import { batch, invoke, type Lib, type Scenario, stream, transform } from "../harness.ts";

const sign = (lib: Lib) =>
  lib.RunnableBranch.from([
    [(x: number) => x > 0, () => "plus"],
    [async (x: number) => x < 0, async () => "minus"],
    () => "zero",
  ]);

const router = (lib: Lib) =>
  new lib.RouterRunnable({
    runnables: {
      add: lib.RunnableLambda.from(add),
      later: lib.RunnableLambda.from(later),
      spell: lib.RunnableLambda.from(letters),
    },
  });

export const choice: Scenario[] = [
  { name: "branch, first", build: sign, drive: invoke(1) },
  { name: "branch, second, async", build: sign, drive: invoke(-1) },
  { name: "branch, default", build: sign, drive: invoke(0) },
  { name: "branch, batch", build: sign, drive: batch([1, 0, -1]) },
  {
    name: "branch, stream",
    build: (lib) => lib.RunnableBranch.from([[() => true, letters], upper]),
    drive: stream("ab"),
  },
  {
    name: "branch, stream of the default",
    build: (lib) => lib.RunnableBranch.from([[() => false, upper], letters]),
    drive: stream("ab"),
  },
  {
    name: "branch, transform joins its input",
    build: (lib) => lib.RunnableBranch.from([[(text: string) => text.length > 1, letters], upper]),
    drive: transform(["a", "b"]),
  },
  {
    name: "branch, conditions stop at the first that holds",
    build: (lib, note) => {
      const condition = (key: string, holds: boolean) => () => {
        note(key);
        return holds;
      };
      return lib.RunnableBranch.from([
        [condition("a", false), add],
        [condition("b", true), add],
        [condition("c", true), add],
        add,
      ]);
    },
    drive: invoke(1),
  },
  {
    name: "branch, a truthy condition",
    build: (lib) => lib.RunnableBranch.from([[() => "yes", add], later]),
    drive: invoke(5),
  },
  {
    name: "branch, a falsy output",
    build: (lib) => lib.RunnableBranch.from([[() => true, () => 0], () => 9]),
    drive: invoke(1),
    differs: { defect: "a falsy output also runs the default", runlane: { result: 0 } },
  },
  {
    name: "branch, a falsy output, streamed",
    build: (lib) => lib.RunnableBranch.from([[() => true, () => 0], () => 9]),
    drive: stream(1),
  },
  {
    name: "branch, a failing condition",
    build: (lib) => lib.RunnableBranch.from([[boom, add], later]),
    drive: invoke(1),
    fails: "own",
  },
  {
    name: "branch, a failing branch",
    build: (lib) => lib.RunnableBranch.from([[() => true, boom], later]),
    drive: invoke(1),
    fails: "own",
  },
  {
    name: "branch, a failing branch, streamed",
    build: (lib) => lib.RunnableBranch.from([[() => true, boom], later]),
    drive: stream(1),
    fails: "own",
  },
  { name: "branch, only a default", build: (lib) => lib.RunnableBranch.from([add]), drive: invoke(1) },
  {
    name: "branch, the constructor",
    build: (lib) => {
      const step = (func: (x: number) => unknown) => lib.RunnableLambda.from(func);
      return new lib.RunnableBranch({ branches: [[step((x) => x > 1), step(add)]], default: step(later) });
    },
    drive: batch([1, 2]),
  },
  {
    name: "branch, maps as branches",
    build: (lib) => lib.RunnableBranch.from([[() => true, { a: add }], later]),
    drive: invoke(1),
  },
  { name: "router", build: router, drive: invoke({ key: "add", input: 1 }) },
  {
    name: "router, batch",
    build: router,
    drive: batch([
      { key: "add", input: 1 },
      { key: "later", input: 5 },
    ]),
  },
  {
    name: "router, batch with maxConcurrency",
    build: router,
    drive: batch(
      [
        { key: "add", input: 1 },
        { key: "later", input: 5 },
      ],
      { maxConcurrency: 1 },
    ),
    differs: { defect: "after the first slice runs the wrong runnable", runlane: { result: [2, 10] } },
  },
  { name: "router, stream", build: router, drive: stream({ key: "spell", input: "ab" }) },
  { name: "router, transform", build: router, drive: transform([{ key: "add", input: 1 }]) },
  {
    name: "router, an unknown key",
    build: router,
    drive: invoke({ key: "x", input: 1 }),
    fails: { code: "RUNLANE_UNKNOWN_ROUTE" },
  },
  {
    name: "router, an unknown key, streamed",
    build: router,
    drive: stream({ key: "x", input: 1 }),
    fails: { code: "RUNLANE_UNKNOWN_ROUTE" },
  },
  {
    name: "router, an unknown key, batched",
    build: router,
    drive: batch([{ key: "x", input: 1 }]),
    fails: { code: "RUNLANE_UNKNOWN_ROUTE" },
  },
  {
    name: "router, in a chain",
    build: (lib) => lib.RunnableSequence.from([(input: number) => ({ key: "add", input }), router(lib)]),
    drive: invoke(1),
  },
  {
    name: "router, a key of Object.prototype",
    build: router,
    drive: invoke({ key: "toString", input: 1 }),
    fails: { code: "RUNLANE_UNKNOWN_ROUTE" },
  },
  {
    name: "each",
    build: (lib) => new lib.RunnableEach({ bound: lib.RunnableLambda.from(add) }),
    drive: invoke([1, 2]),
  },
  {
    name: "each, of none",
    build: (lib) => new lib.RunnableEach({ bound: lib.RunnableLambda.from(add) }),
    drive: invoke([]),
  },
  {
    name: "each, batch",
    build: (lib) => new lib.RunnableEach({ bound: lib.RunnableLambda.from(add) }),
    drive: batch([[1, 2], [3]]),
  },
  {
    name: "each, stream",
    build: (lib) => new lib.RunnableEach({ bound: lib.RunnableLambda.from(later) }),
    drive: stream([1, 2]),
  },
  {
    name: "each, transform joins arrays",
    build: (lib) => new lib.RunnableEach({ bound: lib.RunnableLambda.from(later) }),
    drive: transform([[1], [2, 3]]),
  },
  {
    name: "each, a failing element",
    build: (lib) => new lib.RunnableEach({ bound: lib.RunnableLambda.from(boom) }),
    drive: invoke([1]),
    fails: "own",
  },
  {
    name: "each, nested",
    build: (lib) => new lib.RunnableEach({ bound: new lib.RunnableEach({ bound: lib.RunnableLambda.from(add) }) }),
    drive: invoke([[1], [2, 3]]),
  },
  {
    name: "each, the config of an element",
    build: (lib) =>
      new lib.RunnableEach({ bound: lib.RunnableLambda.from((x: number, config: any) => x + config.configurable.by) }),
    drive: invoke([1, 2], { configurable: { by: 10 } }),
  },
  {
    name: "names",
    build: (lib) => lib,
    drive: async (lib) => [
      sign(lib).getName(),
      router(lib).getName(),
      new lib.RunnableEach({ bound: lib.RunnableLambda.from(add) }).getName(),
    ],
  },
];
