import { writeSync } from "node:fs";
import { pathToFileURL } from "node:url";
import type { Lane } from "../../lanes/lane.ts";
import type { RunnableOnLane } from "../../runnables/kinds/on-lane.ts";
import type { Runnable } from "../../runnables/runnable.ts";
import type { ResourceTime } from "./messages.ts";
import { absoluteNow, type Phase, type PhaseEnds, type StartReport, type StartRequest } from "./messages.ts";
import type * as ModuleTimes from "./module-times.ts";

/**
 * The process that is measured. It imports nothing but Node's own modules before the pipeline, so that what the pipeline imports is
 * counted as that, Runlane included.
 */

/** The file descriptor of the report. */
const REPORT_FD = 3;
const TOP = 10;
const ends: { -readonly [Name in keyof PhaseEnds]: number } = { node: absoluteNow() };
const request: StartRequest = JSON.parse(process.argv[2]!);
const url = pathToFileURL(request.file).href;
// Pipelines look at their arguments too.
process.argv.splice(1, 2, request.file);

let phase: Phase = "typescript";
try {
  tell(request.byModule ? await startByModule() : await start());
} catch (error) {
  tell({ failed: phase, message: error instanceof Error ? describe(error) : String(error) });
}
// Connections that the pipeline holds open are no reason to stay.
process.exit(0);

async function start(): Promise<StartReport> {
  await prepare();
  if (request.loaders.length > 0) ends.typescript = absoluteNow();
  phase = "imports";
  const pipeline = await importPipeline();
  ends.imports = absoluteNow();
  const resources = await warmByParts(pipeline, (part) => {
    if (part.starts !== undefined) phase = part.starts;
    if (part.ends !== undefined) ends[part.ends] = absoluteNow();
  });
  phase = "call";
  await pipeline.invoke(request.input ?? null);
  ends.call = absoluteNow();
  return { ends, resources };
}

async function startByModule(): Promise<StartReport> {
  await prepare();
  phase = "imports";
  // By URL: the bundler would give it the kernel, which would be there then before the pipeline asks for it.
  const { measureModules } = (await import(new URL("./module-times.js", import.meta.url).href)) as typeof ModuleTimes;
  const collect = measureModules();
  await import(url);
  const times = collect();
  return { modules: times.slice(0, TOP), count: times.length };
}

async function prepare(): Promise<void> {
  for (const loader of request.loaders) (await import(loader)).register();
}

async function importPipeline(): Promise<Runnable<unknown, unknown>> {
  try {
    const { [request.exportName]: exported } = await import(url);
    // A runnable needs nothing more to be run, and may be of another copy of Runlane, bundled into the module for example.
    if (exported?.lc_runnable && typeof exported.warm === "function") return exported;
  } catch {
    // Below it fails in the same way, and what is wrong is said.
  }
  const { importExport } = await import("../pipeline/load-pipeline.ts");
  return await importExport(request.file, request.exportName);
}

/** The message of an error, with the error's name where that says something. */
function describe({ name, message }: Error): string {
  return name === "Error" || name === "RunlaneError" ? message : `${name}: ${message}`;
}

function tell(report: StartReport): void {
  writeSync(REPORT_FD, JSON.stringify(report));
}

/**
 * Loads what a pipeline uses, one kind after the other, so that each can be measured: first the workers of its lanes, then resources and
 * the steps in the workers. Says when a part starts and when it has ended; parts that there are none of are left out.
 */
export async function warmByParts(
  pipeline: Runnable<unknown, unknown>,
  say: (part: { starts?: Phase; ends?: Phase }) => void,
): Promise<ResourceTime[]> {
  const lanes = new Set<Lane>();
  collectLanes(pipeline, lanes, new Set());
  if (lanes.size > 0) {
    say({ starts: "workers" });
    await Promise.all([...lanes].map((lane) => lane.warm()));
    say({ ends: "workers" });
  }
  if (lanes.size > 0 || pipeline.resources().length > 0) {
    say({ starts: "resources" });
    await pipeline.warm();
    say({ ends: "resources" });
  }
  return pipeline.resources().map(({ name, scope, where, worker, loadMs }) => ({ name, scope, where, worker, loadMs }));
}

/** The lanes of a runnable and of all that is in it. They are asked of it: the pipeline may be of another copy of Runlane than this one. */
function collectLanes(value: unknown, lanes: Set<Lane>, seen: Set<object>): void {
  if (typeof value !== "object" || value === null || seen.has(value)) return;
  seen.add(value);
  const { node } = value as Partial<Runnable>;
  if (node?.kind === "onLane") {
    const { offloaded } = value as RunnableOnLane;
    if (offloaded) lanes.add(offloaded.lane);
    // The steps inside run there, whatever lanes they have of their own.
    return;
  }
  if (node !== undefined || Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype)
    for (const part of Object.values(node ?? value)) collectLanes(part, lanes, seen);
}
