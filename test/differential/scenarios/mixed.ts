import * as langchain from "@langchain/core/runnables";
import { add, boom, halfway, later, letters, same, upper } from "../functions.ts";
import { batch, eventsByRun, invoke, type Lib, type Scenario, stream, transform } from "../harness.ts";

const theirs = langchain as Lib;

/** The library's runnables, to be steps of LangChain's composites. */
const inner: [string, (lib: Lib) => any, unknown][] = [
  ["a lambda", (lib) => lib.RunnableLambda.from(add), 1],
  ["a generator", (lib) => lib.RunnableLambda.from(letters), "ab"],
  ["a sequence", (lib) => lib.RunnableSequence.from([same, later]), 1],
  ["a map", (lib) => lib.RunnableMap.from({ a: add }), 1],
  ["a branch", (lib) => lib.RunnableBranch.from([[() => true, add], later]), 1],
  ["a passthrough", (lib) => new lib.RunnablePassthrough(), "ab"],
  ["an assign", (lib) => lib.RunnablePassthrough.assign({ b: () => 1 }), { a: 1 }],
  ["a pick", (lib) => new lib.RunnablePick("a"), { a: 1 }],
  ["a binding", (lib) => lib.RunnableLambda.from(add).withConfig({ tags: ["t"], runName: "Bound" }), 1],
];

/** LangChain's runnables, to be steps of the library's composites. */
const guests: [string, any, unknown][] = [
  ["a lambda", theirs.RunnableLambda.from(add), 1],
  ["a generator", theirs.RunnableLambda.from(letters), "ab"],
  ["a sequence", theirs.RunnableSequence.from([same, later]), 1],
  ["a map", theirs.RunnableMap.from({ a: add }), 1],
  ["a binding", theirs.RunnableLambda.from(add).withConfig({ tags: ["t"], runName: "Bound" }), 1],
];

const first = (step: unknown) => theirs.RunnableSequence.from([step, same]);
const last = (step: unknown) => theirs.RunnableSequence.from([same, step]);

/** Those whose streams are reported in another way: callbacks.ts has why. */
const reportedElse = new Set(["a sequence", "a branch"]);

export const mixed: Scenario[] = [
  ...inner.flatMap(([what, build, input]): Scenario[] => [
    {
      name: `${what} first in LangChain's sequence`,
      build: (lib) => first(build(lib)),
      drive: invoke(input),
      observe: "calls",
    },
    {
      name: `${what} last in LangChain's sequence`,
      build: (lib) => last(build(lib)),
      drive: invoke(input),
      observe: "calls",
    },
    {
      name: `${what} in LangChain's sequence, batched`,
      build: (lib) => first(build(lib)),
      drive: batch([input, input]),
      observe: "tree",
    },
    {
      name: `${what} in LangChain's map`,
      build: (lib) => theirs.RunnableMap.from({ key: build(lib) }),
      drive: invoke(input),
      observe: "tree",
    },
  ]),
  ...inner
    .filter(([what]) => !reportedElse.has(what))
    .flatMap(([what, build, input]): Scenario[] => [
      {
        name: `${what} last in LangChain's sequence, streamed`,
        build: (lib) => last(build(lib)),
        drive: stream(input),
        observe: "tree",
      },
      {
        name: `events of ${what} in LangChain's sequence`,
        build: (lib) => last(build(lib)),
        drive: eventsByRun(input),
      },
    ]),
  ...guests.flatMap(([what, step, input]): Scenario[] => [
    {
      name: `LangChain's ${what.slice(2)} in a sequence`,
      build: (lib) => lib.RunnableSequence.from([same, step]),
      drive: invoke(input),
      observe: "calls",
    },
    {
      name: `LangChain's ${what.slice(2)} in a sequence, streamed`,
      build: (lib) => lib.RunnableSequence.from([same, step]),
      drive: stream(input),
      observe: "tree",
    },
    {
      name: `LangChain's ${what.slice(2)} in a sequence, batched`,
      build: (lib) => lib.RunnableSequence.from([step, same]),
      drive: batch([input, input]),
      observe: "tree",
    },
    {
      name: `LangChain's ${what.slice(2)} in a map`,
      build: (lib) => lib.RunnableMap.from({ key: step }),
      drive: invoke(input),
      observe: "tree",
    },
    {
      name: `LangChain's ${what.slice(2)}, returned by a function`,
      build: (lib) => lib.RunnableLambda.from(() => step),
      drive: invoke(input),
      observe: "calls",
    },
    {
      name: `LangChain's ${what.slice(2)}, in a branch`,
      build: (lib) => lib.RunnableBranch.from([[() => true, step], same]),
      drive: invoke(input),
      observe: "tree",
    },
    {
      name: `events of LangChain's ${what.slice(2)} in a sequence`,
      build: (lib) => lib.RunnableSequence.from([same, step]),
      drive: eventsByRun(input),
    },
  ]),
  {
    name: "a failing step in LangChain's sequence",
    build: (lib) => last(lib.RunnableLambda.from(boom)),
    drive: invoke(1),
    observe: "calls",
    fails: "own",
  },
  {
    name: "a failing stream in LangChain's sequence",
    build: (lib) => last(lib.RunnableLambda.from(halfway)),
    drive: stream(1),
    observe: "calls",
    fails: "own",
  },
  {
    name: "LangChain's failing step",
    build: (lib) => lib.RunnableSequence.from([same, theirs.RunnableLambda.from(boom)]),
    drive: invoke(1),
    observe: "calls",
    fails: "own",
  },
  {
    name: "LangChain's fallbacks around a step",
    build: (lib) =>
      new theirs.RunnableWithFallbacks({
        runnable: lib.RunnableLambda.from(boom),
        fallbacks: [lib.RunnableLambda.from(upper)],
      }),
    drive: invoke("a"),
    observe: "calls",
  },
  {
    name: "LangChain's listeners on a step",
    build: (lib, note) =>
      new theirs.RunnableBinding({ bound: lib.RunnableLambda.from(add), config: {}, kwargs: {} }).withListeners({
        onEnd: (run: any) => note(run.outputs),
      }),
    drive: invoke(1),
  },
  {
    name: "LangChain's each around a step",
    build: (lib) => new theirs.RunnableEach({ bound: lib.RunnableLambda.from(add) }),
    drive: invoke([1, 2]),
    observe: "tree",
  },
  {
    name: "LangChain's retry around a step",
    build: (lib) => new theirs.RunnableRetry({ bound: lib.RunnableLambda.from(add), config: {}, kwargs: {} }),
    drive: invoke(1),
    observe: "calls",
  },
  {
    name: "transform through both",
    build: (lib) =>
      theirs.RunnableSequence.from([
        lib.RunnableLambda.from(upper),
        theirs.RunnableLambda.from(letters),
        new lib.RunnablePassthrough(),
      ]),
    drive: transform(["a", "b"]),
    observe: "tree",
  },
  {
    name: "three layers",
    build: (lib) =>
      lib.RunnableSequence.from([
        same,
        theirs.RunnableMap.from({ a: lib.RunnableSequence.from([add, theirs.RunnableLambda.from(later)]) }),
      ]),
    drive: invoke(1),
    observe: "calls",
  },
];
