import Table from "cli-table3";
import type { StepRow } from "../../observe/statistics.ts";
import { formatCount, formatDuration } from "./format.ts";

/** The table at the end of a run: one row per step, in the order of the pipeline. */
export function stepTable(rows: readonly StepRow[]): string {
  const table = new Table({
    head: ["step", "lane", "inputs", "failed", "p50", "p99", "total"],
    colAligns: ["left", "left", "right", "right", "right", "right", "right"],
    style: { head: [], border: [] },
    chars: { mid: "", "left-mid": "", "mid-mid": "", "right-mid": "" },
  });
  for (const row of rows) {
    const times = [row.p50Ms, row.p99Ms, row.totalMs].map(formatDuration);
    table.push([row.name, row.lane, formatCount(row.inputs), formatCount(row.failed), ...times]);
  }
  return table.toString();
}
