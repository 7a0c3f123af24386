/** What has to happen before the first output, each time in fresh processes. */
import { fileURLToPath } from "node:url";
import { type Row, row, type SuiteOptions } from "./measure.ts";
import { figuresOf, script, timeProcesses } from "./processes.ts";

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const child = (name: string, ...args: string[]) => ["--expose-gc", file(`coldstart/${name}`), ...args];

export async function coldstart({ quick }: SuiteOptions): Promise<Row[]> {
  const rounds = quick ? 7 : 15;
  const times = timeProcesses(
    {
      bare: script("0"),
      runlane: script('import "runlane"'),
      langchain: script('import "@langchain/core/runnables"'),
      nothing: ["-e", "0"],
      version: [file("../dist/cli/main.js"), "--version"],
    },
    rounds,
  );
  const firstInvoke = figuresOf<{ ms: number; langchainMs: number }>(child("first-invoke.mjs"), rounds);
  const worker = figuresOf<{ bareMs: number; readyMs: number }>(child("worker.mjs"), quick ? 3 : 7);
  const few = quick ? 1 : 3;
  // It takes tens of seconds, so that one run tells enough.
  const inside = figuresOf<{ ms: number }>(child("model.mjs", "inside"), 1);
  const resource = figuresOf<{ ms: number; loads: number }>(child("model.mjs", "resource"), few);
  const lazy = figuresOf<{ ms: number }>(child("first-on-lane.mjs", "lazy"), few);
  const warmed = figuresOf<{ ms: number }>(child("first-on-lane.mjs", "warmed"), few);
  const shared = figuresOf<{ bytes: number }>(child("dictionary.mjs", "shared"), few);
  const copied = figuresOf<{ bytes: number }>(child("dictionary.mjs", "worker"), few);
  return [
    row(
      'import "runlane", bare Node subtracted',
      [times.runlane - times.bare, "ms"],
      ["@langchain/core/runnables", times.langchain - times.bare],
      { max: 0.1 },
    ),
    row("first invoke of 3 steps", [firstInvoke.ms, "ms"], ["langchain", firstInvoke.langchainMs], { limit: 2 }),
    row("runlane --version", [times.version, "ms"], ["node -e 0", times.nothing], { max: 1.5 }),
    row("a thread is ready", [worker.readyMs, "ms"], ["bare Worker", worker.bareMs], { max: 1.3 }),
    row(
      "a model as a resource, 200 documents, 2 threads",
      [resource.ms, "ms"],
      ["loaded inside the function", inside.ms],
      { timesLess: 5 },
    ),
    row("its loads", [resource.loads, "loads"], null, { limit: 2 }),
    row("first invoke on a warmed thread", [warmed.ms, "ms"], ["not warmed", lazy.ms], { limit: 5 }),
    row("50 MB shared by 4 threads", [shared.bytes / 1e6, "MB"], ["one copy per thread", copied.bytes / 1e6], {
      timesLess: 3,
    }),
  ];
}
