/** What `import` adds to the time of a whole process, bare Node subtracted, and what each part adds that is loaded when it is first used. */
import { type Row, row, type SuiteOptions } from "./measure.ts";
import { script, timeProcesses } from "./processes.ts";

const MODULES = ["runlane", "@langchain/core/runnables", "rxjs", "effect", "p-map"];
const LAMBDA =
  'import { RunnableLambda } from "runlane"; const step = RunnableLambda.from((x) => x + 1); await step.invoke(1);';
/** What a program does on top of a plain chain. */
const PARTS: Record<string, string> = {
  "the parser of functions (withLane)": `${LAMBDA} step.withLane("thread");`,
  "a thread, and its first input": `${LAMBDA} await step.withLane("thread").invoke(1);`,
  "events (streamEvents)": `${LAMBDA} for await (const _ of step.streamEvents(1, { version: "v2" }));`,
  "a graph (getGraph)": `${LAMBDA} step.getGraph().drawMermaid();`,
  "a plan (explain)": `${LAMBDA} String(step.explain());`,
  'import "runlane/context"': `${LAMBDA} await import("runlane/context");`,
  'import "runlane/aws-lambda"': `${LAMBDA} await import("runlane/aws-lambda");`,
};

export async function importing({ quick }: SuiteOptions): Promise<Row[]> {
  const rounds = quick ? 9 : 19;
  const ways = { bare: script("0"), ...Object.fromEntries(MODULES.map((name) => [name, script(`import "${name}"`)])) };
  const times: Record<string, number> = timeProcesses(ways, rounds);
  const cost = (name: string) => times[name]! - times.bare!;
  const ours = cost("runlane");
  const parts = Object.entries(PARTS).map(([name, code]) => [name, script(code)] as const);
  const partTimes: Record<string, number> = timeProcesses(
    { plain: script(LAMBDA), ...Object.fromEntries(parts) },
    rounds,
  );
  return [
    ...MODULES.slice(1).map((name) =>
      row('import "runlane"', [ours, "ms"], [name, cost(name)], name.startsWith("@langchain") ? { max: 0.1 } : null),
    ),
    ...parts.map(([name]) => row(`on top: ${name}`, [partTimes[name]! - partTimes.plain!, "ms"], null)),
  ];
}
