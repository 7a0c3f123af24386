/** Batches on a cluster of one machine: two workers, chunk sizes chosen by the lane, beside what one would write by hand. */
import { readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Queue, QueueEvents } from "bullmq";
import { Redis } from "ioredis";
import { type Runnable, RunnableLambda, threads } from "runlane";
import { cluster } from "runlane/cluster";
import { compareWithMeasured } from "./cluster/local-workers.ts";
import {
  embedded,
  end,
  folder,
  runlane,
  STEPS,
  startByHand,
  startRedis,
  startWorker,
  stopAll,
} from "./cluster/servers.ts";
import { median, milliseconds, numbers, type Row, row, type SuiteOptions } from "./measure.ts";

const LEASE_MS = 10_000;
const steps = pathToFileURL(STEPS);
const step = (name: string): Runnable<number, number> => RunnableLambda.fromModule(steps, name) as never;

/** The time per input of a batch, in microseconds: the median of some, after one that finds the size of chunks. */
async function perInput(runnable: Runnable<number, number>, count: number, rounds: number): Promise<number> {
  const inputs = numbers(count);
  await runnable.batch(inputs);
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) times.push(await milliseconds(() => runnable.batch(inputs)));
  return (median(times) * 1000) / count;
}

/** The median time of one call, in milliseconds, one after the other. */
async function oneCall(runnable: Runnable<number, number>, count: number): Promise<number> {
  const times: number[] = [];
  for (const input of numbers(count)) times.push(await milliseconds(() => runnable.invoke(input)));
  return median(times);
}

/** The same by BullMQ alone, with the results as return values. Returns microseconds per input. */
async function byHand(url: string, count: number, perJob: number): Promise<number> {
  const name = `by-hand-${perJob}`;
  const workers = await Promise.all([startByHand(url, name), startByHand(url, name)]);
  const connection = new Redis(url, { maxRetriesPerRequest: null });
  const queue = new Queue(name, { connection });
  const second = connection.duplicate();
  const events = new QueueEvents(name, { connection: second });
  await events.waitUntilReady();
  const inputs = numbers(count);
  const chunks =
    perJob === 1 ? inputs : numbers(count / perJob).map((at) => inputs.slice(at * perJob, (at + 1) * perJob));
  const run = async () => {
    const jobs = await queue.addBulk(
      chunks.map((data) => ({ name: "chunk", data, opts: { removeOnComplete: { age: 600 } } })),
    );
    await Promise.all(jobs.map((job) => job.waitUntilFinished(events)));
  };
  await run();
  const ms = await milliseconds(run);
  await Promise.all([...workers.map((worker) => end(worker)), events.close(), queue.close()]);
  connection.disconnect();
  second.disconnect();
  return (ms * 1000) / count;
}

/** How long after the death of a worker what it had in hand runs elsewhere, in milliseconds. */
async function afterDeath(broker: string): Promise<number> {
  const trace = join(folder, "trace");
  writeFileSync(trace, "");
  const lane = cluster(broker);
  const wait = (RunnableLambda.fromModule(steps, "wait") as Runnable<string, string>).withLane(lane);
  const first = await startWorker(broker, "--lane", "loop");
  const output = wait.invoke(trace);
  const starts = () => readFileSync(trace, "utf8").split("\n").slice(0, -1).map(Number);
  while (starts().length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  const second = await startWorker(broker, "--lane", "loop");
  const died = Date.now();
  await end(first, "SIGKILL");
  await output;
  await end(second);
  await lane.close();
  return starts()[1]! - died;
}

async function rowsOf(broker: string, name: string, { quick }: SuiteOptions): Promise<Row[]> {
  const count = quick ? 20_000 : 200_000;
  const rounds = quick ? 1 : 3;
  const workers = await Promise.all([startWorker(broker), startWorker(broker)]);
  const lane = cluster(broker);
  const rows: Row[] = [];
  const isRedis = broker.startsWith("redis:");
  try {
    const tiny = await perInput(step("addOne").withLane(lane), count, rounds);
    const value: [number, string] = [tiny, "us"];
    if (isRedis) {
      const one = await byHand(broker, quick ? 500 : 3000, 1);
      const many = await byHand(broker, quick ? 20_000 : 100_000, 500);
      rows.push(row(`tiny inputs there and back, ${name}`, value, ["BullMQ, a job each", one], { timesLess: 100 }));
      rows.push(row(`tiny inputs there and back, ${name}`, value, ["BullMQ, 500 in a job", many], { timesLess: 1.2 }));
    } else {
      rows.push(row(`tiny inputs there and back, ${name}`, value, null, { limit: 50 }));
    }
    const call = await oneCall(step("addOne").withLane(lane), quick ? 20 : 200);
    rows.push(row(`one call, ${name}`, [call, "ms"], null, { limit: isRedis ? 6 : 30 }));
    if (isRedis) {
      const busy = quick ? 400 : 4000;
      const pool = threads({ max: Math.min(2, availableParallelism()) });
      const local = await perInput(step("compute").withLane(pool), busy, 1);
      await pool.close();
      const far = await perInput(step("compute").withLane(lane), busy, 1);
      rows.push(
        row(`inputs of 5 ms on two workers, ${name}`, [far, "us"], ["two local threads", local], { max: 1.11 }),
      );
    }
    const lines = quick ? 200_000 : 10_000_000;
    const paths = ["lines.txt", "out.jsonl", "report.json"].map((path) => join(folder, path));
    const [input = "", output = "", report = ""] = paths;
    const block = "a line of some words\n".repeat(10_000);
    writeFileSync(input, "");
    for (let at = 0; at < lines; at += 10_000) writeFileSync(input, block, { flag: "a" });
    const files = ["--input", input, "--output", output, "--report", report, "--overwrite", "--quiet"];
    await runlane("batch", STEPS, ...files, "--lane", "cluster", "--broker", broker);
    const { peakMemoryBytes } = JSON.parse(readFileSync(report, "utf8")) as { peakMemoryBytes: number };
    const memory: [number, string] = [peakMemoryBytes / 1e6, "MB"];
    rows.push(
      row(`memory of the producer of ${lines.toLocaleString("en-US")} inputs, ${name}`, memory, null, { limit: 250 }),
    );
  } finally {
    await lane.close();
    await Promise.all(workers.map((worker) => end(worker)));
  }
  const limit = LEASE_MS + 2000;
  rows.push(row(`a killed worker's input runs elsewhere, ${name}`, [await afterDeath(broker), "ms"], null, { limit }));
  return rows;
}

/** How far apart the model of a cluster (simulate.ts) and workers of this machine are. */
async function modelRows({ quick }: SuiteOptions): Promise<Row[]> {
  const { comparisons } = await compareWithMeasured(quick ? [2] : [1, 2, 4]);
  return comparisons.map(({ workers, measured, predicted }) =>
    row(
      `the model beside ${workers} measured ${workers === 1 ? "worker" : "workers"}, embedded`,
      [Math.max(predicted / measured, measured / predicted), "x"],
      null,
      { limit: 1.2 },
    ),
  );
}

export async function clusters(options: SuiteOptions): Promise<Row[]> {
  try {
    const redis = await startRedis();
    if (redis === undefined)
      process.stderr.write("there is no redis-server here: only the embedded database is measured\n");
    const onRedis = redis === undefined ? [] : await rowsOf(redis, "Redis", options);
    return [...onRedis, ...(await rowsOf(embedded, "embedded", options)), ...(await modelRows(options))];
  } finally {
    await stopAll();
  }
}
