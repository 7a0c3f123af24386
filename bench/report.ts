/** What a run of the benchmarks says: a table, and what became slower than in another run. */
import Table from "cli-table3";
import { figure } from "../scripts/figures.mjs";
import type { Row } from "./measure.ts";

/** A run, as `--json` prints it and as it is stored in bench/results/. */
export interface Run {
  suite: string;
  quick: boolean;
  node: string;
  cpus: number;
  rows: SuiteRow[];
}

export interface SuiteRow extends Row {
  suite: string;
}

/** What is told of a row that became slower. */
export interface Slower {
  suite: string;
  name: string;
  /** How many times dearer it is than it was. */
  times: number;
  /** Whether that is measured by the peer, which is the same on any machine. */
  byPeer: boolean;
}

/** Less than this is the noise of a run. */
const TOLERANCE = 1.05;

export function table(rows: readonly Row[]): string {
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
  return `${table}\n${budgets - missed} of ${budgets} budgets met`;
}

/**
 * The rows that cost more than before, the worst first. A row with a peer is compared by what it costs over its peer in the same run, as
 * the runs may be of two machines.
 */
export function slower(before: Run, after: Run): Slower[] {
  const keyOf = ({ suite, name, peer }: SuiteRow) => JSON.stringify([suite, name, peer]);
  const old = new Map(before.rows.map((row) => [keyOf(row), row]));
  return after.rows
    .flatMap((row) => {
      const was = old.get(keyOf(row));
      if (was === undefined || was.unit !== row.unit) return [];
      const byPeer = row.peerValue !== null && was.peerValue !== null;
      const times = byPeer ? row.value / row.peerValue! / (was.value / was.peerValue!) : row.value / was.value;
      return times > TOLERANCE ? [{ suite: row.suite, name: row.name, times, byPeer }] : [];
    })
    .sort((a, b) => b.times - a.times);
}

/** The lines that tell of them. */
export function tellSlower(rows: readonly Slower[]): string {
  if (rows.length === 0) return "nothing became slower";
  const lines = rows.map(
    ({ suite, name, times, byPeer }) =>
      `  ${times.toFixed(2)} times  ${suite}: ${name}${byPeer ? ", over its peer" : ", in absolute terms"}`,
  );
  return `became slower:\n${lines.join("\n")}`;
}
