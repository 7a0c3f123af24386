/** One way to run a chain of ten steps. Prints what a call takes, in nanoseconds. */
import { context, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { AlwaysOffSampler, BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { RunnableSequence } from "runlane";
import { instrument } from "runlane/opentelemetry";

const [way, ms] = process.argv.slice(2);
const add = (x) => x + 1;
const chain = RunnableSequence.from(new Array(10).fill(add));

/** An SDK whose spans go nowhere. */
function register(sampler) {
  const exporter = { export: (_spans, done) => done({ code: 0 }), shutdown: async () => {} };
  const spanProcessors = [new BatchSpanProcessor(exporter, { maxQueueSize: 1 << 16, scheduledDelayMillis: 100 })];
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors, ...(sampler && { sampler }) }));
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
}

const invoke = async (n) => {
  for (let i = 0; i < n; i++) await chain.invoke(i);
};
/** The same spans, as one would write them. */
const byHand = async (n) => {
  const tracer = trace.getTracer("by hand");
  for (let i = 0; i < n; i++)
    await tracer.startActiveSpan("invoke_workflow chain", async (root) => {
      for (let step = 0; step < 10; step++)
        tracer.startActiveSpan("add", { attributes: { kind: "lambda", place: step } }, (span) => {
          add(i);
          span.end();
        });
      root.end();
    });
};

const WAYS = {
  plain: () => invoke,
  bare: () => async (n) => {
    for (let i = 0; i < n; i++) await Promise.resolve(add(i));
  },
  byHand: () => {
    register();
    return byHand;
  },
  sent: async () => {
    register();
    await instrument();
    return invoke;
  },
  leftOut: async () => {
    register(new AlwaysOffSampler());
    await instrument();
    return invoke;
  },
  unsampled: async () => {
    register(new AlwaysOffSampler());
    await instrument();
    return (n) => trace.getTracer("http").startActiveSpan("request", () => invoke(n));
  },
  noSdk: async () => {
    await instrument();
    return invoke;
  },
};

const run = await WAYS[way]();
const time = async (n) => {
  const start = performance.now();
  await run(n);
  return performance.now() - start;
};
let n = 1;
// Twice: what is compiled is compiled by then.
for (let round = 0; round < 2; round++) while ((await time(n)) < 50) n *= 2;
const samples = [];
const end = performance.now() + Number(ms);
while (performance.now() < end || samples.length < 5) {
  samples.push(((await time(n)) * 1e6) / n);
  // What is to be sent is sent in between.
  await new Promise((resolve) => setTimeout(resolve, 150));
}
samples.sort((a, b) => a - b);
process.stdout.write(JSON.stringify({ ns: samples[samples.length >> 1] }));
process.exit();
