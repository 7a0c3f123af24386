import type { Plan, PlanStage, PlanStep } from "./plan.ts";

type Row = readonly string[];

/** A plan as a table for people: a line for each step, under the number of its stage. */
export function planText({ name, stages, warnings, wallMs }: Plan): string {
  const isMeasured = wallMs !== undefined;
  const head = ["stage", "step", "lane", "chunk"];
  if (isMeasured) head.push("inputs", "failed", "p50", "p99", "share");
  const rows = stages.flatMap((stage, at) => stage.steps.map((step, row) => rowOf(stage, at, step, row, isMeasured)));
  const lines = [isMeasured ? `${name}: ${duration(wallMs)}` : name, ...aligned([[...head, "why"], ...rows])];
  for (const [at, { figures, lane }] of stages.entries()) {
    if (figures === undefined) continue;
    const { queueMs, runMs, cpuMs, bytes } = figures;
    const cpu = cpuMs > 0 ? `, ${duration(cpuMs)} of CPU time` : "";
    lines.push(
      `stage ${at + 1} (${lane}): ${duration(queueMs)} in the queue each, workers busy for ${duration(runMs)}${cpu}, ${size(bytes)} moved`,
    );
  }
  for (const warning of warnings) lines.push(`warning: ${warning}`);
  return lines.join("\n");
}

function rowOf({ steps, fused, chunk }: PlanStage, at: number, step: PlanStep, row: number, isMeasured: boolean): Row {
  const { name, depth, lane, why, resources, figures } = step;
  const isFirst = row === 0;
  const cells = [
    isFirst ? `${at + 1}${fused ? " fused" : ""}` : "",
    `${"  ".repeat(depth)}${name}`,
    lane,
    isFirst && chunk !== undefined ? String(chunk) : "",
  ];
  if (isMeasured) {
    if (figures === undefined) cells.push("", "", "", "", "");
    else {
      const { inputs, failed, p50Ms, p99Ms, share } = figures;
      cells.push(String(inputs), String(failed), duration(p50Ms), duration(p99Ms), `${Math.round(share * 100)} %`);
    }
  }
  const uses = resources.length === 0 ? "" : `; uses ${resources.join(", ")}`;
  return [...cells, `${why}${uses}${isFirst && fused ? `; one hop for ${steps.length} steps` : ""}`];
}

/** Columns that begin below each other. */
function aligned(rows: readonly Row[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join("  ")
      .trimEnd(),
  );
}

function duration(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toFixed(2)} s`;
  if (ms >= 1) return `${ms.toFixed(1)} ms`;
  return `${(ms * 1000).toFixed(1)} us`;
}

function size(bytes: number): string {
  if (bytes >= 1e6) return `${(bytes / 1e6).toFixed(1)} MB`;
  return bytes >= 1000 ? `${(bytes / 1000).toFixed(1)} kB` : `${bytes} bytes`;
}
