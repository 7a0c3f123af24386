import { add, failing, letters, same, sleep, sleepy } from "../functions.ts";
import { batch, type Drive, events, invoke, type Lib, type Scenario, stream } from "../harness.ts";

/** What nobody waits for. */
const slow = (lib: Lib) => lib.RunnableLambda.from(sleepy(2000));

/** A config whose signal aborts soon. */
const aborting =
  (reason?: unknown, afterMs = 5) =>
  () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(reason), afterMs);
    return { signal: controller.signal };
  };
/** The same for what has begun by then, also on a machine that has other things to do. */
const abortingLater = aborting(undefined, 500);
const aborted = () => ({ signal: AbortSignal.abort() });
const timed = { timeout: 5 };
const timedLater = { timeout: 500 };
const streaming = (lib: Lib) =>
  lib.RunnableLambda.from(async function* () {
    yield 1;
    await sleep(2000);
    yield 2;
  });

const shapes: [string, (lib: Lib) => any, unknown][] = [
  ["a lambda", slow, 1],
  ["a sequence", (lib) => lib.RunnableSequence.from([same, slow(lib), same]), 1],
  ["a map", (lib) => lib.RunnableMap.from({ a: slow(lib), b: add }), 1],
  ["a binding", (lib) => slow(lib).withConfig({ tags: ["t"] }), 1],
  ["a branch", (lib) => lib.RunnableBranch.from([[() => true, slow(lib)], add]), 1],
  ["an assign", (lib) => lib.RunnablePassthrough.assign({ b: slow(lib) }), { a: 1 }],
  ["each", (lib) => new lib.RunnableEach({ bound: slow(lib) }), [1, 2]],
  ["a router", (lib) => new lib.RouterRunnable({ runnables: { a: slow(lib) } }), { key: "a", input: 1 }],
];

/** Leaves the loop over a stream, and notes what the generator behind it sees of that. */
const leave: Drive = async (runnable, run) => {
  for await (const chunk of await runnable.stream(1)) {
    run.chunks.push(chunk);
    break;
  }
  await sleep(2);
};

export const signals: Scenario[] = [
  ...shapes.flatMap(([what, build, input]): Scenario[] => [
    { name: `abort of ${what}`, build, drive: invoke(input, aborting()), fails: "abort" },
    { name: `timeout of ${what}`, build, drive: invoke(input, timed), fails: "timeout" },
  ]),
  { name: "abort of a batch", build: slow, drive: batch([1, 2], aborting()), fails: "abort" },
  { name: "timeout of a batch", build: slow, drive: batch([1, 2], timed), fails: "timeout" },
  {
    name: "a timeout in a batch counts from the start of each input",
    build: (lib) => lib.RunnableLambda.from(sleepy(400)),
    drive: batch([1, 2, 3], { timeout: 1000, maxConcurrency: 1 }),
    differs: { defect: "it counts from the start of the batch", runlane: { result: [400, 400, 400] } },
  },
  { name: "abort of a stream before its first chunk", build: slow, drive: stream(1, aborting()), fails: "abort" },
  { name: "timeout of a stream before its first chunk", build: slow, drive: stream(1, timed), fails: "timeout" },
  {
    name: "abort of a stream after its first chunk",
    build: streaming,
    drive: stream(1, abortingLater),
    fails: "abort",
  },
  {
    name: "timeout of a stream after its first chunk",
    build: streaming,
    drive: stream(1, timedLater),
    fails: "timeout",
  },
  {
    name: "timeout in events",
    build: slow,
    drive: events(1, timedLater),
    fails: "timeout",
  },
  { name: "abort in events", build: slow, drive: events(1, abortingLater), fails: "abort" },
  {
    name: "abort by an error",
    build: slow,
    drive: invoke(1, aborting(new RangeError("mine"))),
    fails: "own",
  },
  {
    name: "abort by a text",
    build: slow,
    drive: invoke(1, aborting("mine")),
    fails: "abort",
    differs: { defect: "the error is a plain Error, no AbortError", runlane: { error: "AbortError" } },
  },
  {
    name: "a signal that has aborted already",
    build: (lib, note) => lib.RunnableLambda.from(() => note("called")),
    drive: invoke(1, aborted),
    fails: "abort",
    differs: { defect: "the function is called all the same", runlane: { error: "AbortError", notes: [] } },
  },
  {
    name: "a signal that has aborted already, streamed",
    build: (lib) => lib.RunnableLambda.from(letters),
    drive: stream("a", aborted),
    fails: "abort",
  },
  {
    name: "a signal that has aborted already, in a batch",
    build: (lib) => lib.RunnableLambda.from(add),
    drive: batch([1, 2], aborted),
    fails: "abort",
  },
  {
    name: "no step starts after an abort",
    build: (lib, note) => lib.RunnableSequence.from([sleepy(15), () => note("second")]),
    drive: async (runnable, run) => {
      const failed = await invoke(1, aborting())(runnable, run).catch((error: Error) => error.name);
      await sleep(25);
      return failed;
    },
  },
  {
    name: "functions see the signal",
    build: (lib) => lib.RunnableLambda.from((_: number, config: any) => config.signal instanceof AbortSignal),
    drive: invoke(1, { timeout: 5000 }),
  },
  {
    name: "functions see the timeout in the metadata",
    build: (lib) => lib.RunnableLambda.from((_: number, config: any) => [config.timeout, config.metadata]),
    drive: invoke(1, { timeout: 5000 }),
  },
  {
    name: "work that holds the thread past its timeout",
    build: (lib) =>
      lib.RunnableLambda.from(() => {
        const end = performance.now() + 15;
        while (performance.now() < end);
      }),
    drive: invoke(1, timed),
    fails: "timeout",
    differs: { defect: "sync work ignores timeouts", runlane: { error: "TimeoutError" } },
  },
  {
    name: "an abort ends fallbacks",
    build: (lib, note) => slow(lib).withFallbacks([lib.RunnableLambda.from(() => note("fallback"))]),
    drive: invoke(1, aborting()),
    fails: "abort",
  },
  {
    name: "an abort ends retries",
    build: (lib) =>
      lib.RunnableLambda.from(failing(...Array(9).fill(new Error("again")))).withRetry({ stopAfterAttempt: 9 }),
    drive: invoke(1, aborting()),
    fails: "abort",
  },
  {
    name: "leaving a stream runs finally blocks",
    build: (lib, note) =>
      lib.RunnableLambda.from(function* () {
        try {
          yield 1;
          yield 2;
        } finally {
          note("finally");
        }
      }),
    drive: leave,
    differs: { defect: "the generator is never closed", runlane: { chunks: [1], notes: ["finally"] } },
  },
  {
    name: "raceWithSignal",
    build: (lib) => lib.raceWithSignal,
    drive: async (race) => [
      await race(Promise.resolve(1)),
      await race(Promise.resolve(2), new AbortController().signal),
      await race(sleepy(20)(), AbortSignal.timeout(2)).catch((error: Error) => error.name),
    ],
  },
];
