/** `npm run bench -- [suite] [--quick] [--json]`. */
import defaults from "node:events";
import { availableParallelism } from "node:os";
import Table from "cli-table3";
import type { Row, Suite } from "./measure.ts";

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
};

function refuse(message: string): never {
  process.stderr.write(`bench: ${message}\n`);
  process.exit(2);
}

function figure(value: number | null): string {
  if (value === null) return "";
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en-US");
  return value.toPrecision(3);
}

function print(rows: Row[]): void {
  const head = ["what", "runlane", "peer", "its", "ratio", "budget", ""];
  const colAligns = ["left", "right", "left", "right", "right", "right", "left"] as const;
  const table = new Table({ head, colAligns: [...colAligns], style: { head: [], border: [], compact: true } });
  for (const { name, value, unit, peer, peerValue, ratio, budget, ok } of rows) {
    const verdict = budget === null ? "" : ok ? "ok" : "MISSED";
    const theirs = peerValue === null ? "" : `${figure(peerValue)} ${unit}`;
    table.push([name, `${figure(value)} ${unit}`, peer ?? "", theirs, figure(ratio), budget ?? "", verdict]);
  }
  const missed = rows.filter((row) => !row.ok).length;
  const budgets = rows.filter((row) => row.budget !== null).length;
  process.stdout.write(`${table}\n${budgets - missed} of ${budgets} budgets met\n`);
}

const args = process.argv.slice(2);
const flags = args.filter((arg) => arg.startsWith("-"));
const [suite = "all", ...rest] = args.filter((arg) => !arg.startsWith("-"));
const unknown = flags.find((flag) => flag !== "--quick" && flag !== "--json");
if (unknown) refuse(`unknown option ${unknown}; there are --quick and --json`);
if (rest.length > 0) refuse("one suite at a time, or none for all of them");
const chosen = suite === "all" ? Object.keys(SUITES) : [suite];
if (!chosen.every((name) => Object.hasOwn(SUITES, name))) {
  refuse(`unknown suite "${suite}"; there are ${Object.keys(SUITES).join(", ")}`);
}

const rows: Row[] = [];
for (const name of chosen) {
  const run = await SUITES[name]!();
  process.stderr.write(`running ${name}\n`);
  rows.push(...(await run({ quick: flags.includes("--quick") })));
}
if (flags.includes("--json")) {
  const document = { suite, node: process.version, cpus: availableParallelism(), rows };
  process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
} else print(rows);
