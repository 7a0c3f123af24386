import { dispatchCustomEvent } from "@langchain/core/callbacks/dispatch/web";
import { add, boom, later, letters, sleepy, upper, words } from "../functions.ts";
import { events, eventsByRun, type Lib, type Scenario } from "../harness.ts";

const spell = (lib: Lib) => lib.RunnableSequence.from([upper, letters]);
const named = (lib: Lib) =>
  lib.RunnableSequence.from([
    lib.RunnableLambda.from(upper).withConfig({ runName: "Upper", tags: ["one"] }),
    lib.RunnableLambda.from(letters).withConfig({ runName: "Letters", tags: ["two"] }),
  ]);

/** Those whose events come in an order that holds. */
const ordered: [string, (lib: Lib) => any, unknown][] = [
  ["a lambda", (lib) => lib.RunnableLambda.from(add), 1],
  ["a generator", (lib) => lib.RunnableLambda.from(words), "a b"],
  ["a sequence", spell, "ab"],
  ["three lambdas", (lib) => lib.RunnableSequence.from([add, later, add]), 1],
  ["a passthrough", (lib) => lib.RunnableLambda.from(letters).pipe(new lib.RunnablePassthrough()), "ab"],
  ["a binding", (lib) => spell(lib).withConfig({ runName: "Bound", tags: ["t"], metadata: { m: 1 } }), "ab"],
  [
    "a call inside a function",
    (lib) => lib.RunnableLambda.from((text: string, config: object) => spell(lib).invoke(text, config)),
    "ab",
  ],
];

type Differs = Scenario["differs"];

/** What is observed of a deliberate difference, run by run. */
const differing = (defect: string, ...runs: string[][]): Differs => ({
  defect,
  runlane: { chunks: runs.map((events) => events.join("\n")) },
});

const silent = differing(
  "the output of the stream is told to nobody",
  [
    "on_chain_start RunnableLambda [] {} {}",
    'on_chain_stream RunnableLambda [] {} {"chunk":"a"}',
    'on_chain_stream RunnableLambda [] {} {"chunk":"b"}',
    'on_chain_end RunnableLambda [] {} {"input":"ab","output":"ab"}',
  ],
  [
    'on_chain_start RunnableWithFallbacks [] {} {"input":"ab"}',
    'on_chain_stream RunnableWithFallbacks [] {} {"chunk":"a"}',
    'on_chain_stream RunnableWithFallbacks [] {} {"chunk":"b"}',
    'on_chain_end RunnableWithFallbacks [] {} {"output":"ab"}',
  ],
);

/** Those with runs inside of one another, which report side by side. */
const nested: [string, (lib: Lib) => any, unknown, v2?: Differs, v1?: Differs][] = [
  ["a map", (lib) => lib.RunnableMap.from({ a: add }), 1],
  ["a map whose branches race", (lib) => lib.RunnableMap.from({ a: words, b: sleepy(3) }), "x y"],
  [
    "a branch",
    (lib) => lib.RunnableBranch.from([[() => true, letters], upper]),
    "ab",
    differing(
      "all runs inside the branch get its own id, and its own events are lost",
      [
        'on_chain_start RunnableBranch [] {} {"input":"ab"}',
        'on_chain_stream RunnableBranch [] {} {"chunk":"a"}',
        'on_chain_stream RunnableBranch [] {} {"chunk":"b"}',
        'on_chain_end RunnableBranch [] {} {"output":"ab"}',
      ],
      [
        'on_chain_start RunnableLambda ["branch:1"] {} {}',
        'on_chain_stream RunnableLambda ["branch:1"] {} {"chunk":"a"}',
        'on_chain_stream RunnableLambda ["branch:1"] {} {"chunk":"b"}',
        'on_chain_end RunnableLambda ["branch:1"] {} {"input":"ab","output":"ab"}',
      ],
      [
        'on_chain_start RunnableLambda ["condition:1"] {} {"input":"ab"}',
        'on_chain_end RunnableLambda ["condition:1"] {} {"input":"ab","output":true}',
      ],
    ),
  ],
  [
    "a router",
    (lib) => new lib.RouterRunnable({ runnables: { a: lib.RunnableLambda.from(add) } }),
    { key: "a", input: 1 },
    undefined,
    differing("events of the whole are named after the router, which has no run", [
      'on_chain_start RunnableLambda [] {} {"input":{"input":1,"key":"a"}}',
      'on_chain_stream RunnableLambda [] {} {"chunk":2}',
      'on_chain_end RunnableLambda [] {} {"output":2}',
    ]),
  ],
  ["assign", (lib) => lib.RunnablePassthrough.assign({ b: () => 1 }), { a: 1 }],
  ["pick", (lib) => lib.RunnableMap.from({ a: letters }).pick("a"), "ab"],
  [
    "each",
    (lib) => new lib.RunnableEach({ bound: lib.RunnableLambda.from(add) }),
    [1],
    differing(
      "the output of a runnable that does not stream itself is no chunk",
      [
        'on_chain_start RunnableEach [] {} {"input":[1]}',
        'on_chain_stream RunnableEach [] {} {"chunk":[2]}',
        'on_chain_end RunnableEach [] {} {"output":[2]}',
      ],
      ['on_chain_start RunnableLambda [] {} {"input":1}', 'on_chain_end RunnableLambda [] {} {"input":1,"output":2}'],
    ),
  ],
  [
    "fallbacks",
    (lib) => lib.RunnableLambda.from(() => letters("ab")).withFallbacks([lib.RunnableLambda.from(letters)]),
    "ab",
    silent,
    silent,
  ],
  ["a returned runnable", (lib) => lib.RunnableLambda.from(() => lib.RunnableLambda.from(letters)), "ab"],
];

