import { getContextVariable, setContextVariable } from "@langchain/core/context";
import { add, sleep } from "../functions.ts";
import { batch, invoke, type Lib, type Scenario, stream } from "../harness.ts";

/** A function that calls another runnable without handing its config on. */
const calling = (lib: Lib, use: (inner: any, x: number) => unknown) => {
  const inner = lib.RunnableLambda.from((x: number, { tags, configurable, runName, metadata }: any) => [
    x,
    tags,
    configurable,
    runName,
    metadata,
  ]);
  return lib.RunnableLambda.from((x: number) => use(inner, x));
};

const call = { tags: ["a"], configurable: { c: 1 }, metadata: { m: 1 }, runName: "Outer" };

/** What functions find of the call around them, where there is an AsyncLocalStorage to keep it in. */
export const ambient: Scenario[] = [
  {
    name: "invoke",
    build: (lib) => calling(lib, (inner, x) => inner.invoke(x)),
    drive: invoke(1, call),
    observe: "calls",
  },
  {
    name: "invoke after a wait",
    build: (lib) => calling(lib, (inner, x) => sleep(1).then(() => inner.invoke(x))),
    drive: invoke(1, call),
    observe: "calls",
  },
  {
    name: "stream",
    build: (lib) => calling(lib, (inner, x) => inner.stream(x)),
    drive: stream(1, call),
    observe: "calls",
  },
  {
    name: "batch",
    build: (lib) => calling(lib, (inner, x) => inner.batch([x, x])),
    drive: invoke(1, call),
    observe: "tree",
  },
  {
    name: "invoke in each input of a batch",
    build: (lib) => calling(lib, (inner, x) => inner.invoke(x)),
    drive: batch([1, 2], [call, {}]),
    observe: "tree",
  },
  {
    name: "tags of its own replace those around",
    build: (lib) => calling(lib, (inner, x) => inner.invoke(x, { tags: ["b"] })),
    drive: invoke(1, call),
    observe: "calls",
  },
  {
    name: "configurable of its own replaces the one around",
    build: (lib) => calling(lib, (inner, x) => inner.invoke(x, { configurable: { d: 1 } })),
    drive: invoke(1, call),
    observe: "calls",
  },
  {
    name: "no callbacks of its own cut it off",
    build: (lib) => calling(lib, (inner, x) => inner.invoke(x, { callbacks: [] })),
    drive: invoke(1, call),
    observe: "calls",
  },
  {
    name: "a sequence",
    build: (lib) => calling(lib, (inner, x) => lib.RunnableSequence.from([add, inner]).invoke(x)),
    drive: invoke(1, call),
    observe: "calls",
  },
  {
    name: "a map",
    build: (lib) => calling(lib, (inner, x) => lib.RunnableMap.from({ a: inner }).invoke(x)),
    drive: invoke(1, call),
    observe: "calls",
  },
  {
    name: "two levels",
    build: (lib) => calling(lib, (inner, x) => lib.RunnableLambda.from((y: number) => inner.invoke(y)).invoke(x)),
    drive: invoke(1, call),
    observe: "calls",
  },
  {
    name: "a generator",
    build: (lib) =>
      lib.RunnableLambda.from(async function* (x: number) {
        yield await lib.RunnableLambda.from(add).invoke(x);
        yield await lib.RunnableLambda.from(add).invoke(x + 1);
      }),
    drive: stream(1, call),
    observe: "calls",
    differs: {
      defect: "what a generator calls finds nothing of the call around it, unless LangSmith is tracing",
      runlane: {
        calls: [
          'r1<- chain start Outer (RunnableLambda) ["a"] {"m":1} {"input":""}',
          'r2<r1 chain start RunnableLambda ["a"] {"m":1} {"input":1}',
          'r2<r1 chain end {"output":2}',
          'r3<r1 chain start RunnableLambda ["a"] {"m":1} {"input":2}',
          'r3<r1 chain end {"output":3}',
          'r1<- chain end 5 of {"input":1}',
        ],
      },
    },
  },
  {
    name: "a generator, invoked",
    build: (lib) =>
      lib.RunnableLambda.from(async function* (x: number) {
        yield await lib.RunnableLambda.from(add).invoke(x);
        yield await lib.RunnableLambda.from(add).invoke(x + 1);
      }),
    drive: invoke(1, call),
    observe: "calls",
    differs: {
      defect: "what a generator calls finds nothing of the call around it, unless LangSmith is tracing",
      runlane: {
        calls: [
          'r1<- chain start Outer (RunnableLambda) ["a"] {"m":1} {"input":1}',
          'r2<r1 chain start RunnableLambda ["a"] {"m":1} {"input":1}',
          'r2<r1 chain end {"output":2}',
          'r3<r1 chain start RunnableLambda ["a"] {"m":1} {"input":2}',
          'r3<r1 chain end {"output":3}',
          'r1<- chain end {"output":5}',
        ],
      },
    },
  },
  {
    name: "a step in the middle of a chain",
    build: (lib) => lib.RunnableSequence.from([add, calling(lib, (inner, x) => inner.invoke(x)), (x: unknown) => x]),
    drive: invoke(1, call),
    observe: "calls",
  },
  {
    name: "a step in the middle of a chain, streamed",
    build: (lib) => lib.RunnableSequence.from([add, calling(lib, (inner, x) => inner.invoke(x)), (x: unknown) => x]),
    drive: stream(1, call),
    observe: "tree",
  },
  {
    name: "context variables",
    build: (lib) => {
      const read = lib.RunnableLambda.from(() => getContextVariable("who"));
      return lib.RunnableLambda.from(() => {
        setContextVariable("who", "me");
        return read.invoke(1);
      });
    },
    drive: invoke(1),
  },
  {
    name: "a bound config and the one around",
    build: (lib) => calling(lib, (inner, x) => inner.withConfig({ tags: ["b"], configurable: { d: 1 } }).stream(x)),
    drive: stream(1, call),
  },
  {
    name: "nothing is left after a call",
    build: (lib) => lib.RunnableLambda.from((_: number, config: any) => config.tags),
    drive: async (runnable) => [await runnable.invoke(1, { tags: ["a"] }), await runnable.invoke(1)],
  },
];
