import type { Report } from "../run/report.ts";
import { formatBytes, formatCount, formatDuration, formatRate } from "./format.ts";

/** What a run prints at its end: the table of its steps, its totals, and where the records are. */
export async function summary(report: Report): Promise<string> {
  const { inputs, failed, durationMs, inputsPerSecond, loopBusy, loopDelayP99Ms, peakMemoryBytes, steps } = report;
  const lines: string[] = [];
  if (steps.length > 0) {
    const { stepTable } = await import("./step-table.ts");
    lines.push(stepTable(steps));
  }
  lines.push(
    [
      `${formatCount(inputs)} ${inputs === 1 ? "input" : "inputs"} in ${formatDuration(durationMs)} (${formatRate(inputsPerSecond)})`,
      `${formatCount(failed)} failed`,
      `loop busy ${Math.round(100 * loopBusy)} %`,
      `loop delay p99 ${formatDuration(loopDelayP99Ms)}`,
      `peak memory ${formatBytes(peakMemoryBytes)}`,
    ].join(", "),
  );
  if (report.firstIndex > 0) lines.push(`continued at input ${formatCount(report.firstIndex)}`);
  if (report.output !== null) lines.push(`records: ${report.output}`);
  if (report.errors !== null && (failed > 0 || report.failedEarlier)) lines.push(`failed inputs: ${report.errors}`);
  return lines.join("\n");
}
