/**
 * How long the way of one call is: the functions that it passes in this thread, and the files they stand in, as V8's coverage counts
 * them. `node --import tsx bench/path-length.ts [--list]` prints a table, and with `--list` the functions themselves.
 */
import { readFileSync } from "node:fs";
import { Session } from "node:inspector/promises";
import { SourceMap } from "node:module";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { RunnableLambda, threads } from "runlane";

const DIST = new URL("../dist/", import.meta.url);

/** What a call passed. */
interface Path {
  readonly files: Set<string>;
  readonly functions: string[];
}

interface Script {
  readonly map: SourceMap;
  /** Where each line begins. */
  readonly lines: readonly number[];
}

const scripts = new Map<string, Script>();

function scriptOf(url: string): Script {
  let script = scripts.get(url);
  if (script === undefined) {
    const lines = [0];
    const text = readFileSync(new URL(url), "utf8");
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) lines.push(at + 1);
    script = { map: new SourceMap(JSON.parse(readFileSync(fileURLToPath(`${url}.map`), "utf8"))), lines };
    scripts.set(url, script);
  }
  return script;
}

/** The file in `src/` that an offset in a built file comes from. */
function sourceOf(url: string, offset: number): string {
  const { map, lines } = scriptOf(url);
  let line = lines.findIndex((start) => start > offset) - 1;
  if (line < 0) line = lines.length - 1;
  const { originalSource } = map.findEntry(line, offset - lines[line]!) as { originalSource?: string };
  return originalSource?.replace(/^.*\/src\//, "") ?? relative(fileURLToPath(DIST), fileURLToPath(url));
}

/** Measures one call after many, when everything is loaded and nothing is done for the first time. */
export async function pathOf(call: () => Promise<unknown>): Promise<Path> {
  for (let round = 0; round < 200; round++) await call();
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: false });
  await call();
  await session.post("Profiler.takePreciseCoverage");
  await call();
  const { result } = await session.post("Profiler.takePreciseCoverage");
  session.disconnect();
  const files = new Set<string>();
  const functions: string[] = [];
  for (const { url, functions: found } of result) {
    if (!url.startsWith(DIST.href)) continue;
    for (const { functionName, ranges } of found) {
      const [range] = ranges;
      if (range === undefined || range.count === 0) continue;
      const file = sourceOf(url, range.startOffset);
      files.add(file);
      functions.push(`${file} ${functionName || "(anonymous)"} x ${range.count}`);
    }
  }
  return { files, functions: functions.sort() };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await using pool = threads({ min: 1, max: 1, execArgv: [] });
  const double = RunnableLambda.from((x: number) => x * 2);
  const onThread = double.withLane(pool);
  const inputs = Array.from({ length: 1000 }, (_, index) => index);
  const calls: Record<string, () => Promise<unknown>> = {
    "invoke on the loop": () => double.invoke(1),
    "invoke on a thread": () => onThread.invoke(1),
    "batch of 1,000 on a thread": () => onThread.batch(inputs),
  };
  for (const [name, call] of Object.entries(calls)) {
    const { files, functions } = await pathOf(call);
    console.log(`${name}: ${functions.length} functions in ${files.size} files`);
    if (process.argv.includes("--list")) console.log(functions.map((one) => `  ${one}`).join("\n"));
  }
}
