// Prints how long a bare worker thread takes until it says that it is ready, and how long one of Runlane's takes.
import { Worker } from "node:worker_threads";
import { threads } from "runlane";

const ROUNDS = 9;

const median = (values) => values.sort((one, other) => one - other)[values.length >> 1];

async function bare() {
  const start = performance.now();
  const worker = new Worker(new URL("./bare-worker.mjs", import.meta.url));
  await new Promise((resolve) => worker.once("message", resolve));
  const ms = performance.now() - start;
  worker.postMessage("stop");
  await new Promise((resolve) => worker.once("exit", resolve));
  return ms;
}

async function ready() {
  const pool = threads({ max: 1 });
  const start = performance.now();
  await pool.warm();
  const ms = performance.now() - start;
  await pool.close();
  return ms;
}

// What the first one loads here is no part of a worker.
await ready();
await bare();
const times = { bare: [], ready: [] };
for (let k = 0; k < ROUNDS; k++) {
  times.bare.push(await bare());
  times.ready.push(await ready());
}
console.log(JSON.stringify({ bareMs: median(times.bare), readyMs: median(times.ready) }));
