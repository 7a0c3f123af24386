// @ts-check
/**
 * The index of documentation, on a cluster of one machine: `node examples/cluster/run.mjs [files]`. Two workers share the files, through a
 * database from npm that starts and ends by itself. One worker is killed in the middle; the other does what it had in hand.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { build } from "../../scripts/build.mjs";
import { at, fail, install } from "../../scripts/lib.mjs";

const files = Number(process.argv[2] ?? 100);
const PIPELINE = "examples/docs-index/pipeline.ts";
const OUTPUT = "out/cluster.jsonl";
const BROKER = ["--broker", "embedded:"];

await install();
const { code, output } = await build();
if (code !== 0) fail(output);
mkdirSync(at("out"), { recursive: true });

/** @param {readonly string[]} args */
function runlane(...args) {
  return spawn(process.execPath, [at("dist/cli/main.js"), ...args], {
    cwd: at(),
    stdio: ["ignore", "pipe", "inherit"],
  });
}

/** @param {string} name */
async function startWorker(name) {
  const worker = runlane("worker", PIPELINE, ...BROKER, "--concurrency", "2");
  await new Promise((resolve, reject) => {
    worker.stdout.once("data", resolve);
    worker.once("exit", () => reject(new Error(`${name} has ended before it was ready`)));
  });
  console.log(`${name} (process ${worker.pid}) is ready`);
  return worker;
}

const records = () => (existsSync(at(OUTPUT)) ? readFileSync(at(OUTPUT), "utf8").split("\n").length - 1 : 0);

/** @param {import("node:child_process").ChildProcess} child @returns {Promise<number | null>} */
const ended = (child) =>
  child.exitCode === null && child.signalCode === null
    ? new Promise((resolve) => child.once("exit", resolve))
    : Promise.resolve(child.exitCode);

const workers = await Promise.all([startWorker("worker 1"), startWorker("worker 2")]);
try {
  rmSync(at(OUTPUT), { force: true });
  const input = ["--files", "node_modules/**/*.md", "--limit", String(files)];
  const batch = runlane("batch", PIPELINE, ...input, "--output", OUTPUT, "--overwrite", "--lane", "cluster", ...BROKER);
  batch.stdout.resume();
  while (batch.exitCode === null && records() < files / 10) await wait(50);
  console.log(`${records()} files are done; worker 1 is killed with what it has in hand`);
  workers[0]?.kill("SIGKILL");
  process.exitCode = (await ended(batch)) ?? 1;
} finally {
  for (const worker of workers) worker.kill("SIGTERM");
  await Promise.all(workers.map(ended));
}
const indices = readFileSync(at(OUTPUT), "utf8")
  .trimEnd()
  .split("\n")
  .map((line) => JSON.parse(line).index);
const isWhole = indices.length === files && indices.every((index, place) => index === place);
console.log(`${OUTPUT} has ${indices.length} records: ${isWhole ? "each file once, in order" : "not what it should"}`);
if (!isWhole) process.exitCode = 1;
