import { basename } from "node:path";
import { visible } from "../../core/visible.ts";
import type { Plan } from "../../plan/plan.ts";
import { planText } from "../../plan/plan-text.ts";
import { aligned } from "../../plan/text-table.ts";
import type { HolderRow, Report, ResourceRow } from "../run/report.ts";
import { guessLines, type Proving } from "./first-guess.ts";
import { formatBytes, formatCount, formatDuration, formatRate } from "./format.ts";

/** The text at the end of a run: how each step ran and why there, the resources, the totals, and where the records are. */
export function summary(report: Report, plan: Plan, options: Proving): string {
  const { inputs, failed, durationMs, inputsPerSecond, loopBusy, loopDelayP99Ms, peakMemoryBytes, resources } = report;
  const lines: string[] = [];
  // Other machines tell of stages, and not of steps.
  const isMeasured = report.steps.length > 0 || plan.stages.some(({ figures }) => (figures?.inputs ?? 0) > 0);
  if (isMeasured) lines.push(planText(plan), "");
  if (resources.length > 0) lines.push(...resourceTable(resources), "");
  lines.push(
    [
      `${formatCount(inputs)} ${inputs === 1 ? "input" : "inputs"} in ${formatDuration(durationMs)} (${formatRate(inputsPerSecond)})`,
      `${formatCount(failed)} failed`,
      `loop busy ${Math.round(100 * loopBusy)} %`,
      `loop delay p99 ${formatDuration(loopDelayP99Ms)}`,
      `peak memory ${formatBytes(peakMemoryBytes)}`,
    ].join(", "),
  );
  const [worst] = report.holders;
  if (worst !== undefined) lines.push(heldBy(worst));
  if (report.warmMs !== null)
    lines.push(`everything was loaded before the first input, in ${formatDuration(report.warmMs)}`);
  if (report.firstIndex > 0) lines.push(`continued at input ${formatCount(report.firstIndex)}`);
  if (report.output !== null) lines.push(`records: ${report.output}`);
  if (report.errors !== null && (failed > 0 || report.failedEarlier)) lines.push(`failed inputs: ${report.errors}`);
  lines.push(...guessLines(plan, options));
  return lines.join("\n");
}

/** "the loop was held by summarize (summarize.ts:28) 31 times, 412 ms" */
function heldBy({ step, place, times, totalMs }: HolderRow): string {
  const where = place === null ? "" : ` (${basename(place)})`;
  return `the loop was held by ${step}${where} ${formatCount(times)} ${times === 1 ? "time" : "times"}, ${formatDuration(totalMs)}`;
}

/** The table of resources: how often each was loaded, and how long that took. */
export function resourceTable(rows: readonly ResourceRow[]): string[] {
  const lines = rows.map(({ name, where, loads, loadMs, memoryBytes, memoryPerWorkerBytes, error }) => [
    visible(name),
    visible(where),
    formatCount(loads),
    loadMs === null ? "" : formatDuration(loadMs),
    memoryBytes === null ? "" : formatBytes(memoryBytes),
    memoryPerWorkerBytes === null ? "" : formatBytes(memoryPerWorkerBytes),
    error === null ? "" : `failed: ${error}`,
  ]);
  return aligned([["resource", "where", "loads", "load time", "memory", "per worker", ""], ...lines]);
}
