import { dispatchCustomEvent } from "@langchain/core/callbacks/dispatch/web";
import { add, boom, later, letters, upper, words } from "../functions.ts";
import { events, eventsByRun, type Lib, type Scenario } from "../harness.ts";

const spell = (lib: Lib) => lib.RunnableSequence.from([upper, letters]);
const named = (lib: Lib) =>
  lib.RunnableSequence.from([
    lib.RunnableLambda.from(upper).withConfig({ runName: "Upper", tags: ["one"] }),
    lib.RunnableLambda.from(letters).withConfig({ runName: "Letters", tags: ["two"] }),
  ]);

const shapes: [string, (lib: Lib) => any, unknown][] = [
  ["a lambda", (lib) => lib.RunnableLambda.from(add), 1],
  ["a generator", (lib) => lib.RunnableLambda.from(words), "a b"],
  ["a sequence", spell, "ab"],
  ["three lambdas", (lib) => lib.RunnableSequence.from([add, later, add]), 1],
  ["a map", (lib) => lib.RunnableMap.from({ a: add }), 1],
  ["a branch", (lib) => lib.RunnableBranch.from([[() => true, letters], upper]), "ab"],
  ["a passthrough", (lib) => lib.RunnableLambda.from(letters).pipe(new lib.RunnablePassthrough()), "ab"],
  ["assign", (lib) => lib.RunnablePassthrough.assign({ b: () => 1 }), { a: 1 }],
  ["pick", (lib) => lib.RunnableMap.from({ a: letters }).pick("a"), "ab"],
  ["each", (lib) => new lib.RunnableEach({ bound: lib.RunnableLambda.from(add) }), [1]],
  ["a binding", (lib) => spell(lib).withConfig({ runName: "Bound", tags: ["t"], metadata: { m: 1 } }), "ab"],
  ["fallbacks", (lib) => lib.RunnableLambda.from(boom).withFallbacks([lib.RunnableLambda.from(letters)]), "ab"],
  [
    "a router",
    (lib) => new lib.RouterRunnable({ runnables: { a: lib.RunnableLambda.from(add) } }),
    { key: "a", input: 1 },
  ],
  ["a returned runnable", (lib) => lib.RunnableLambda.from(() => lib.RunnableLambda.from(letters)), "ab"],
  [
    "a call inside a function",
    (lib) => lib.RunnableLambda.from((text: string, config: object) => spell(lib).invoke(text, config)),
    "ab",
  ],
];

const filters: [string, object][] = [
  ["includeNames", { includeNames: ["Letters"] }],
  ["includeTags", { includeTags: ["one"] }],
  ["includeTypes", { includeTypes: ["chain"] }],
  ["excludeNames", { excludeNames: ["Letters"] }],
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
  ...shapes.flatMap(([what, build, input]): Scenario[] => [
    { name: `version 2 of ${what}`, build, drive: events(input) },
    { name: `version 1 of ${what}`, build, drive: events(input, { version: "v1" }) },
  ]),
  ...filters.map(
    ([what, filter]): Scenario => ({ name: `version 2, ${what}`, build: named, drive: events("ab", {}, filter) }),
  ),
  { name: "version 1, a filter", build: named, drive: events("ab", { version: "v1" }, { includeNames: ["Letters"] }) },
  {
    name: "branches of a map that race",
    build: (lib) => lib.RunnableMap.from({ a: words, b: upper }),
    drive: eventsByRun("x y"),
  },
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
      const runId = "0f0e0d0c-0b0a-4908-8706-050403020100";
      const decoder = new TextDecoder();
      for await (const bytes of runnable.streamEvents(1, { version: "v2", encoding: "text/event-stream", runId })) {
        run.chunks.push(decoder.decode(bytes).replace(/,"parent_ids":\[[^\]]*\]/, ""));
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
    name: "the ids of the runs around",
    build: spell,
    drive: async (runnable, run) => {
      const depths = new Map<string, number>();
      for await (const { run_id, parent_ids } of runnable.streamEvents("a", { version: "v2" }))
        depths.set(run_id, parent_ids?.length);
      run.chunks.push(...depths.values());
    },
    differs: { defect: "events do not say what they are inside of", runlane: { chunks: [0, 1, 1] } },
  },
];