const filters: [string, object][] = [
  ["includeNames", { includeNames: ["Letters"] }],
  ["includeTags", { includeTags: ["one"] }],
  ["includeTypes", { includeTypes: ["chain"] }],
  ["excludeNames", { excludeNames: ["Letters"] }],
  ["excludeNames of the whole", { excludeNames: ["RunnableSequence"] }],
  ["excludeTags", { excludeTags: ["one"] }],
  ["excludeTypes", { excludeTypes: ["chain"] }],
  ["two filters", { includeNames: ["Upper", "Letters"], excludeTags: ["two"] }],
];

const progress = (lib: Lib) =>
  lib.RunnableLambda.from(async (x: number, config: any) => {
    await dispatchCustomEvent("progress", { x }, config);
    return x;
  });

export const eventStreams: Scenario[] = [
  ...ordered.flatMap(([what, build, input]): Scenario[] => [
    { name: `version 2 of ${what}`, build, drive: events(input) },
    { name: `version 1 of ${what}`, build, drive: events(input, { version: "v1" }) },
  ]),
  ...nested.flatMap(([what, build, input, v2, v1]): Scenario[] => [
    { name: `version 2 of ${what}`, build, drive: eventsByRun(input), ...(v2 && { differs: v2 }) },
    { name: `version 1 of ${what}`, build, drive: eventsByRun(input, { version: "v1" }), ...(v1 && { differs: v1 }) },
  ]),
  ...filters.map(
    ([what, filter]): Scenario => ({ name: `version 2, ${what}`, build: named, drive: events("ab", {}, filter) }),
  ),
  { name: "version 1, a filter", build: named, drive: events("ab", { version: "v1" }, { includeNames: ["Letters"] }) },
  { name: "a failing lambda", build: (lib) => lib.RunnableLambda.from(boom), drive: events(1), fails: "own" },
  { name: "a failing step", build: (lib) => lib.RunnableSequence.from([add, boom]), drive: events(1), fails: "own" },
  {
    name: "a failing step, version 1",
    build: (lib) => lib.RunnableSequence.from([add, boom]),
    drive: events(1, { version: "v1" }),
    fails: "own",
  },
  { name: "custom events", build: progress, drive: events(1, { tags: ["t"], metadata: { m: 1 } }) },
  { name: "custom events with a filter", build: progress, drive: events(1, {}, { includeNames: ["progress"] }) },
  {
    name: "a config's own name and tags",
    build: spell,
    drive: events("ab", { runName: "Run", tags: ["t"], metadata: { m: 1 } }),
  },
  {
    name: "a config's own name and tags, version 1",
    build: spell,
    drive: events("ab", { version: "v1", runName: "Run", tags: ["t"], metadata: { m: 1 } }),
  },
  {
    name: "values of configurable stay out",
    build: spell,
    drive: events("ab", { configurable: { a: 1, model: "m" } }),
  },
  {
    name: "text/event-stream",
    build: (lib) => lib.RunnableLambda.from(add),
    drive: async (runnable, run) => {
      const decoder = new TextDecoder();
      let text = "";
      for await (const bytes of runnable.streamEvents(1, { version: "v2", encoding: "text/event-stream" })) {
        text += decoder.decode(bytes, { stream: true });
      }
      for (const message of text.split("\n\n")) {
        const [event, data] = message.split("\ndata: ");
        run.chunks.push([event, data && JSON.parse(data)]);
      }
    },
  },
  {
    name: "a version that does not exist",
    build: (lib) => lib.RunnableLambda.from(add),
    drive: events(1, { version: "v9" }),
    fails: { code: "RUNLANE_INVALID_CONFIG" },
  },
  {
    name: "events of errors",
    build: (lib) => lib.RunnableSequence.from([add, boom]),
    drive: async (runnable, run) => {
      try {
        for await (const { event, name, data } of runnable.streamEvents(1, { version: "v2" })) {
          if (event.endsWith("error")) run.chunks.push([event, name, String(data.error)]);
        }
      } catch {
        return "failed";
      }
      return "ended";
    },
    differs: {
      defect: "nobody is told which step failed",
      runlane: {
        result: "failed",
        chunks: [
          ["on_chain_error", "RunnableLambda", "Error: boom"],
          ["on_chain_error", "RunnableSequence", "Error: boom"],
        ],
      },
    },
  },
  {
    name: "the keys of an event",
    build: spell,
    drive: async (runnable, run) => {
      for await (const event of runnable.streamEvents("ab", { version: "v2" }))
        run.chunks.push(Object.keys(event).toSorted());
    },
  },
  {
    name: "the ids of the runs around",
    build: spell,
    drive: async (runnable, run) => {
      const depths = new Map<string, number>();
      for await (const { run_id, parent_ids } of runnable.streamEvents(
        "a",
        { version: "v2" },
        { includeParentIds: true },
      ))
        depths.set(run_id, parent_ids?.length);
      run.chunks.push(...depths.values());
    },
    differs: { defect: "events do not say what they are inside of", runlane: { chunks: [0, 1, 1] } },
  },
];
