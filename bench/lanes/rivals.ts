/** The pools that lanes are measured against, at their best settings: as many threads, all started, none of them ending when idle. */
import { fileURLToPath } from "node:url";
import { Piscina } from "piscina";
import { FixedThreadPool } from "poolifier";
import { Tinypool } from "tinypool";
import workerpool from "workerpool";

/** A way to run a function of functions.mjs elsewhere. */
export interface Way {
  run(name: string, input: unknown): Promise<unknown>;
  close(): Promise<unknown>;
}

const FUNCTIONS = new URL("./functions.mjs", import.meta.url).href;
const pathOf = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** With `atomics: "sync"` threads wait without an event loop, which is the fastest of its three ways on every row. */
function piscina(threads: number, concurrentTasksPerWorker: number): Way {
  const pool = new Piscina({
    filename: FUNCTIONS,
    minThreads: threads,
    maxThreads: threads,
    idleTimeout: Number.POSITIVE_INFINITY,
    atomics: "sync",
    concurrentTasksPerWorker,
    recordTiming: false,
  });
  return { run: (name, input) => pool.run(input, { name }), close: () => pool.destroy() };
}

function tinypool(threads: number, runtime: "worker_threads" | "child_process", concurrentTasksPerWorker: number): Way {
  const pool = new Tinypool({
    filename: FUNCTIONS,
    runtime,
    minThreads: threads,
    maxThreads: threads,
    idleTimeout: 1e9,
    concurrentTasksPerWorker,
  });
  return { run: (name, input) => pool.run(input, { name }), close: () => pool.destroy() };
}

function workerPool(threads: number): Way {
  const pool = workerpool.pool(pathOf("workerpool-worker.mjs"), {
    minWorkers: threads,
    maxWorkers: threads,
    workerType: "thread",
  });
  // Its promises are its own; awaited as they are, they cost it nothing more.
  const run = (name: string, input: unknown) => pool.exec(name, [input]) as unknown as Promise<unknown>;
  return { run, close: async () => pool.terminate(true) };
}

/** Its queue is off, as by default: threads get their inputs at once. */
function poolifier(threads: number): Way {
  const pool = new FixedThreadPool<unknown, unknown>(threads, pathOf("poolifier-worker.mjs"), {
    workerChoiceStrategy: "ROUND_ROBIN",
    enableEvents: false,
  });
  return { run: (name, input) => pool.execute(input, name), close: () => pool.destroy() };
}

/** `x 64`: so many inputs may be on their way to a thread at once, which is better for tiny ones and worse for others. */
export const rivals = (threads: number) => ({
  piscina: piscina(threads, 1),
  "piscina x 64": piscina(threads, 64),
  tinypool: tinypool(threads, "worker_threads", 1),
  "tinypool x 64": tinypool(threads, "worker_threads", 64),
  workerpool: workerPool(threads),
  poolifier: poolifier(threads),
});

export const processRivals = (processes: number) => ({
  "tinypool, processes": tinypool(processes, "child_process", 1),
  "tinypool, processes x 64": tinypool(processes, "child_process", 64),
});
