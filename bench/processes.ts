/** Times of whole processes, which share nothing with each other. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { median } from "./measure.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Runs Node to its end. Returns what it printed, and how long it took. */
function runNode(args: readonly string[]): { output: string; ms: number } {
  const start = performance.now();
  const child = spawnSync(process.execPath, args, {
    cwd: ROOT,
    env: { ...process.env, NODE_OPTIONS: "" },
    encoding: "utf8",
  });
  const ms = performance.now() - start;
  if (child.status !== 0) throw new Error(`node ${args.join(" ")} failed:\n${child.stderr}`);
  return { output: child.stdout, ms };
}

/** The arguments that run a script of an ES module. */
export const script = (code: string) => ["--input-type=module", "-e", code];

/** The median time of each way to start Node; every round runs all of them. The first round fills the disk's caches. */
export function timeProcesses<K extends string>(ways: Record<K, readonly string[]>, rounds: number): Record<K, number> {
  const names = Object.keys(ways) as K[];
  for (const name of names) runNode(ways[name]);
  const samples = new Map<K, number[]>(names.map((name) => [name, []]));
  for (let k = 0; k < rounds; k++) for (const name of names) samples.get(name)!.push(runNode(ways[name]).ms);
  return Object.fromEntries(names.map((name) => [name, median(samples.get(name)!)])) as Record<K, number>;
}

/** The medians of the figures that a script prints as JSON, each time in a fresh process. */
export function figuresOf<Figures extends Record<string, number>>(args: readonly string[], rounds: number): Figures {
  const all = Array.from({ length: rounds }, () => JSON.parse(runNode(args).output) as Figures);
  const keys = Object.keys(all[0]!);
  return Object.fromEntries(keys.map((key) => [key, median(all.map((figures) => figures[key]!))])) as Figures;
}
