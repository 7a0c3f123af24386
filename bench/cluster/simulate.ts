/**
 * `node --import tsx bench/cluster/simulate.ts [--measure [--quick]] [--deaths <per worker and hour>]` says how far a cluster goes: how many inputs a second some workers do, from 1 to
 * 10,000 of two threads each, and who is the bottleneck. With `--measure`, costs are those of the embedded broker on this machine, and
 * what the model says of 1, 2 and 4 workers is compared with what they do (with `--quick`, nothing else). Exits with 1 when that is off by more than a fifth.
 */
import { parseArgs } from "node:util";
import Table from "cli-table3";
import { KNOWN } from "./costs.ts";
import { compareWithMeasured } from "./local-workers.ts";
import { simulate } from "./model.ts";
import type { Costs, Prediction } from "./scenario.ts";

const WORKERS = [1, 10, 30, 100, 300, 1000, 3000, 10_000];
/** Name, duration of an input in ms, and whether it waits. */
const KINDS = [
  ["1 ms", 1, false],
  ["100 ms", 100, false],
  ["10 s", 10_000, false],
  ["100 ms, waiting", 100, true],
  ["10 s, waiting", 10_000, true],
] as const;
const TOLERANCE = 0.2;
/** More than that is the limit of whoever it is. */
const FULL = 0.9;
/** So much of what its workers could do is what makes another one worth it. */
const WORTH_IT = 0.8;

const figure = (value: number): string =>
  value < 10 ? value.toPrecision(2) : Math.round(value).toLocaleString("en-US");
const percent = (value: number): string => `${Math.round(value * 100)} %`;

function bottleneck({ use }: Prediction): string {
  const [[name, most]] = Object.entries(use).sort(([, a], [, b]) => b - a) as [[string, number]];
  return most >= FULL ? name : "the way there and back";
}

function print(title: string, costs: Costs, deathsPerHour: number): void {
  process.stdout.write(`${title}\n`);
  for (const [name, inputMs, waits] of KINDS) {
    const head = [`inputs of ${name}`, "inputs/s", "chunk", "producer", "broker", "workers", "limited by"];
    const table = new Table({ head, style: { head: [], border: [], compact: true } });
    let fed = 0;
    for (const workers of WORKERS) {
      // Long enough for every worker to be through with many chunks; as short as that, as far as it goes.
      const untilMs = Math.max(10_000, 30 * inputMs);
      const predicted = simulate(costs, { workers, inputMs, waits, deathsPerHour, untilMs });
      const { throughput, meanChunk, use } = predicted;
      if (use.workers >= WORTH_IT) fed = workers;
      table.push([
        `${workers.toLocaleString("en-US")} workers`,
        figure(throughput),
        figure(meanChunk),
        percent(use.producer),
        percent(use.broker),
        percent(use.workers),
        bottleneck(predicted),
      ]);
    }
    process.stdout.write(`${table}\nkept busy: ${fed.toLocaleString("en-US")} workers\n\n`);
  }
}

const { values } = parseArgs({
  options: {
    measure: { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
    deaths: { type: "string", default: "0.1" },
  },
});
const deaths = Number(values.deaths);
if (values.measure) {
  const { costs, comparisons } = await compareWithMeasured();
  process.stdout.write(`costs in ms: ${JSON.stringify(costs)}\n`);
  for (const { workers, measured, predicted } of comparisons) {
    const off = predicted / measured - 1;
    process.stdout.write(
      `${workers} workers: ${Math.round(measured)} inputs/s measured, ${Math.round(predicted)} predicted, ${percent(off)} off\n`,
    );
    if (Math.abs(off) > TOLERANCE) process.exitCode = 1;
  }
  if (!values.quick) print("The embedded broker, as measured here", costs, deaths);
} else {
  print("Redis, by figures measured once (costs.ts)", KNOWN.redis, deaths);
  print("PostgreSQL, by figures measured once (costs.ts)", KNOWN.postgres, deaths);
}
