/** What a broker and this process do for a chunk, as CPU time, which does not depend on who else uses the machine. */
import { readdirSync, readFileSync } from "node:fs";
import { openBroker, type RunRef } from "runlane/cluster";
import { KNOWN } from "./costs.ts";
import type { Costs } from "./scenario.ts";

/** A tick of the kernel's clock, in milliseconds; Linux has told programs so since ever. */
const TICK_MS = 10;
const CHUNKS = 600;
/** Two weights tell what a kilobyte costs. */
const LIGHT = 1024;
const HEAVY = 64 * 1024;

/** The CPU time of a process, of those that it has started, and of those of them that have ended. Linux only. */
function treeCpuMs(pid: number): number {
  let ticks = 0;
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const fields = statOf(name);
    if (fields === undefined) continue;
    const isRoot = Number(name) === pid;
    if (isRoot || Number(fields[1]) === pid) ticks += Number(fields[11]) + Number(fields[12]);
    if (isRoot) ticks += Number(fields[13]) + Number(fields[14]);
  }
  return ticks * TICK_MS;
}

/** The fields behind the name, which may have spaces in it. */
function statOf(pid: string): string[] | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
  } catch {
    return undefined;
  }
}

interface Spent {
  readonly own: number;
  readonly broker: number;
}

/** @param pid The broker's process. @param servers How many things the broker does at a time. */
export async function measureCosts(url: string, pid: number, servers: number): Promise<Costs> {
  const light = await costsOfChunk(url, pid, LIGHT);
  const heavy = await costsOfChunk(url, pid, HEAVY);
  const sum = (costs: typeof light): number => costs.submit.broker + costs.work.broker + costs.settle.broker;
  // It goes in and out twice.
  const kilobyteMs = Math.max(0, (sum(heavy) - sum(light)) / ((4 * (HEAVY - LIGHT)) / 1024));
  const { producer, worker } = KNOWN.postgres;
  return {
    producer: { ...producer, sendMs: light.submit.own, receiveMs: light.settle.own },
    broker: {
      submitMs: light.submit.broker,
      workMs: light.work.broker,
      settleMs: light.settle.broker,
      kilobyteMs,
      servers,
    },
    worker: { ...worker, chunkMs: light.work.own },
    latencyMs: 0.1,
  };
}

/** The three parts of a chunk's way, one after the other: in, through a worker, and out. */
async function costsOfChunk(
  url: string,
  pid: number,
  bytes: number,
): Promise<Record<"submit" | "work" | "settle", Spent>> {
  const broker = await openBroker(url);
  try {
    const run: RunRef = { id: `costs-${process.pid}-${bytes}`, queue: `costs-${process.pid}` };
    const body = new Uint8Array(bytes).fill(1);
    const chunks = Array.from({ length: CHUNKS }, (_, at) => ({ id: `chunk-${at}`, body }));
    const spent = async (what: () => Promise<void>): Promise<Spent> => {
      const [own, all] = [process.cpuUsage(), treeCpuMs(pid)];
      await what();
      const { user, system } = process.cpuUsage(own);
      return { own: (user + system) / 1000 / CHUNKS, broker: (treeCpuMs(pid) - all) / CHUNKS };
    };
    await broker.begin(run, { pipeline: "costs", host: "here" });
    const submit = await spent(async () => {
      for (let from = 0; from < CHUNKS; from += 20) await broker.submit(run, chunks.slice(from, from + 20));
    });
    const work = await spent(async () => {
      let done = 0;
      const all = new Promise<void>((resolve) => {
        void broker
          .serve(
            run.queue,
            async (chunk) => {
              if (++done === CHUNKS) resolve();
              return [chunk.body];
            },
            { concurrency: 4 },
          )
          .then(async (serving) => {
            await all;
            await serving.stop();
            stopped();
          });
      });
      let stopped = (): void => {};
      await new Promise<void>((resolve) => {
        stopped = resolve;
      });
    });
    const settle = await spent(async () => {
      const stop = new AbortController();
      let left = CHUNKS;
      for await (const parts of broker.outcomes(run, { signal: stop.signal })) {
        await broker.settle(
          run,
          parts.map(({ id }) => id),
        );
        left -= parts.length;
        if (left === 0) stop.abort();
      }
    });
    await broker.end(run);
    return { submit, work, settle };
  } finally {
    await broker.close();
  }
}
