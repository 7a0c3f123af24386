import { add, boom, halfway, later, letters, sleepy, words } from "../functions.ts";
import { batch, invoke, type Scenario, stream, transform } from "../harness.ts";

type Fields = { a: number };
const next = ({ a }: Fields): number => a + 1;

export const passthrough: Scenario[] = [
  { name: "passthrough", build: (lib) => new lib.RunnablePassthrough(), drive: invoke(1) },
  { name: "passthrough, batch", build: (lib) => new lib.RunnablePassthrough(), drive: batch([1, null]) },
  { name: "passthrough, stream", build: (lib) => new lib.RunnablePassthrough(), drive: stream({ a: 1 }) },
  { name: "passthrough, transform", build: (lib) => new lib.RunnablePassthrough(), drive: transform(["a", "b"]) },
  {
    name: "passthrough with a function, invoked",
    build: (lib, note) => new lib.RunnablePassthrough({ func: (x: number, config: any) => note([x, config.tags]) }),
    drive: invoke(1, { tags: ["t"] }),
  },
  {
    name: "passthrough with a function, whose output is ignored",
    build: (lib) => new lib.RunnablePassthrough({ func: later }),
    drive: invoke(1),
  },
  {
    name: "passthrough with a function gets the joined chunks at the end",
    build: (lib, note) => new lib.RunnablePassthrough({ func: note }),
    drive: transform(["a", "b"]),
  },
  {
    name: "passthrough with a function and chunks that cannot be joined",
    build: (lib, note) => new lib.RunnablePassthrough({ func: note }),
    drive: transform([true, false]),
    differs: { defect: "the function is silently not called", runlane: { chunks: [true, false], notes: [false] } },
  },
  {
    name: "passthrough with a failing function",
    build: (lib) => new lib.RunnablePassthrough({ func: boom }),
    drive: invoke(1),
    fails: "own",
  },
  {
    name: "passthrough with a failing function, streamed",
    build: (lib) => new lib.RunnablePassthrough({ func: boom }),
    drive: stream(1),
    fails: "own",
  },
  { name: "assign", build: (lib) => lib.RunnablePassthrough.assign({ b: next }), drive: invoke({ a: 1 }) },
  { name: "assign over a key", build: (lib) => lib.RunnablePassthrough.assign({ a: next }), drive: invoke({ a: 1 }) },
  {
    name: "assign, batch",
    build: (lib) => lib.RunnablePassthrough.assign({ b: next }),
    drive: batch([{ a: 1 }, { a: 2 }]),
  },
  { name: "assign, stream", build: (lib) => lib.RunnablePassthrough.assign({ b: next }), drive: stream({ a: 1 }) },
  {
    name: "assign over a key, stream",
    build: (lib) => lib.RunnablePassthrough.assign({ a: next }),
    drive: stream({ a: 1 }),
  },
  {
    name: "assign of a streaming step",
    build: (lib) => lib.RunnablePassthrough.assign({ b: ({ text }: { text: string }) => letters(text) }),
    drive: stream({ text: "xy" }),
  },
  {
    name: "assign passes chunks through before its own",
    build: (lib) => lib.RunnablePassthrough.assign({ b: ({ text }: { text: string }) => text.length }),
    drive: transform([{ text: "x" }, { text: "yz" }]),
  },
  {
    name: "assign of nothing, invoked",
    build: (lib) => lib.RunnablePassthrough.assign({}),
    drive: invoke({ a: 1 }),
  },
  {
    name: "assign that fails",
    build: (lib) => lib.RunnablePassthrough.assign({ b: boom }),
    drive: invoke({ a: 1 }),
    fails: "own",
  },
  {
    name: "assign that fails, streamed",
    build: (lib) => lib.RunnablePassthrough.assign({ b: boom }),
    drive: stream({ a: 1 }),
    fails: "own",
  },
  {
    name: "assign to a string, streamed",
    build: (lib) => lib.RunnablePassthrough.assign({ b: add }),
    drive: stream("text"),
    fails: { code: "RUNLANE_INVALID_INPUT" },
  },
  {
    name: "assign to a string, invoked",
    build: (lib) => lib.RunnablePassthrough.assign({ b: add }),
    drive: invoke("ab"),
    fails: { code: "RUNLANE_INVALID_INPUT" },
    differs: { defect: "a string's characters are spread", runlane: { error: "an error of the library" } },
  },
  {
    name: "assign of a step that gives no chunks, streamed",
    build: (lib) => lib.RunnablePassthrough.assign({ b: async function* () {} }),
    drive: stream({ a: 1 }),
    differs: { defect: "the stream ends with a chunk that is undefined", runlane: { chunks: [{ a: 1 }] } },
  },
  {
    name: "the method assign",
    build: (lib) => lib.RunnableMap.from({ a: add }).assign({ b: next, c: { d: next } }),
    drive: invoke(1),
  },
  {
    name: "the constructor of RunnableAssign, by its fields",
    build: (lib) => new lib.RunnableAssign({ mapper: lib.RunnableMap.from({ b: next }) }),
    drive: invoke({ a: 1 }),
  },
  {
    name: "the constructor of RunnableAssign, by a map",
    build: (lib) => new lib.RunnableAssign(new lib.RunnableMap({ steps: { b: next } })),
    drive: invoke({ a: 1 }),
  },
  { name: "pick one", build: (lib) => new lib.RunnablePick("a"), drive: invoke({ a: 1, b: 2 }) },
  { name: "pick one that is missing", build: (lib) => new lib.RunnablePick("z"), drive: invoke({ a: 1 }) },
  { name: "pick several", build: (lib) => new lib.RunnablePick(["a", "z"]), drive: invoke({ a: 1, b: 2 }) },
  { name: "pick none", build: (lib) => new lib.RunnablePick(["z"]), drive: invoke({ a: 1 }) },
  { name: "pick, batch", build: (lib) => new lib.RunnablePick("a"), drive: batch([{ a: 1 }, { b: 1 }]) },
  { name: "pick one, stream", build: (lib) => new lib.RunnablePick("a"), drive: stream({ a: 1 }) },
  {
    name: "pick from a number",
    build: (lib) => new lib.RunnablePick("a"),
    drive: invoke(2),
    fails: { code: "RUNLANE_INVALID_INPUT" },
    differs: { defect: "looks for keys in what has none", runlane: { error: "an error of the library" } },
  },
  {
    name: "pick leaves chunks without the key out",
    build: (lib) => new lib.RunnablePick("a"),
    drive: transform([{ a: "x" }, { b: 1 }, { a: "y" }]),
  },
  {
    name: "pick several, chunk by chunk",
    build: (lib) => new lib.RunnablePick(["a", "b"]),
    drive: transform([{ a: "x", c: 1 }, { c: 1 }, { b: "y" }]),
  },
  {
    name: "the method pick",
    build: (lib) => lib.RunnableMap.from({ a: letters, b: sleepy(1) }).pick("a"),
    drive: stream("xy"),
  },
  { name: "pick by fields", build: (lib) => new lib.RunnablePick({ keys: ["a"] }), drive: invoke({ a: 1, b: 2 }) },
  {
    name: "map, assign and pick, character by character",
    build: (lib) =>
      lib.RunnableMap.from({ text: letters })
        .assign({ shout: ({ text }: { text: string }) => text.toUpperCase() })
        .pick(["text", "shout"]),
    drive: stream("xy"),
  },
  {
    name: "a stream that fails halfway before pick",
    build: (lib) => lib.RunnableMap.from({ a: halfway }).pick("a"),
    drive: stream("x"),
    fails: "own",
  },
  {
    name: "names",
    build: (lib) => lib,
    drive: async (lib) => [
      new lib.RunnablePassthrough().getName(),
      lib.RunnablePassthrough.assign({ a: words }).getName(),
      new lib.RunnablePick("a").getName(),
    ],
  },
];
