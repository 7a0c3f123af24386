import type { InspectorState } from "../../state.ts";
import { bytes, count, duration, percent, plural, rate } from "./format.ts";
import { adviceFor } from "./guesses.ts";
import { stepsOf } from "./steps.ts";

/** So many failed runs are told of. */
const MOST_FAILED = 5;

/** The page as Markdown: for an issue or a message. */
export function reportText(state: InspectorState): string {
  const { title, phase, end, startedAt, elapsedMs, counts, about, loop, lanes, chains, runs } = state;
  const lines = [
    `# ${title}`,
    "",
    `${phase === "over" ? (end ?? "finished") : "running"} since ${startedAt}: ${count(counts.done)} inputs in ${duration(elapsedMs)} (${rate(counts.perSecond)}), ${count(counts.failed)} failed.`,
    `Event loop: late by ${duration(Math.max(0, ...loop.lagMs))} at most, busy for ${percent(mean(loop.utilization))}; memory ${bytes(Math.max(0, ...loop.memoryBytes))}.`,
  ];
  for (const chain of chains) {
    lines.push(
      "",
      `## ${chain.name}`,
      "",
      "| stage | step | lane | inputs | failed | p50 | p99 | share |",
      "| --- | --- | --- | --- | --- | --- | --- | --- |",
    );
    for (const { stage, name, depth, lane, row, share } of stepsOf(chain)) {
      const figures =
        row === undefined
          ? ["", "", "", "", ""]
          : [count(row.inputs), count(row.failed), duration(row.p50Ms), duration(row.p99Ms), percent(share)];
      lines.push(`| ${[stage, `${"· ".repeat(depth)}${cell(name)}`, lane, ...figures].join(" | ")} |`);
    }
  }
  if (lanes.length > 0) lines.push("", "## Lanes", "");
  for (const { name, workers, busy, queued } of lanes)
    lines.push(`- ${name}: ${plural(workers, "worker")}, ${count(busy)} busy, ${plural(queued, "input")} in the queue`);
  const advice = adviceFor(state);
  if (advice.length > 0) lines.push("", "## What could be better", "");
  for (const { title, evidence, proof } of advice)
    lines.push(`- ${title} (${proof ?? "a guess, not proved"})${evidence === "" ? "" : `: ${evidence}`}`);
  const failed = runs.filter(({ state }) => state === "failed").slice(0, MOST_FAILED);
  if (failed.length > 0) lines.push("", "## Failed", "");
  for (const { index, id, step, error } of failed)
    lines.push(
      `- ${index === undefined ? `run ${id}` : `input ${index}`}${step === undefined ? "" : ` in ${step}`}: ${error}`,
    );
  lines.push("", `Runlane ${about.runlane}, Node ${about.node}, ${plural(about.cores, "core")}`);
  return `${lines.join("\n")}\n`;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
