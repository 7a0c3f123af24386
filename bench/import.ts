/** What `import` adds to the time of a whole process, bare Node subtracted. */
import { type Row, row, type SuiteOptions } from "./measure.ts";
import { script, timeProcesses } from "./processes.ts";

const MODULES = ["runlane", "@langchain/core/runnables", "rxjs", "effect", "p-map"];

export async function importing({ quick }: SuiteOptions): Promise<Row[]> {
  const ways = { bare: script("0"), ...Object.fromEntries(MODULES.map((name) => [name, script(`import "${name}"`)])) };
  const times: Record<string, number> = timeProcesses(ways, quick ? 9 : 19);
  const cost = (name: string) => times[name]! - times.bare!;
  const ours = cost("runlane");
  return MODULES.slice(1).map((name) =>
    row('import "runlane"', [ours, "ms"], [name, cost(name)], name.startsWith("@langchain") ? { max: 0.1 } : null),
  );
}
