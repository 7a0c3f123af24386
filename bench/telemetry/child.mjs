/** One way to run a chain of ten steps. Prints the CPU time of a call, in nanoseconds. */
import { context, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { AlwaysOffSampler, BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { RunnableSequence } from "runlane";
import { instrument } from "runlane/opentelemetry";

const [way, ms] = process.argv.slice(2);
const add = (x) => x + 1;
const chain = RunnableSequence.from(new Array(10).fill(add));

let processor;

/** An SDK whose spans go nowhere. */
function register(sampler) {
  const exporter = { export: (_spans, done) => done({ code: 0 }), shutdown: async () => {} };
  processor = new BatchSpanProcessor(exporter);
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [processor], ...(sampler && { sampler }) }));
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

/** What the SDK alone takes for the spans of a chain: with the same attributes, but none of them is the active one. */
const sdkAlone = async (n) => {
  const tracer = trace.getTracer("the SDK alone");
  for (let i = 0; i < n; i++) {
    const operation = { "gen_ai.operation.name": "invoke_workflow", "gen_ai.agent.name": "chain" };
    const root = tracer.startSpan("invoke_workflow chain", { attributes: { kind: "sequence", ...operation } });
    const inside = trace.setSpan(context.active(), root);
    for (let step = 0; step < 10; step++) {
      const attributes = { "runlane.step.kind": "lambda", "runlane.step.place": PLACES[step] };
      const span = tracer.startSpan("add", { attributes }, inside);
      add(i);
      span.end();
    }
    root.end();
    await null;
  }
};
const PLACES = Array.from({ length: 10 }, (_, step) => `seq:step:${step + 1}`);

const WAYS = {
  plain: () => invoke,
  bare: () => async (n) => {
    for (let i = 0; i < n; i++) await Promise.resolve(add(i));
  },
  byHand: () => {
    register();
    return byHand;
  },
  sdkAlone: () => {
    register();
    return sdkAlone;
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

/** As many calls as have room for their spans in the queue of the processor, which is emptied in between. */
const CALLS = 150;
/** What takes less than the clock can tell is repeated more often. */
const REPEATS = { plain: 100, bare: 100, unsampled: 100, noSdk: 100, leftOut: 10 }[way] ?? 1;

const run = await WAYS[way]();
const samples = [];
const end = performance.now() + Number(ms);
while (performance.now() < end) {
  const start = process.cpuUsage();
  await run(CALLS * REPEATS);
  const { user, system } = process.cpuUsage(start);
  samples.push(((user + system) * 1000) / CALLS / REPEATS);
  await processor?.forceFlush();
}
// What is compiled is compiled by then.
samples.splice(0, samples.length >> 1);
samples.sort((a, b) => a - b);
// Others on the machine only ever add to it.
process.stdout.write(JSON.stringify({ ns: samples[samples.length >> 3] }));
process.exit();
