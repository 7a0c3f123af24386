import { add, boom, failing, halfway, later, letters, same, sleepy, upper, words } from "../functions.ts";
import { batch, type Drive, invoke, type Lib, type Scenario, stream, transform } from "../harness.ts";

const chain = (lib: Lib) => lib.RunnableSequence.from([add, later]);
const nested = (lib: Lib) =>
  lib.RunnableSequence.from([add, lib.RunnableSequence.from([add, later]), { a: add, b: add }]);

const wrapped: Scenario["differs"] = {
  defect: "the output of a streamed branch comes bare, that of an invoked one in an object",
  runlane: { calls: [{ calls: ['chain start RunnableBranch [] {} {"input":1}', 'chain end {"output":4}'] }] },
};

/** Composites, each with an input, whose runs are compared in every way of calling. */
const shapes: [string, (lib: Lib) => any, unknown, streams?: Scenario["differs"]][] = [
  ["a lambda", (lib) => lib.RunnableLambda.from(add), 1],
  ["a sequence", chain, 1],
  [
    "nested sequences",
    nested,
    1,
    {
      defect: "an inner sequence waits for its whole input",
      runlane: {
        calls: [
          {
            runs: [
              {},
              {},
              { calls: ['chain start RunnableSequence ["seq:step:2"] {} {"input":""}', 'chain end 6 of {"input":2}'] },
            ],
          },
        ],
      },
    },
  ],
  ["a map", (lib) => lib.RunnableMap.from({ a: add, b: chain(lib) }), 1],
  [
    "a branch",
    (lib) => lib.RunnableBranch.from([[(x: number) => x > 1, add], [() => true, chain(lib)], later]),
    1,
    wrapped,
  ],
  ["a branch's default", (lib) => lib.RunnableBranch.from([[() => false, add], chain(lib)]), 1, wrapped],
  ["each", (lib) => new lib.RunnableEach({ bound: lib.RunnableLambda.from(add) }), [1]],
  [
    "a passthrough",
    (lib) => new lib.RunnablePassthrough(),
    1,
    {
      defect: "a stream is reported as an invoke, unless it is inside a chain",
      runlane: {
        calls: [{ calls: ['chain start RunnablePassthrough [] {} {"input":""}', 'chain end 1 of {"input":1}'] }],
      },
    },
  ],
  ["pick", (lib) => new lib.RunnablePick("a"), { a: 1 }],
  ["assign", (lib) => lib.RunnablePassthrough.assign({ b: () => 1 }), { a: 1 }],
  ["a binding", (lib) => chain(lib).withConfig({ runName: "Bound", tags: ["t"], metadata: { m: 1 } }), 1],
  [
    "a bound step",
    (lib) =>
      lib.RunnableSequence.from([add, lib.RunnableLambda.from(add).withConfig({ runName: "Step", tags: ["t"] })]),
    1,
  ],
  ["a router", (lib) => new lib.RouterRunnable({ runnables: { a: chain(lib) } }), { key: "a", input: 1 }],
  ["a returned runnable", (lib) => lib.RunnableLambda.from(() => chain(lib)), 1],
  ["a lambda of an object", (lib) => lib.RunnableLambda.from(() => ({ a: [1, { b: null }] })), { x: [1] }],
];

const failures: [string, (lib: Lib) => any][] = [
  ["a lambda", (lib) => lib.RunnableLambda.from(boom)],
  ["a sequence", (lib) => lib.RunnableSequence.from([add, boom, add])],
  ["a map", (lib) => lib.RunnableMap.from({ a: boom })],
  ["a branch", (lib) => lib.RunnableBranch.from([[() => true, boom], add])],
  ["fallbacks", (lib) => lib.RunnableLambda.from(boom).withFallbacks([lib.RunnableLambda.from(boom)])],
  ["a generator", (lib) => lib.RunnableLambda.from(halfway)],
];

const falling = (lib: Lib) => lib.RunnableLambda.from(boom).withFallbacks([lib.RunnableLambda.from(add)]);

const retrying = (lib: Lib) => lib.RunnableLambda.from(add).withRetry();

const silently =
  (drive: Drive): Drive =>
  (runnable, run) =>
    drive(runnable, run).catch(() => "failed");

