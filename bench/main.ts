/**
 * `npm run bench -- [suite] [--quick] [--json] [--compare <run>]`: a run is a file that `--json` has printed, or `release`, the stored one of
 * the newest version, on this version of Node if there is one. Exits with 1 when a budget is missed.
 */
import defaults from "node:events";
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { newestRun } from "../scripts/figures.mjs";
import type { Suite } from "./measure.ts";
import { type Run, type SuiteRow, slower, table, tellSlower } from "./report.ts";

// A peer that traces its calls would be measured with its tracing.
for (const name of Object.keys(process.env)) if (/^LANG(SMITH|CHAIN)_/.test(name)) delete process.env[name];
// LangChain adds a listener to the signal of a call for each step, and Node would warn of each call.
defaults.defaultMaxListeners = 0;
process.env.LANGSMITH_TRACING = "false";
process.env.LANGCHAIN_TRACING_V2 = "false";

const SUITES: Record<string, () => Promise<Suite>> = {
  overhead: async () => (await import("./overhead.ts")).overhead,
  batch: async () => (await import("./batch.ts")).batch,
  batching: async () => (await import("./batching.ts")).batching,
  observe: async () => (await import("./observe.ts")).observe,
  growth: async () => (await import("./growth.ts")).growth,
  import: async () => (await import("./import.ts")).importing,
  lanes: async () => (await import("./lanes.ts")).lanes,
  coldstart: async () => (await import("./coldstart.ts")).coldstart,
  command: async () => (await import("./command.ts")).command,
  cluster: async () => (await import("./cluster.ts")).clusters,
  serve: async () => (await import("./serve.ts")).serve,
  telemetry: async () => (await import("./telemetry.ts")).telemetry,
};

function refuse(message: string): never {
  process.stderr.write(`bench: ${message}\n`);
  process.exit(2);
}

const options = {
  quick: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
  compare: { type: "string" },
} as const;

function read(): ReturnType<typeof parseArgs<{ options: typeof options; allowPositionals: true }>> {
  try {
    return parseArgs({ options, allowPositionals: true });
  } catch (error) {
    return refuse((error as Error).message);
  }
}

function readRun(name: string): Run {
  const [major] = process.versions.node.split(".");
  const path = name === "release" ? (newestRun(major) ?? newestRun()) : name;
  if (path === undefined) refuse("bench/results/ has no run; npm run figures -- --measure stores one");
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    return refuse(`${path} is no run: ${(error as Error).message}`);
  }
}

const { values, positionals } = read();
const [suite = "all", ...rest] = positionals;
if (rest.length > 0) refuse("one suite at a time, or none for all of them");
const chosen = suite === "all" ? Object.keys(SUITES) : [suite];
if (!chosen.every((name) => Object.hasOwn(SUITES, name))) {
  refuse(`unknown suite "${suite}"; there are ${Object.keys(SUITES).join(", ")}`);
}
const before = values.compare === undefined ? undefined : readRun(values.compare);

const rows: SuiteRow[] = [];
for (const name of chosen) {
  const run = await SUITES[name]!();
  process.stderr.write(`running ${name}\n`);
  for (const row of await run({ quick: values.quick })) rows.push({ suite: name, ...row });
}
const run: Run = { suite, quick: values.quick, node: process.version, cpus: availableParallelism(), rows };
process.stdout.write(`${values.json ? JSON.stringify(run, null, 2) : table(rows)}\n`);
if (before !== undefined) process.stderr.write(`${tellSlower(slower(before, run))}\n`);
if (rows.some((row) => !row.ok)) process.exitCode = 1;
