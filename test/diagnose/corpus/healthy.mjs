// Small pipelines with no fault, some of them odd. The doctor must prove nothing about any of them.
import { Session } from "node:inspector";
import { setTimeout as sleep } from "node:timers/promises";
import { RunnableBranch, RunnableLambda, RunnableParallel, RunnablePassthrough, RunnableSequence } from "runlane";

const range = (count, of = (at) => at) => Array.from({ length: count }, (_, at) => of(at));
const objects = (count) => range(count, (id) => ({ id }));

/** A model that takes its time for each call, and a little for each text. */
const model = async (texts) => {
  await sleep(5 + texts.length * 0.05);
  return texts.map((text) => String(text).length);
};
let runs = 0;
let session;

export const healthy = {
  "an addition": { inputs: range(200), pipeline: RunnableLambda.from((x) => x + 1) },
  "ten additions": { inputs: range(200), pipeline: RunnableSequence.from(new Array(10).fill((x) => x + 1)) },
  "short waits, all at once": { inputs: range(100), pipeline: RunnableLambda.from(async (x) => sleep(5, x)) },
  "enough at once": {
    inputs: range(100),
    options: { config: { maxConcurrency: 100 } },
    pipeline: RunnableLambda.from(async (x) => sleep(5, x)),
  },
  "a lookup that needs the one before": {
    inputs: objects(24),
    pipeline: RunnablePassthrough.assign({ docs: async ({ id }) => sleep(5, `doc ${id}`) }).pipe(
      RunnablePassthrough.assign({ length: async ({ docs }) => sleep(5, docs.length) }),
    ),
  },
  "a lookup that looks at everything": {
    inputs: objects(24),
    pipeline: RunnablePassthrough.assign({ docs: async ({ id }) => sleep(5, `doc ${id}`) }).pipe(
      RunnablePassthrough.assign({ all: async (input) => sleep(5, JSON.stringify(input)) }),
    ),
  },
  "two lookups at once": {
    inputs: objects(40),
    pipeline: RunnablePassthrough.assign({ a: async ({ id }) => sleep(5, id), b: async ({ id }) => sleep(5, id) }),
  },
  "a model that takes many texts": {
    inputs: range(64, (at) => `text ${at}`),
    pipeline: RunnableLambda.batched(model, { maxBatchSize: 64, maxWaitMs: 0 }),
  },
  "computing in a thread": {
    inputs: range(16),
    pipeline: RunnableLambda.from(
      (x) => {
        let n = 0;
        for (let i = 0; i < 2e6; i++) n = (n * 31 + i + x) | 0;
        return n;
      },
      { lane: "thread" },
    ),
  },
  "slow on one input only": {
    inputs: range(40),
    pipeline: RunnableLambda.from(async (x) => sleep(x === 7 ? 60 : 2, x)),
  },
  "slow the first time": {
    inputs: range(40),
    pipeline: RunnableLambda.from(async (x) => sleep(runs++ === 0 ? 250 : 2, x)),
  },
  "one long collection of garbage": {
    inputs: range(40),
    pipeline: RunnableLambda.from((x) => (x === 3 ? range(300_000, (at) => ({ at })).length : x)),
  },
  "a debugger is attached": {
    inputs: range(100),
    prepare() {
      session = new Session();
      session.connect();
      session.post("Debugger.enable");
    },
    restore: () => session.disconnect(),
    pipeline: RunnableSequence.from([(x) => x + 1, async (x) => sleep(2, x)]),
  },
  "some inputs fail": {
    inputs: range(40),
    pipeline: RunnableLambda.from(async (x) => {
      await sleep(2);
      if (x % 10 === 0) throw new Error(`no ${x}`);
      return x;
    }),
  },
  "a retry that helps": {
    inputs: range(24),
    pipeline: (() => {
      const tried = new Set();
      return RunnableLambda.from(async (x) => {
        await sleep(1);
        if (x % 4 === 0 && !tried.has(x)) {
          tried.add(x);
          throw new Error("once");
        }
        tried.delete(x);
        return x;
      }).withRetry({ backoff: { initialDelayMs: 2 } });
    })(),
  },
  "inputs that differ a little": {
    inputs: range(60, (at) => ({ question: "the same", at })),
    pipeline: RunnableLambda.from(async ({ at }) => sleep(3, at)),
  },
  "the same input, another output each time": {
    inputs: range(60, () => "now"),
    options: { compare: "none" },
    pipeline: RunnableLambda.from(async () => sleep(3, Math.random())),
  },
  "a branch": {
    inputs: range(60),
    pipeline: RunnableBranch.from([[(x) => x % 2 === 0, async (x) => sleep(3, x)], (x) => -x]),
  },
  "a parallel of quick functions": {
    inputs: range(200),
    pipeline: RunnableParallel.from({ a: (x) => x + 1, b: (x) => x * 2, c: (x) => x - 3 }),
  },
  "a function that reads a clock": {
    inputs: range(60),
    pipeline: RunnableLambda.from(async (x) => sleep(2, { x, at: performance.now() })),
  },
  "limits that are kept": {
    inputs: range(40),
    pipeline: RunnableLambda.from(async (x) => sleep(3, x)).withLimits({ maxConcurrency: 8 }),
  },
};
