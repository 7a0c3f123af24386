import { add, boom, later, letters, same } from "../functions.ts";
import { batch, invoke, type Lib, type Scenario, stream, transform } from "../harness.ts";

const seen = (lib: Lib) =>
  lib.RunnableLambda.from((_: unknown, { tags, metadata, configurable, stop, maxConcurrency }: any) => ({
    tags,
    metadata,
    configurable,
    stop,
    maxConcurrency,
  }));

export const binding: Scenario[] = [
  { name: "a call option", build: (lib) => seen(lib).withConfig({ stop: "x" }), drive: invoke(1) },
  {
    name: "a call option of the call is stronger",
    build: (lib) => seen(lib).withConfig({ stop: "x" }),
    drive: invoke(1, { stop: "y" }),
  },
  {
    name: "kwargs are stronger than the call",
    build: (lib) => new lib.RunnableBinding({ bound: seen(lib), config: {}, kwargs: { stop: "x" } }),
    drive: invoke(1, { stop: "y" }),
  },
  {
    name: "configurable is merged",
    build: (lib) => seen(lib).withConfig({ configurable: { a: 1, b: 1 } }),
    drive: invoke(1, { configurable: { b: 2, c: 2 } }),
  },
  {
    name: "metadata is merged",
    build: (lib) => seen(lib).withConfig({ metadata: { a: 1, b: 1 } }),
    drive: invoke(1, { metadata: { b: 2, c: 2 } }),
  },
  {
    name: "tags are united",
    build: (lib) => seen(lib).withConfig({ tags: ["a", "b"] }),
    drive: invoke(1, { tags: ["b", "c"] }),
  },
  { name: "tags, streamed", build: (lib) => seen(lib).withConfig({ tags: ["a"] }), drive: stream(1, { tags: ["b"] }) },
  {
    name: "tags, batched",
    build: (lib) => seen(lib).withConfig({ tags: ["a"] }),
    drive: batch([1, 2], [{ tags: ["b"] }, { tags: ["c"] }]),
  },
  {
    name: "two bindings",
    build: (lib) =>
      seen(lib)
        .withConfig({ stop: "x", tags: ["a"] })
        .withConfig({ stop: "y" }),
    drive: invoke(1),
  },
  {
    name: "two bindings of configurable",
    build: (lib) =>
      seen(lib)
        .withConfig({ configurable: { a: 1 } })
        .withConfig({ configurable: { b: 1 } }),
    drive: invoke(1),
    differs: {
      defect: "the second replaces configurable and tags of the first",
      runlane: { result: { configurable: { a: 1, b: 1 } } },
    },
  },
  {
    name: "steps of a bound sequence see the config",
    build: (lib) => lib.RunnableSequence.from([same, seen(lib)]).withConfig({ configurable: { a: 1 }, tags: ["t"] }),
    drive: invoke(1),
  },
  {
    name: "the model of configurable in the metadata",
    build: (lib) => seen(lib).withConfig({ configurable: { model: "m" } }),
    drive: invoke(1),
  },
  { name: "stream", build: (lib) => lib.RunnableLambda.from(letters).withConfig({ tags: ["a"] }), drive: stream("ab") },
  {
    name: "transform",
    build: (lib) => new lib.RunnablePassthrough().withConfig({ tags: ["a"] }),
    drive: transform(["a", "b"]),
  },
  {
    name: "a failing step",
    build: (lib) => lib.RunnableLambda.from(boom).withConfig({ tags: ["a"] }),
    drive: invoke(1),
    fails: "own",
  },
  {
    name: "config factories",
    build: (lib) =>
      new lib.RunnableBinding({
        bound: seen(lib),
        config: { tags: ["a"] },
        kwargs: {},
        configFactories: [async (config: any) => ({ metadata: { count: config.tags.length } })],
      }),
    drive: invoke(1, { tags: ["b"] }),
  },
  {
    name: "names",
    build: (lib) => lib.RunnableLambda.from(add).withConfig({ runName: "Named" }),
    drive: async (runnable, { lib }) => [
      runnable.getName(),
      lib.RunnableSequence.from([add, later], "Steps").withConfig({}).getName("Suffix"),
      Boolean(lib.RunnableBinding.isRunnableBinding(runnable)),
      Boolean(lib.RunnableBinding.isRunnableBinding(lib.RunnableLambda.from(add))),
    ],
  },
  {
    name: "config of a timeout of 0",
    build: (lib) => lib.RunnableLambda.from(add),
    drive: invoke(1, { timeout: 0 }),
    fails: { code: "RUNLANE_INVALID_CONFIG" },
  },
  {
    name: "mergeConfigs",
    build: (lib) => lib.mergeConfigs,
    drive: async (mergeConfigs) => [
      mergeConfigs({ tags: ["a", "b"], runName: "x" }, { tags: ["b", "c"] }),
      mergeConfigs({ metadata: { a: 1 } }, undefined, { metadata: { b: 1 }, timeout: 3 }, { timeout: 2 }),
      mergeConfigs({ stop: "a", runId: "1" }, { stop: undefined }),
      mergeConfigs(),
    ],
  },
  {
    name: "ensureConfig",
    build: (lib) => lib.ensureConfig,
    drive: async (ensureConfig) => [
      ensureConfig(),
      ensureConfig({ tags: ["a"], stop: "x", runName: undefined }),
      ensureConfig({ configurable: { model: "m", other: 1 } }),
      Object.keys(ensureConfig({ timeout: 1000 })),
    ],
  },
  {
    name: "patchConfig",
    build: (lib) => lib.patchConfig,
    drive: async (patchConfig) => [
      patchConfig({ runName: "x", configurable: { a: 1 } }, { callbacks: [], configurable: { b: 1 } }),
      patchConfig({ runId: "a", tags: ["t"] }, { recursionLimit: 3, maxConcurrency: 2, runName: "y" }),
    ],
  },
  {
    name: "pickRunnableConfigKeys",
    build: (lib) => lib.pickRunnableConfigKeys,
    drive: async (pick) => [pick(undefined), pick({ tags: ["a"], stop: "x", runName: "y", runId: "z", store: 1 })],
  },
  {
    name: "_coerceToRunnable",
    build: (lib) => lib._coerceToRunnable,
    drive: async (coerce) => [coerce(add).getName(), coerce({ a: add }).getName(), await coerce({ a: add }).invoke(1)],
  },
];
