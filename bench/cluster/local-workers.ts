/** Runs 1, 2 and 4 workers on this machine, and compares what they do with what the model says. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openBroker } from "runlane/cluster";
import { measureCosts } from "./measured-costs.ts";
import { simulate } from "./model.ts";
import { command, startWorkers } from "./processes.ts";
import type { Costs } from "./scenario.ts";
import { placeOf } from "./sources.ts";

/** One database for all measurements: it is made once, and ends by itself when nobody uses it. */
const EMBEDDED = `embedded:${fileURLToPath(new URL("../../.cache/cluster-bench", import.meta.url))}`;
const PIPELINE = fileURLToPath(new URL("wait.mjs", import.meta.url));
/** Inputs wait, so that the workers of one machine are as good as those of several, and long enough for that to be so on a busy one. */
const INPUT_MS = 1000;
/** Of each worker. */
const INPUTS = 1500;
const WORKERS = [1, 2, 4];

/** What some workers did, and what the model says of them, in inputs a second. */
export interface Comparison {
  readonly workers: number;
  readonly measured: number;
  readonly predicted: number;
}

export async function compareWithMeasured(
  counts: readonly number[] = WORKERS,
): Promise<{ readonly costs: Costs; readonly comparisons: readonly Comparison[] }> {
  const folder = mkdtempSync(join(tmpdir(), "runlane-simulate-"));
  // It keeps the server until the end.
  const broker = await openBroker(EMBEDDED);
  try {
    const costs = await measureCosts(EMBEDDED, serverPid(), 2);
    const comparisons: Comparison[] = [];
    for (const workers of counts) {
      const inputs = INPUTS * workers;
      const measured = await throughputOf(workers, inputs, folder);
      const { throughput } = simulate(costs, { workers, inputs, inputMs: INPUT_MS, waits: true, untilMs: 600_000 });
      comparisons.push({ workers, measured, predicted: throughput });
    }
    return { costs, comparisons };
  } finally {
    await broker.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Inputs a second, from the first record to the last: what a producer takes to start is none of the model's business. */
async function throughputOf(workers: number, inputs: number, folder: string): Promise<number> {
  const [input, output] = [join(folder, "in.txt"), join(folder, "out.jsonl")];
  const running = await startWorkers(workers, PIPELINE, EMBEDDED);
  const run = async (count: number): Promise<number> => {
    writeFileSync(input, `${INPUT_MS}\n`.repeat(count));
    const start = performance.now();
    const args = [
      "--input",
      input,
      "--output",
      output,
      "--overwrite",
      "--quiet",
      "--lane",
      "cluster",
      "--broker",
      EMBEDDED,
    ];
    await command(["batch", PIPELINE, ...args]).finished;
    return performance.now() - start;
  };
  try {
    const least = await run(1);
    return (inputs * 1000) / ((await run(inputs)) - least + INPUT_MS);
  } finally {
    await Promise.all(running.map((worker) => worker.stop()));
  }
}

/** The first process of the embedded server, which has started the others. */
function serverPid(): number {
  return Number.parseInt(readFileSync(join(placeOf(EMBEDDED).data, "postmaster.pid"), "utf8"), 10);
}
