/** What `import` adds to the time of a whole process, bare Node subtracted. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { median, type Row, row, type SuiteOptions } from "./measure.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const MODULES = ["runlane", "@langchain/core/runnables", "rxjs", "effect", "p-map"];

function spawn(code: string): number {
  const start = performance.now();
  const child = spawnSync(process.execPath, ["--input-type=module", "-e", code], {
    cwd: ROOT,
    env: { ...process.env, NODE_OPTIONS: "" },
    encoding: "utf8",
  });
  const elapsed = performance.now() - start;
  if (child.status !== 0) throw new Error(`node -e ${code} failed:\n${child.stderr}`);
  return elapsed;
}

export async function importing({ quick }: SuiteOptions): Promise<Row[]> {
  const scripts = new Map([["", "0"], ...MODULES.map((name) => [name, `import ${JSON.stringify(name)}`] as const)]);
  const samples = new Map([...scripts.keys()].map((name) => [name, [] as number[]]));
  for (const code of scripts.values()) spawn(code);
  for (let k = 0; k < (quick ? 9 : 19); k++) {
    for (const [name, code] of scripts) samples.get(name)!.push(spawn(code));
  }
  const cost = (name: string) => median(samples.get(name)!) - median(samples.get("")!);
  const ours = cost("runlane");
  return MODULES.slice(1).map((name) =>
    row('import "runlane"', [ours, "ms"], [name, cost(name)], name.startsWith("@langchain") ? { max: 0.1 } : null),
  );
}
