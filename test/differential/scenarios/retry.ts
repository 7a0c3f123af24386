import { add, boom, failing, halfway, later, letters } from "../functions.ts";
import { batch, invoke, type Lib, type Scenario, stream } from "../harness.ts";

const e = (message: string): Error => new Error(message);

const retrying = (lib: Lib, func: (x: any, config?: any) => unknown, fields?: object) =>
  lib.RunnableLambda.from(func).withRetry(fields);

const falling = (lib: Lib, ...funcs: ((x: any) => unknown)[]) => {
  const [first, ...rest] = funcs.map((func) => lib.RunnableLambda.from(func));
  return first.withFallbacks(rest);
};

const attempts: Scenario[] = [
  { name: "retry, no failure", build: (lib) => retrying(lib, add), drive: invoke(1) },
  { name: "retry, two failures", build: (lib) => retrying(lib, failing(e("1"), e("2"))), drive: invoke(7) },
  {
    name: "retry, more failures than attempts",
    build: (lib) => retrying(lib, failing(e("1"), e("2"), e("3"))),
    drive: invoke(7),
    fails: "own",
  },
  {
    name: "retry, one attempt",
    build: (lib) => retrying(lib, failing(e("1")), { stopAfterAttempt: 1 }),
    drive: invoke(7),
    fails: "own",
  },
  {
    name: "retry, five attempts",
    build: (lib) => retrying(lib, failing(e("1"), e("2"), e("3"), e("4")), { stopAfterAttempt: 5 }),
    drive: invoke(7),
  },
  {
    name: "retry, the constructor",
    build: (lib) =>
      new lib.RunnableRetry({
        bound: lib.RunnableLambda.from(failing(e("1"))),
        config: {},
        kwargs: {},
        maxAttemptNumber: 2,
      }),
    drive: invoke(7),
  },
  {
    name: "retry, onFailedAttempt sees each failure and the input",
    build: (lib, note) =>
      retrying(lib, failing(e("1"), e("2")), {
        onFailedAttempt: (error: Error, input: unknown) => note([error.message, input]),
      }),
    drive: invoke(7),
  },
  {
    name: "retry, onFailedAttempt stops by throwing",
    build: (lib) =>
      retrying(lib, failing(e("1"), e("2")), {
        onFailedAttempt: () => {
          throw new Error("stop");
        },
      }),
    drive: invoke(7),
    fails: "own",
  },
  {
    name: "retry, a TypeError",
    build: (lib) => retrying(lib, failing(new TypeError("t"))),
    drive: invoke(7),
    differs: { defect: "a TypeError is never retried", runlane: { result: 7 } },
  },
  {
    name: "retry, a thrown string",
    build: (lib) => retrying(lib, failing("text")),
    drive: invoke(7),
    differs: { defect: "what is thrown and no Error is never retried", runlane: { result: 7 } },
  },
  {
    name: "retry, streamed",
    build: (lib) => retrying(lib, failing(e("1"))),
    drive: stream(7),
    differs: { defect: "streams are not retried", runlane: { chunks: [7] } },
  },
  {
    name: "retry, a stream that fails after its first chunk",
    build: (lib) => retrying(lib, halfway),
    drive: stream(7),
    fails: "own",
  },
  {
    name: "retry, batch runs the failed inputs again",
    build: (lib, note) => {
      const fail = failing(e("1"));
      return retrying(lib, (x: number) => {
        note(x);
        return x === 2 ? fail(x) : x;
      });
    },
    drive: batch([1, 2, 3]),
  },
  {
    name: "retry, batch with returnExceptions",
    build: (lib) => retrying(lib, (x: number) => (x === 2 ? boom() : x)),
    drive: batch([1, 2, 3], undefined, { returnExceptions: true }),
  },
  {
    name: "retry, batch that fails",
    build: (lib) => retrying(lib, (x: number) => (x === 2 ? boom() : x)),
    drive: batch([1, 2]),
    fails: "own",
  },
  { name: "retry, in a chain", build: (lib) => retrying(lib, failing(e("1"))).pipe(later), drive: invoke(2) },
  {
    name: "retry, of a sequence",
    build: (lib, note) => {
      const chain = lib.RunnableLambda.from((x: number) => note(x) ?? x).pipe(failing(e("1")));
      return chain.withRetry();
    },
    drive: invoke(2),
  },
  {
    name: "retry, bound",
    build: (lib) => retrying(lib, failing(e("1"), e("2"), e("3")), { stopAfterAttempt: 4 }).withConfig({ tags: ["t"] }),
    drive: invoke(2),
    differs: { defect: "withConfig drops the number of attempts", runlane: { result: 2 } },
  },
  {
    name: "retry, of a binding",
    build: (lib) =>
      lib.RunnableLambda.from((_: number, config: any) => config.configurable.a)
        .withConfig({ configurable: { a: 5 } })
        .withRetry(),
    drive: invoke(2),
  },
  { name: "retry, name", build: (lib) => retrying(lib, add), drive: async (runnable) => runnable.getName() },
];

