import { fileURLToPath } from "node:url";
import Table from "cli-table3";
import { visible } from "../../core/visible.ts";
import { formatDuration } from "../display/format.ts";
import { displayName } from "../paths.ts";
import type { Phase } from "./messages.ts";
import type { ColdStart, PhaseTime } from "./run-coldstart.ts";

/** The width of the waterfall in characters. */
const WIDTH = 40;

const NAMES: Record<Phase, string> = {
  node: "Node",
  typescript: "tsx",
  imports: "imports",
  workers: "worker start",
  resources: "resources",
  call: "first call",
};

/** A start, for people to read: the phases as a table and as a waterfall, then what is dear in them. */
export function showColdStart(start: ColdStart): string {
  const { pipeline, runs, node, totalMs, budgetMs, withinBudget, phases, modules, moduleCount, resources } = start;
  const parts = [
    `${pipeline}: ${formatDuration(totalMs)} to the first output (Node ${node}, median of ${runs} ${runs === 1 ? "start" : "starts"})`,
    table(
      ["phase", "time", "share", ""],
      phases.map((phase) => [
        NAMES[phase.phase],
        formatDuration(phase.ms),
        `${Math.round((100 * phase.ms) / totalMs)} %`,
        bar(phase, totalMs),
      ]),
    ),
  ];
  if (modules.length > 0) {
    const rows = modules.map(({ url, selfMs, totalMs }) => [
      moduleName(url),
      formatDuration(selfMs),
      formatDuration(totalMs),
    ]);
    const title = moduleCount > modules.length ? `the ${modules.length} dearest of ${moduleCount} modules` : "module";
    parts.push(table([title, "self", "total"], rows));
  }
  if (resources.length > 0) {
    const rows = resources.map(({ name, scope, where, worker, loadMs }) => [
      name,
      formatDuration(loadMs ?? Number.NaN),
      worker === null ? where : `${where} ${worker}`,
      scope,
    ]);
    parts.push(table(["resource", "load", "where", "scope"], rows));
  }
  if (budgetMs !== null) {
    const verdict = withinBudget ? "within" : `${formatDuration(totalMs - budgetMs)} over`;
    parts.push(`${verdict} the budget of ${formatDuration(budgetMs)}`);
  }
  return parts.join("\n");
}

/** The time of a phase on the time line of the whole start. */
function bar({ startMs, ms }: PhaseTime, totalMs: number): string {
  const from = Math.min(WIDTH - 1, Math.round((startMs / totalMs) * WIDTH));
  const to = Math.max(from + 1, Math.round(((startMs + ms) / totalMs) * WIDTH));
  return `${" ".repeat(from)}${"█".repeat(to - from)}`;
}

/** A module as people know it: a package's by the package, one's own by its path. */
export function moduleName(url: string): string {
  if (!url.startsWith("file:")) return url;
  const path = fileURLToPath(url.replace(/[?#].*$/, "")).replaceAll("\\", "/");
  const inPackage = path.lastIndexOf("/node_modules/");
  return inPackage === -1 ? displayName(path) : path.slice(inPackage + "/node_modules/".length);
}

function table(head: string[], rows: string[][]): string {
  const drawn = new Table({
    head,
    colAligns: ["left", "right", head[2] === "where" ? "left" : "right", "left"],
    style: { head: [], border: [] },
    chars: { mid: "", "left-mid": "", "mid-mid": "", "right-mid": "" },
  });
  drawn.push(...rows.map((row) => row.map(visible)));
  return drawn.toString();
}
