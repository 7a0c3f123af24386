/** One way to run a chain of ten steps, or what spans of it cost beside others. Prints the CPU time of a call, in nanoseconds. */
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

/** What a way does, and what is done before. */
const WAYS = {
  plain: () => invoke,
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

/** The CPU time of a call, in nanoseconds. */
async function cost(run, calls) {
  const start = process.cpuUsage();
  await run(calls);
  const { user, system } = process.cpuUsage(start);
  await processor?.forceFlush();
  return ((user + system) * 1000) / calls;
}

/** Samples of some ways, one after the other, again and again. What is compiled is compiled by the second half, which counts. */
async function sample(runs, calls) {
  const samples = [];
  const end = performance.now() + Number(ms);
  while (performance.now() < end) {
    const one = [];
    for (const run of runs) one.push(await cost(run, calls));
    samples.push(one);
  }
  return samples.slice(samples.length >> 1);
}

const sorted = (values) => values.toSorted((a, b) => a - b);
const median = (values) => sorted(values)[values.length >> 1];
/** Others on the machine only ever add to it. */
const least = (values) => sorted(values)[values.length >> 3];

if (way === "spans") {
  register();
  await instrument();
  // In one process and by turns: what else the machine does is the same for all three. The chain itself is a hundredth of its spans.
  const samples = await sample([invoke, byHand, sdkAlone], CALLS);
  const ns = least(samples.map(([own]) => own));
  const beside = (other) => median(samples.map((one) => one[0] / one[other]));
  print({ ns, besideByHand: beside(1), besideSdk: beside(2) });
} else {
  // What takes less than the clock can tell is repeated more often.
  const calls = CALLS * (way === "leftOut" ? 10 : 100);
  print({ ns: least((await sample([await WAYS[way]()], calls)).flat()) });
}

function print(figures) {
  process.stdout.write(JSON.stringify(figures));
  process.exit();
}