const fallbacks: Scenario[] = [
  { name: "fallbacks, not needed", build: (lib) => falling(lib, add, boom), drive: invoke(1) },
  { name: "fallbacks, second", build: (lib) => falling(lib, boom, later), drive: invoke(1) },
  { name: "fallbacks, third", build: (lib) => falling(lib, boom, boom, add), drive: invoke(1) },
  {
    name: "fallbacks, all fail",
    build: (lib) => falling(lib, failing(e("first")), failing(e("second"))),
    drive: invoke(1),
    fails: "own",
  },
  {
    name: "fallbacks, the constructor",
    build: (lib) =>
      new lib.RunnableWithFallbacks({
        runnable: lib.RunnableLambda.from(boom),
        fallbacks: [lib.RunnableLambda.from(add)],
      }),
    drive: invoke(1),
  },
  {
    name: "fallbacks, as fields",
    build: (lib) => lib.RunnableLambda.from(boom).withFallbacks({ fallbacks: [lib.RunnableLambda.from(add)] }),
    drive: invoke(1),
  },
  { name: "fallbacks, stream", build: (lib) => falling(lib, boom, letters), drive: stream("ab") },
  {
    name: "fallbacks, stream that fails after its first chunk",
    build: (lib) => falling(lib, halfway, letters),
    drive: stream("ab"),
    fails: "own",
  },
  {
    name: "fallbacks, streams that all fail",
    build: (lib) => falling(lib, failing(e("1")), failing(e("2"))),
    drive: stream("ab"),
    fails: "own",
  },
  { name: "fallbacks, batch", build: (lib) => falling(lib, boom, add), drive: batch([1, 2]) },
  {
    name: "fallbacks, batch where one input fails",
    build: (lib, note) =>
      falling(
        lib,
        (x: number) => (x === 2 ? boom() : x),
        (x: number) => note(`fallback for ${x}`) ?? -x,
      ),
    drive: batch([1, 2]),
    differs: {
      defect: "one failure runs the fallback for all inputs",
      runlane: { result: [1, -2], notes: ["fallback for 2"] },
    },
  },
  {
    name: "fallbacks, batch where all fail",
    build: (lib) => falling(lib, boom, boom),
    drive: batch([1, 2]),
    fails: "own",
  },
  {
    name: "fallbacks, batch with returnExceptions",
    build: (lib) => falling(lib, boom, (x: number) => (x === 2 ? boom() : x)),
    drive: batch([1, 2], undefined, { returnExceptions: true }),
    differs: { defect: "not implemented", runlane: { result: [1, "Error: boom"] } },
  },
  {
    name: "fallbacks, batch of none",
    build: (lib) => falling(lib, add, add),
    drive: batch([]),
    differs: { defect: "throws a TypeError", runlane: { result: [] } },
  },
  {
    name: "fallbacks, in a chain",
    build: (lib) => lib.RunnableLambda.from(add).pipe(falling(lib, boom, later)),
    drive: invoke(1),
  },
  { name: "fallbacks, none", build: (lib) => falling(lib, boom), drive: invoke(1), fails: "own" },
  { name: "fallbacks, name", build: (lib) => falling(lib, add, add), drive: async (runnable) => runnable.getName() },
];

export const retry: Scenario[] = [...attempts.map((one): Scenario => ({ ...one, timers: "fake" })), ...fallbacks];