export const callbacks: Scenario[] = [
  ...shapes.flatMap(([what, build, input, differs]): Scenario[] => [
    { name: `invoke of ${what}`, build, drive: invoke(input), observe: "tree" },
    { name: `stream of ${what}`, build, drive: stream(input), observe: "tree", ...(differs && { differs }) },
    { name: `batch of ${what}`, build, drive: batch([input, input]), observe: "tree" },
  ]),
  ...failures.flatMap(([what, build]): Scenario[] => [
    { name: `failing invoke of ${what}`, build, drive: invoke(1), observe: "calls", fails: "own" },
    { name: `failing stream of ${what}`, build, drive: stream(1), observe: "tree", fails: "own" },
    { name: `failing batch of ${what}`, build, drive: silently(batch([1])), observe: "tree" },
  ]),
  {
    name: "a failing input of a batch with returnExceptions",
    build: (lib) => lib.RunnableSequence.from([add, boom]),
    drive: batch([1], undefined, { returnExceptions: true }),
    observe: "tree",
    differs: {
      defect: "the run of a failed input ends with the error as its output",
      runlane: {
        calls: [{ calls: ['chain start RunnableSequence [] {} {"input":1}', "chain error Error: boom"] }],
      },
    },
  },
  { name: "the order of a sequence", build: chain, drive: invoke(1), observe: "calls" },
  {
    name: "the order of nested sequences",
    build: (lib) => lib.RunnableSequence.from([add, chain(lib), chain(lib)]),
    drive: invoke(1),
    observe: "calls",
  },
  {
    name: "the order of a branch",
    build: (lib) => lib.RunnableBranch.from([[(x: number) => x > 1, add], [() => true, chain(lib)], later]),
    drive: invoke(1),
    observe: "calls",
  },
  {
    name: "the order of a map of async functions",
    build: (lib) => lib.RunnableMap.from({ a: sleepy(1), b: sleepy(5) }),
    drive: invoke(1),
    observe: "calls",
  },
  {
    name: "a sequence without tags for its steps",
    build: (lib) => lib.RunnableSequence.from([add, add], { omitSequenceTags: true }),
    drive: invoke(1),
    observe: "calls",
  },
  {
    name: "the name of a sequence",
    build: (lib) => lib.RunnableSequence.from([add, add], "Named"),
    drive: invoke(1),
    observe: "tree",
    differs: {
      defect: "the name of a sequence is told to nobody",
      runlane: {
        calls: [{ calls: ['chain start Named (RunnableSequence) [] {} {"input":1}', 'chain end {"output":3}'] }],
      },
    },
  },
  { name: "the order of a streamed sequence", build: chain, drive: stream(1), observe: "calls" },
  {
    name: "the order of a streamed generator",
    build: (lib) => lib.RunnableSequence.from([upper, words, letters]),
    drive: stream("a b"),
    observe: "calls",
  },
  {
    name: "transform of a lambda",
    build: (lib) => lib.RunnableLambda.from(upper),
    drive: transform(["a", "b"]),
    observe: "calls",
  },
  {
    name: "transform of a sequence",
    build: chain,
    drive: transform([1, 2]),
    observe: "tree",
    differs: {
      defect: "a sequence waits for its whole input",
      runlane: {
        calls: [{ calls: ['chain start RunnableSequence [] {} {"input":""}', 'chain end 8 of {"input":3}'] }],
      },
    },
  },
  {
    name: "transform of chunks that cannot be joined",
    build: (lib) => lib.RunnableLambda.from(same),
    drive: transform([true, false]),
    observe: "calls",
  },
  {
    name: "transform of a map",
    build: (lib) => lib.RunnableMap.from({ a: upper, b: same }),
    drive: transform(["a", "b"]),
    observe: "tree",
  },
  {
    name: "a map whose branches race",
    build: (lib) => lib.RunnableMap.from({ a: sleepy(3), b: chain(lib), c: sleepy(1) }),
    drive: invoke(1),
    observe: "tree",
  },
  {
    name: "retries",
    build: (lib) => lib.RunnableLambda.from(failing(new Error("1"), new Error("2"))).withRetry(),
    drive: invoke(1),
    observe: "calls",
    timers: "fake",
  },
  {
    name: "retries of a sequence",
    build: (lib) =>
      chain(lib)
        .pipe(failing(new Error("1")))
        .withRetry(),
    drive: invoke(1),
    observe: "calls",
    timers: "fake",
  },
  { name: "a retry that succeeds at once", build: retrying, drive: invoke(1), observe: "calls" },
  {
    name: "retries of a batch",
    build: (lib) => lib.RunnableLambda.from(failing(new Error("1"))).withRetry(),
    drive: batch([1, 2]),
    observe: "tree",
    timers: "fake",
    differs: {
      defect: "each input's run ends with the outputs of all",
      runlane: {
        calls: ['{"input":1}', '{"input":2}'].map((input) => ({
          calls: [
            `chain start RunnableLambda (RunnableRetry) [] {} ${input}`,
            `chain end ${input.replace("in", "out")}`,
          ],
        })),
      },
    },
  },
  {
    name: "a streamed retry",
    build: retrying,
    drive: stream(1),
    observe: "tree",
    differs: {
      defect: "a streamed retry has no run",
      runlane: {
        calls: [{ runs: [{ calls: ['chain start RunnableLambda [] {} {"input":""}', 'chain end 2 of {"input":1}'] }] }],
      },
    },
  },
  { name: "invoke of fallbacks", build: falling, drive: invoke(1), observe: "calls" },
  { name: "batch of fallbacks", build: falling, drive: batch([1, 2]), observe: "tree" },
  {
    name: "stream of fallbacks",
    build: falling,
    drive: stream(1),
    observe: "tree",
    differs: {
      defect: "the output of the stream is told to nobody",
      runlane: {
        calls: [{ calls: ['chain start RunnableWithFallbacks [] {} {"input":1}', 'chain end {"output":2}'] }],
      },
    },
  },
  {
    name: "map, assign, pick",
    build: (lib) =>
      lib.RunnableMap.from({ a: add })
        .assign({ b: () => 1 })
        .pick(["a", "b"]),
    drive: invoke(1),
    observe: "calls",
  },
  {
    name: "map, assign, pick, streamed",
    build: (lib) =>
      lib.RunnableMap.from({ a: add })
        .assign({ b: () => 1 })
        .pick(["a", "b"]),
    drive: stream(1),
    observe: "tree",
  },
  {
    name: "a passthrough with a function",
    build: (lib) => new lib.RunnablePassthrough({ func: add }),
    drive: invoke(1),
    observe: "calls",
  },
  {
    name: "outputs that are no objects",
    build: (lib) => lib.RunnableSequence.from([() => [1], () => new Date(0), () => null, () => undefined]),
    drive: invoke([2]),
    observe: "calls",
  },
];
