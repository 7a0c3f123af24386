import { verdictText } from "./diagnose.ts";
import type { Diagnosis, Finding } from "./types.ts";

/** A diagnosis as a page for people. */
export function pageOf({ findings, tried, notes }: Diagnosis): string {
  const proved = findings.filter(({ proof }) => proof.verdict === "proved");
  const others = findings.filter(({ proof }) => proof.verdict !== "proved");
  const lines: string[] = [];
  for (const note of notes) lines.push(`note: ${note}`);
  if (notes.length > 0) lines.push("");
  if (proved.length === 0)
    lines.push("Nothing was found that is proved to help. What was tried:", ...tried.map((one) => `  ${one}`));
  for (const [at, finding] of proved.entries()) lines.push(...entry(`${at + 1}. `, finding), "");
  if (others.length > 0) {
    lines.push(proved.length === 0 ? "" : "---- not proved ----", "");
    for (const finding of others) lines.push(...entry("-  ", finding), "");
  }
  return lines.join("\n").trimEnd();
}

function entry(mark: string, { id, step, place, evidence, fix, proof }: Finding): string[] {
  const where = place === null ? step : `${step} (${place})`;
  const facts = Object.entries(evidence).map(([name, value]) => `${name}: ${value}`);
  return [
    `${mark}${id}: ${where}`,
    `   evidence  ${facts.join("; ")}`,
    `   fix       ${fix}`,
    `   proof     ${verdictText(proof)}${proof.ratio === null ? "" : `, ${proof.metric}`}`,
  ];
}
