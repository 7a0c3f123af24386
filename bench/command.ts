/** `runlane batch` over many short lines: the CPU time of its process against that of other ways to do the same. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { median, type Row, row, type SuiteOptions } from "./measure.ts";

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const MAIN = file("../dist/cli/main.js");

const LINES: Record<string, (n: number) => string> = {
  jsonl: (n) => `{"n":${n},"text":"line ${n}"}`,
  txt: (n) => `line number ${n} of many`,
  csv: (n) => `${n},line ${n}`,
};

/** The CPU time of a command and of all its processes, in seconds, as the shell counts it. */
function cpuSeconds(command: string): number {
  const { stdout, stderr, status } = spawnSync("sh", ["-c", `${command}\ntimes`], { encoding: "utf8", maxBuffer: 1e9 });
  const [, children = ""] = stdout.trimEnd().split("\n").slice(-2);
  const parts = [...children.matchAll(/(\d+)m([\d.,]+)s/g)];
  if (status !== 0 || parts.length !== 2) throw new Error(`${command} failed:\n${stderr}`);
  return parts.reduce(
    (sum, [, minutes, seconds]) => sum + 60 * Number(minutes) + Number(seconds!.replace(",", ".")),
    0,
  );
}

function isThere(program: string): boolean {
  return spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;
}

/** The medians of some commands; every round runs all of them. */
function medians(commands: Record<string, string>, rounds: number): Record<string, number> {
  const samples = new Map(Object.keys(commands).map((name) => [name, [] as number[]]));
  for (let k = 0; k < rounds; k++)
    for (const [name, text] of Object.entries(commands)) samples.get(name)!.push(cpuSeconds(text));
  return Object.fromEntries(Array.from(samples, ([name, times]) => [name, median(times)]));
}

const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

export async function command({ quick }: SuiteOptions): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), "runlane-bench-"));
  const rounds = quick ? 1 : 5;
  const node = quote(process.execPath);
  const path = (name: string) => quote(join(folder, name));
  try {
    const writeInput = (format: string, count: number) => {
      const lines = Array.from({ length: count }, (_, n) => LINES[format]!(n));
      writeFileSync(
        join(folder, `in.${format}`),
        `${[...(format === "csv" ? ["n,text"] : []), ...lines].join("\n")}\n`,
      );
    };
    const both = (format: string, pipeline: string) => ({
      ours: `${node} ${quote(MAIN)} batch ${quote(file(`command/${pipeline}`))} -i ${path(`in.${format}`)} -o ${path("ours")} --errors ${path("ours.errors")} --overwrite --quiet || [ $? = 1 ]`,
      byHand: `${node} ${quote(file("command/by-hand.mjs"))} ${quote(file(`command/${pipeline}`))} ${format} ${path(`in.${format}`)} ${path("hand")} ${path("hand.errors")}`,
    });
    const compare = (count: number, name: string, format: string, pipeline: string, max: number): Row => {
      writeInput(format, count);
      const { ours, byHand } = medians(both(format, pipeline), rounds) as { ours: number; byHand: number };
      if (!readFileSync(join(folder, "ours")).equals(readFileSync(join(folder, "hand"))))
        throw new Error(`${name}: the outputs differ`);
      return row(`${count.toLocaleString("en-US")} ${name}, CPU`, [ours, "s"], ["by hand", byHand], { max });
    };
    const rows = [
      compare(1_000_000, "lines of JSON", "jsonl", "short.mjs", 1.5),
      compare(1_000_000, "lines of text", "txt", "short.mjs", 1.8),
      compare(1_000_000, "rows of CSV", "csv", "short.mjs", 1.5),
    ];
    const ours = rows[0]!.value;
    const others: Record<string, string> = {
      jq: `jq -c '{output: (.n + 1)}' ${path("in.jsonl")} > ${path("jq")}`,
      parallel: `parallel --pipe --block 10M ${node} ${quote(file("command/lines.mjs"))} < ${path("in.jsonl")} > ${path("parallel")}`,
    };
    for (const [program, text] of Object.entries(others)) {
      if (isThere(program))
        rows.push(row("the same lines of JSON", [ours, "s"], [program, medians({ it: text }, rounds).it!]));
      else process.stderr.write(`command: no row for ${program}, which is not installed\n`);
    }
    // An error costs ten times what a short line does.
    return [...rows, compare(200_000, "lines of JSON, every second fails", "jsonl", "failing.mjs", 2)];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
