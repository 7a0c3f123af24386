import { BaseTracer, type Run as TracedRun } from "@langchain/core/tracers/base";
import { RunCollectorCallbackHandler } from "@langchain/core/tracers/run_collector";
import { add, boom, halfway, later, letters, upper } from "../functions.ts";
import { batch, type Drive, invoke, type Lib, type Scenario, stream } from "../harness.ts";

/** LangChain's tracer: it builds trees of runs out of what handlers are told. */
class Tracer extends BaseTracer {
  name = "tracer";
  override awaitHandlers = true;
  readonly roots: TracedRun[] = [];

  protected async persistRun(run: TracedRun): Promise<void> {
    this.roots.push(run);
  }
}

const summary = ({ name, run_type, inputs, outputs, error, tags, extra, events, child_runs }: TracedRun): unknown => ({
  ...{ name, run_type, inputs, outputs, tags },
  failed: error !== undefined,
  metadata: extra?.metadata,
  events: events.map((event) => event.name),
  runs: child_runs.map(summary).toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
});

/** What a tracer makes of a call. */
const traced =
  (drive: (callbacks: unknown[]) => Drive): Drive =>
  async (runnable, run) => {
    const tracer = new Tracer();
    await drive([tracer])(runnable, run).catch(() => "failed");
    return tracer.roots.map(summary);
  };

const chain = (lib: Lib) =>
  lib.RunnableSequence.from([add, { a: later, b: lib.RunnableBranch.from([[(x: number) => x > 1, add], later]) }]);

const calls: [string, (input: unknown) => Drive][] = [
  ["an invoke", (input) => traced((callbacks) => invoke(input, { callbacks, tags: ["t"], metadata: { m: 1 } }))],
  ["a stream", (input) => traced((callbacks) => stream(input, { callbacks, runName: "Streamed" }))],
  ["a batch", (input) => traced((callbacks) => batch([input, input], { callbacks }))],
];

const shapes: [string, (lib: Lib) => any, unknown][] = [
  ["a lambda", (lib) => lib.RunnableLambda.from(add), 1],
  ["a chain", chain, 1],
  ["a generator", (lib) => lib.RunnableSequence.from([upper, letters]), "ab"],
  ["a failing chain", (lib) => lib.RunnableSequence.from([add, boom]), 1],
  ["a chain that fails halfway", (lib) => lib.RunnableSequence.from([halfway, new lib.RunnablePassthrough()]), 1],
  ["an assign", (lib) => lib.RunnablePassthrough.assign({ b: () => 1 }), { a: 1 }],
];

export const tracers: Scenario[] = [
  ...shapes.flatMap(([what, build, input]) =>
    calls
      .filter(([how]) => !(how === "a batch" && what.includes("fail")))
      .map(([how, drive]): Scenario => ({ name: `${how} of ${what}`, build, drive: drive(input) })),
  ),
  {
    name: "a collector of runs",
    build: chain,
    drive: async (runnable) => {
      const collector = new RunCollectorCallbackHandler();
      await runnable.invoke(1, { callbacks: [collector] });
      return collector.tracedRuns.map(({ name, inputs, outputs }) => [name, inputs, outputs]);
    },
  },
  {
    name: "the order of runs",
    build: (lib) => lib.RunnableSequence.from([add, lib.RunnableSequence.from([add, later]), later]),
    drive: async (runnable) => {
      const tracer = new Tracer();
      await runnable.invoke(1, { callbacks: [tracer] });
      const order = (run: TracedRun): unknown => [
        run.execution_order,
        run.child_execution_order,
        run.child_runs.map(order),
      ];
      return tracer.roots.map(order);
    },
  },
  {
    name: "the dotted order tells the tree",
    build: (lib) => lib.RunnableSequence.from([add, lib.RunnableSequence.from([add, later])]),
    drive: async (runnable) => {
      const tracer = new Tracer();
      await runnable.invoke(1, { callbacks: [tracer] });
      const root = tracer.roots[0];
      const within = (run: TracedRun, prefix: string, id: string | undefined): boolean =>
        run.trace_id === root?.id &&
        run.dotted_order?.startsWith(prefix) === true &&
        run.child_runs.every((child) => within(child, `${run.dotted_order}.`, id));
      return [root !== undefined && within(root, "", root.id), root?.child_runs.length];
    },
  },
  {
    name: "what a run was made of",
    build: chain,
    drive: async (runnable) => {
      const tracer = new Tracer();
      await runnable.invoke(1, { callbacks: [tracer] });
      const about = ({ serialized, child_runs }: TracedRun): unknown => [serialized, child_runs.map(about)];
      return tracer.roots.map(about);
    },
  },
];
