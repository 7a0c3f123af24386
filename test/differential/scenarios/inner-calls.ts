import { add, later } from "../functions.ts";
import { batch, invoke, type Lib, type Scenario, stream } from "../harness.ts";

const ID = "0f0e0d0c-0b0a-4908-8706-050403020100";

const chain = (lib: Lib) => lib.RunnableSequence.from([add, later]);

/** What a function that calls another runnable hands on to it. */
const calling = (lib: Lib, use: (inner: any, x: number, config: any) => unknown) =>
  lib.RunnableLambda.from((x: number, config: object) => use(lib.RunnableLambda.from(add), x, config));

/** What handlers are told of a call's config, and of calls inside functions. */
export const innerCalls: Scenario[] = [
  {
    name: "a config's own name, id, tags, metadata",
    build: chain,
    drive: invoke(1, { runName: "Run", runId: ID, tags: ["a"], metadata: { m: 1 } }),
    observe: "calls",
  },
  {
    name: "a run id is the id of the run",
    build: chain,
    drive: async (runnable, run) => {
      const ids: string[] = [];
      await runnable.invoke(1, {
        runId: ID,
        callbacks: [{ handleChainStart: (_: unknown, __: unknown, id: string) => void ids.push(id) }],
      });
      return [ids.length, ids[0] === ID, run.chunks];
    },
  },
  {
    name: "a config's own name, streamed",
    build: chain,
    drive: stream(1, { runName: "Run", tags: ["a"], metadata: { m: 1 } }),
    observe: "tree",
  },
  {
    name: "a config for each input of a batch",
    build: chain,
    drive: batch(
      [1, 2],
      [
        { runName: "One", tags: ["1"] },
        { runName: "Two", metadata: { m: 2 } },
      ],
    ),
    observe: "tree",
  },
  {
    name: "values of configurable stay out of the metadata",
    build: chain,
    drive: invoke(1, { configurable: { a: 1, model: "m" } }),
    observe: "calls",
  },
  { name: "a timeout in the metadata", build: chain, drive: invoke(1, { timeout: 500 }), observe: "calls" },
  {
    name: "an invoke inside a function",
    build: (lib) => calling(lib, (inner, x, config) => inner.invoke(x, config)),
    drive: invoke(1),
    observe: "calls",
  },
  {
    name: "a stream inside a function",
    build: (lib) => calling(lib, (inner, x, config) => inner.stream(x, config)),
    drive: stream(1),
    observe: "calls",
  },
  {
    name: "a batch inside a function",
    build: (lib) => calling(lib, (inner, x, config) => inner.batch([x, x], config)),
    drive: invoke(1),
    observe: "tree",
  },
  {
    name: "a call inside a function without its config",
    build: (lib) => calling(lib, (inner, x) => inner.invoke(x)),
    drive: invoke(1),
    observe: "calls",
  },
  {
    name: "a call inside a function with a config of its own",
    build: (lib) => calling(lib, (inner, x, config) => inner.invoke(x, { ...config, runName: "Mine", tags: ["mine"] })),
    drive: invoke(1, { tags: ["a"] }),
    observe: "calls",
  },
  {
    name: "two levels of calls inside functions",
    build: (lib) =>
      calling(lib, (inner, x, config) =>
        lib.RunnableSequence.from([inner, calling(lib, (one, y, c) => one.invoke(y, c))]).invoke(x, config),
      ),
    drive: invoke(1),
    observe: "calls",
  },
];
