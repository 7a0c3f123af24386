import { AsyncLocalStorage } from "node:async_hooks";
import { add, later, letters, sleep } from "../functions.ts";
import type { Lib, Scenario } from "../harness.ts";

/** A storage of the user's own, for example of the request that is being answered. */
const request = new AsyncLocalStorage<string>();

const spin = (ms: number): void => {
  const end = performance.now() + ms;
  while (performance.now() < end);
};

/** Makes a call for each of two requests at once. */
const forTwo = (call: () => Promise<unknown>): Promise<unknown> =>
  Promise.all(["alice", "bob"].map((name) => request.run(name, call)));

const asking = (lib: Lib) => lib.RunnableLambda.from(() => request.getStore());

const busy = (lib: Lib) =>
  lib.RunnableLambda.from(() => {
    spin(3);
    return request.getStore();
  });

const waiting = (lib: Lib) =>
  lib.RunnableLambda.from(async () => {
    await sleep(1);
    return request.getStore();
  });

/** Functions run in the AsyncLocalStorage context of their call, whatever else goes on. */
export const contexts: Scenario[] = [
  { name: "invoke", build: asking, drive: (runnable) => forTwo(() => runnable.invoke(1)) },
  { name: "a batch", build: waiting, drive: (runnable) => forTwo(() => runnable.batch([1, 2])) },
  {
    name: "batches that hold the thread",
    build: busy,
    drive: (runnable) => forTwo(() => runnable.batch([1, 2, 3, 4])),
  },
  {
    name: "batches of chains that hold the thread",
    build: (lib) => lib.RunnableSequence.from([later, busy(lib)]),
    drive: (runnable) => forTwo(() => runnable.batch([1, 2, 3, 4])),
  },
  {
    name: "a batch with maxConcurrency",
    build: waiting,
    drive: (runnable) => forTwo(() => runnable.batch([1, 2, 3], { maxConcurrency: 1 })),
  },
  {
    name: "inputs that wait while others run batches of their own",
    build: (lib, note) =>
      lib.RunnableLambda.from(async (x: number, config: object) => {
        note([x, request.getStore()]);
        await request.run(`inside of ${x}`, () => lib.RunnableLambda.from(() => sleep(1)).batch([1, 2, 3], config));
      }),
    drive: (runnable) => request.run("outside", () => runnable.batch([1, 2, 3, 4], { maxConcurrency: 2 })),
  },
  {
    name: "a map",
    build: (lib) => lib.RunnableMap.from({ a: waiting(lib), b: asking(lib) }),
    drive: (runnable) => forTwo(() => runnable.invoke(1)),
  },
  {
    name: "a step after a stream",
    build: (lib) => lib.RunnableSequence.from([letters, asking(lib)]),
    drive: (runnable) =>
      forTwo(async () => {
        const chunks: unknown[] = [];
        for await (const chunk of await runnable.stream("ab")) chunks.push(chunk);
        return chunks;
      }),
  },
  {
    name: "a fallback",
    build: (lib) =>
      lib.RunnableLambda.from(() => sleep(1).then(() => Promise.reject(new Error("x")))).withFallbacks([asking(lib)]),
    drive: (runnable) => forTwo(() => runnable.invoke(1)),
  },
  {
    name: "a call with a handler",
    build: (lib) => lib.RunnableSequence.from([add, waiting(lib)]),
    drive: (runnable) => forTwo(() => runnable.invoke(1, { callbacks: [{ handleChainStart: () => {} }] })),
  },
];
