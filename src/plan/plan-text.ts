import { visible } from "../core/visible.ts";
import type { Plan, PlanStage, PlanStep, StageFigures } from "./plan.ts";
import { aligned, duration, size, widthsOf, wrapped } from "./text-table.ts";

/** The width of a table in characters: it fits beside an editor and into the boxes of documentation. */
const WIDTH = 100;
/** The least width of the last column, in characters. Where there is less room, reasons stand below the table, each once. */
const LEAST_FOR_REASONS = 40;

/** A line of the table. */
interface Line {
  readonly cells: readonly string[];
  readonly why: string;
}

/** A plan as a table for people: a line for each step, under the number of its stage. */
export function planText({ name, stages, warnings, wallMs }: Plan): string {
  const isMeasured = wallMs !== undefined;
  const head = ["stage", "step", "lane", "chunk"];
  if (isMeasured) head.push("inputs", "failed", "p50", "p99", "share");
  const lines = stages.flatMap((stage, at) => stage.steps.map((step, row) => lineOf(stage, at, step, row, isMeasured)));
  const text = [isMeasured ? `${visible(name)}: ${duration(wallMs)}` : visible(name), ...table(head, lines)];
  for (const [at, { figures, lane, remarks = [] }] of stages.entries()) {
    const sentences = [...(figures === undefined ? [] : figuresText(figures)), ...remarks.map(visible)];
    for (const sentence of sentences) text.push(...hanging(`stage ${at + 1} (${lane}): ${sentence}`));
  }
  for (const warning of warnings) text.push(...hanging(`warning: ${visible(warning)}`));
  return text.join("\n");
}

function figuresText({ inputs, queueMs, runMs, cpuMs, bytes }: StageFigures): string[] {
  if (inputs === 0) return [];
  const cpu = cpuMs > 0 ? `, ${duration(cpuMs)} of CPU time` : "";
  return [`${duration(queueMs)} in the queue each, workers busy for ${duration(runMs)}${cpu}, ${size(bytes)} moved`];
}

function lineOf({ fused, chunk }: PlanStage, at: number, step: PlanStep, row: number, isMeasured: boolean): Line {
  const { name, depth, lane, why, resources, figures } = step;
  const isFirst = row === 0;
  const cells = [
    isFirst ? `${at + 1}${fused ? " fused" : ""}` : "",
    `${"  ".repeat(depth)}${visible(name)}`,
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
  return { cells, why: `${visible(why)}${visible(uses)}${isFirst && fused ? "; one hop for several steps" : ""}` };
}

/** Long reasons take several lines: of their column, or below the table where that would be too narrow. */
function table(head: readonly string[], lines: readonly Line[]): string[] {
  const widths = widthsOf([head, ...lines.map(({ cells }) => cells)]);
  const room = WIDTH - widths.reduce((sum, width) => sum + width + 2, 0);
  // A path, for one, is a word that cannot be broken.
  const longestWord = Math.max(0, ...lines.flatMap(({ why }) => why.split(" ").map((word) => word.length)));
  if (room >= Math.max(LEAST_FOR_REASONS, longestWord)) {
    const empty = head.map(() => "");
    const rows = lines.flatMap(({ cells, why }) =>
      wrapped(why, room).map((part, at) => [...(at === 0 ? cells : empty), part]),
    );
    return aligned([[...head, "why"], ...rows]);
  }
  const reasons = new Map<string, string[]>();
  for (const { cells, why } of lines) reasons.set(why, [...(reasons.get(why) ?? []), cells[1]!.trim()]);
  const below = Array.from(reasons, ([why, names]) => `${[...new Set(names)].join(", ")}: ${why}`);
  return [...aligned([head, ...lines.map(({ cells }) => cells)]), ...below.flatMap(hanging)];
}

/** A text in lines as wide as the table, those behind the first one indented. */
export function hanging(text: string): string[] {
  return wrapped(text, WIDTH - 2).map((line, at) => (at === 0 ? line : `  ${line}`));
}
