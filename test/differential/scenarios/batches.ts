import { add, boom, later, letters, sleep } from "../functions.ts";
import { batch, type Drive, invoke, type Lib, type Scenario } from "../harness.ts";

type Note = (value: unknown) => void;

/** Notes when each input starts and ends. */
const watched = (lib: Lib, note: Note) =>
  lib.RunnableLambda.from(async (x: number) => {
    note(`start ${x}`);
    await sleep(2);
    note(`end ${x}`);
    return x;
  });

const odd = (lib: Lib) => lib.RunnableLambda.from((x: number) => (x % 2 === 1 ? boom() : x));
const returned = { returnExceptions: true };

/** The tags and ids that inputs see of their configs. */
const config = (lib: Lib) =>
  lib.RunnableLambda.from((x: number, { tags, configurable, stop }: any) => [x, tags, configurable, stop]);

const thenWait =
  (drive: Drive): Drive =>
  async (runnable, run) => {
    const failed = await drive(runnable, run).catch((error: Error) => error.message);
    await sleep(10);
    return failed;
  };

export const batches: Scenario[] = [
  { name: "none", build: (lib) => lib.RunnableLambda.from(add), drive: batch([]) },
  { name: "none, of a sequence", build: (lib) => lib.RunnableSequence.from([add, add]), drive: batch([]) },
  { name: "many", build: (lib) => lib.RunnableLambda.from(add), drive: batch([...Array(50).keys()]) },
  {
    name: "one config for all",
    build: config,
    drive: batch([1, 2], { tags: ["a"], configurable: { c: 1 }, stop: "x" }),
  },
  { name: "a config for each", build: config, drive: batch([1, 2], [{ tags: ["a"] }, { stop: "y" }]) },
  {
    name: "a config for each, in a sequence",
    build: (lib) => lib.RunnableSequence.from([add, config(lib)]),
    drive: batch([1, 2], [{ tags: ["a"] }, { stop: "y" }]),
  },
  { name: "too few configs", build: config, drive: batch([1, 2], [{}]), fails: { code: "RUNLANE_CONFIG_COUNT" } },
  { name: "maxConcurrency in the config", build: watched, drive: batch([1, 2, 3], { maxConcurrency: 1 }) },
  { name: "maxConcurrency in the options", build: watched, drive: batch([1, 2, 3], undefined, { maxConcurrency: 2 }) },
  {
    name: "maxConcurrency in both",
    build: watched,
    drive: batch([1, 2, 3], { maxConcurrency: 1 }, { maxConcurrency: 3 }),
  },
  { name: "without a limit all start at once", build: watched, drive: batch([1, 2, 3]) },
  {
    name: "maxConcurrency of 0",
    build: watched,
    drive: batch([1], { maxConcurrency: 0 }),
    fails: { code: "RUNLANE_INVALID_CONFIG" },
  },
  {
    name: "maxConcurrency of a sequence",
    build: (lib, note) => lib.RunnableSequence.from([watched(lib, note), add]),
    drive: batch([1, 2], { maxConcurrency: 1 }),
  },
  {
    name: "maxConcurrency of nested batches",
    build: (lib, note) => {
      let now = 0;
      let peak = 0;
      const inner = lib.RunnableLambda.from(async () => {
        peak = Math.max(peak, ++now);
        await sleep(2);
        now--;
      });
      const outer = new lib.RunnableEach({ bound: inner });
      return lib.RunnableSequence.from([outer, () => note(peak)]);
    },
    drive: async (runnable, run) => {
      await batch(
        [
          [1, 2, 3],
          [4, 5, 6],
        ],
        { maxConcurrency: 2 },
      )(runnable, run);
    },
    differs: { defect: "nested limits multiply", runlane: { notes: [2, 2] } },
  },
  { name: "a failure", build: odd, drive: batch([2, 1, 4]), fails: "own" },
  { name: "returnExceptions", build: odd, drive: batch([2, 1, 4], undefined, returned) },
  {
    name: "returnExceptions with a thrown text",
    build: (lib) =>
      lib.RunnableLambda.from(() => {
        throw "text";
      }),
    drive: batch([1], undefined, returned),
  },
  {
    name: "returnExceptions of a map",
    build: (lib) => lib.RunnableMap.from({ a: odd(lib), b: later }),
    drive: batch([1, 2], undefined, returned),
  },
  {
    name: "returnExceptions of a binding",
    build: (lib) => odd(lib).withConfig({ tags: ["t"] }),
    drive: batch([1, 2], undefined, returned),
  },
  {
    name: "returnExceptions with maxConcurrency",
    build: odd,
    drive: batch([1, 2, 3], { maxConcurrency: 1 }, returned),
  },
  {
    name: "returnExceptions of a router",
    build: (lib) => new lib.RouterRunnable({ runnables: { a: odd(lib) } }),
    drive: batch(
      [1, 2].map((input) => ({ key: "a", input })),
      undefined,
      returned,
    ),
    differs: { defect: "a failure rejects all the same", runlane: { result: ["Error: boom", 2] } },
  },
  {
    name: "a failure stops what has not started",
    build: (lib, note) =>
      lib.RunnableLambda.from(async (x: number) => {
        note(x);
        if (x === 1) boom();
      }),
    drive: thenWait(batch([1, 2, 3], { maxConcurrency: 1 })),
    differs: { defect: "what waits is started nevertheless", runlane: { result: "boom", notes: [1] } },
  },
  { name: "of generators", build: (lib) => lib.RunnableLambda.from(letters), drive: batch(["ab", "c"]) },
  {
    name: "a batch inside a function",
    build: (lib) => lib.RunnableLambda.from((xs: number[]) => lib.RunnableLambda.from(add).batch(xs)),
    drive: invoke([1, 2]),
  },
];
