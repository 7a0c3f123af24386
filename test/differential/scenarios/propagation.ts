import { add, failing, same } from "../functions.ts";
import { batch, invoke, type Lib, type Scenario, stream } from "../harness.ts";

/** What a step sees of the config of the call. */
const seen = (lib: Lib) =>
  lib.RunnableLambda.from((_: unknown, config: any) => {
    const { tags, metadata, configurable, maxConcurrency, runName, runId, stop, store } = config;
    return { tags, metadata, configurable, maxConcurrency, runName, runId, stop, store };
  });

const config = {
  tags: ["t"],
  metadata: { m: 1 },
  configurable: { c: 1 },
  maxConcurrency: 4,
  stop: ["x"],
  store: { kept: true },
};

const places: [string, (lib: Lib) => any, unknown][] = [
  ["alone", seen, 1],
  ["first in a sequence", (lib) => lib.RunnableSequence.from([seen(lib), same]), 1],
  ["last in a sequence", (lib) => lib.RunnableSequence.from([same, seen(lib)]), 1],
  [
    "in a sequence in a sequence",
    (lib) => lib.RunnableSequence.from([same, lib.RunnableSequence.from([same, seen(lib)])]),
    1,
  ],
  ["in a map", (lib) => lib.RunnableMap.from({ a: seen(lib) }), 1],
  ["as a condition", (lib) => lib.RunnableBranch.from([[seen(lib), seen(lib)], same]), 1],
  ["as a default", (lib) => lib.RunnableBranch.from([[() => false, same], seen(lib)]), 1],
  ["in each", (lib) => new lib.RunnableEach({ bound: seen(lib) }), [1]],
  ["in a router", (lib) => new lib.RouterRunnable({ runnables: { a: seen(lib) } }), { key: "a", input: 1 }],
  ["in assign", (lib) => lib.RunnablePassthrough.assign({ b: seen(lib) }), { a: 1 }],
  ["returned by a function", (lib) => lib.RunnableLambda.from(() => seen(lib)), 1],
  [
    "called by a function",
    (lib) => lib.RunnableLambda.from((x: number, given: object) => seen(lib).invoke(x, given)),
    1,
  ],
  ["as a fallback", (lib) => lib.RunnableLambda.from(failing(new Error("x"))).withFallbacks([seen(lib)]), 1],
  ["in a retry", (lib) => seen(lib).withRetry(), 1],
  ["bound", (lib) => seen(lib).withConfig({ tags: ["b"], metadata: { b: 1 }, configurable: { b: 1 }, stop: ["b"] }), 1],
  [
    "bound in a sequence",
    (lib) => lib.RunnableSequence.from([add, seen(lib).withConfig({ tags: ["b"], configurable: { b: 1 } })]),
    1,
  ],
  ["in a passthrough's function", (lib) => lib.RunnablePassthrough.assign({ b: seen(lib) }).pick("b"), { a: 1 }],
];

/** Those whose streams are reported in another way: callbacks.ts has why. */
const reportedElse = new Set([
  "in a sequence in a sequence",
  "as a condition",
  "as a default",
  "as a fallback",
  "in a retry",
]);

const named = { ...config, runName: "Name", runId: "0f0e0d0c-0b0a-4908-8706-050403020100" };

/** How far each key of a config reaches. */
export const propagation: Scenario[] = [
  ...places.flatMap(([where, build, input]): Scenario[] => [
    { name: `${where}, invoked`, build, drive: invoke(input, config) },
    { name: `${where}, streamed`, build, drive: stream(input, config) },
    { name: `${where}, batched`, build, drive: batch([input], config) },
    { name: `${where}, invoked with callbacks, a name and an id`, build, drive: invoke(input, named), observe: "tree" },
  ]),
  ...places
    .filter(([where]) => !reportedElse.has(where))
    .map(
      ([where, build, input]): Scenario => ({
        name: `${where}, streamed with callbacks, a name and an id`,
        build,
        drive: stream(input, named),
        observe: "tree",
      }),
    ),
  {
    name: "a condition in a streamed branch has a run of its own",
    build: (lib) => lib.RunnableBranch.from([[() => true, same], same]),
    drive: stream(1, named),
    observe: "tree",
    differs: {
      defect: "its run has the id of the branch's run, if the call gives one",
      runlane: {
        calls: [
          {
            calls: ['chain start Name (RunnableBranch) ["t"] {"m":1} {"input":1}', 'chain end {"output":1}'],
            runs: [
              {
                calls: [
                  'chain start RunnableLambda ["branch:1","t"] {"m":1} {"input":""}',
                  'chain end 1 of {"input":1}',
                ],
              },
              {
                calls: [
                  'chain start RunnableLambda ["condition:1","t"] {"m":1} {"input":1}',
                  'chain end {"output":true}',
                ],
              },
            ],
          },
        ],
      },
    },
  },
  {
    name: "the name of a run stays with the run",
    build: (lib) => lib.RunnableSequence.from([seen(lib), ({ runName }: any) => runName ?? "none"]),
    drive: invoke(1, { runName: "Name" }),
    differs: { defect: "without callbacks the name reaches all steps inside", runlane: { result: "none" } },
  },
  {
    name: "the recursion limit that a returned runnable sees",
    build: (lib) =>
      lib.RunnableLambda.from(() => lib.RunnableLambda.from((_: number, { recursionLimit }: any) => recursionLimit)),
    drive: invoke(1, { recursionLimit: 9 }),
    differs: { defect: "an invoked runnable costs two levels, a streamed one costs one", runlane: { result: 7 } },
  },
  {
    name: "the recursion limit that a returned runnable sees, streamed",
    build: (lib) =>
      lib.RunnableLambda.from(() => lib.RunnableLambda.from((_: number, { recursionLimit }: any) => recursionLimit)),
    drive: stream(1, { recursionLimit: 9 }),
  },
];
