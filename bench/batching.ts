/** The batching engine: fused and pipelined stages, skewed costs, shared calls, memory, blocking functions. */
import { fileURLToPath } from "node:url";
import { threads } from "runlane";
import { blocking, fused, pipelined, skewed, THREADS } from "./batching/on-threads.ts";
import { coalesced } from "./batching/vectorised.ts";
import { type Row, row, type SuiteOptions } from "./measure.ts";
import { million } from "./million.ts";
import { figuresOf } from "./processes.ts";

export async function batching({ quick }: SuiteOptions): Promise<Row[]> {
  return [
    ...(await onThreads(quick)),
    ...(await coalesced(quick)),
    ...streamed(quick),
    ...(await million(quick)),
    // Nothing is set but the options of Node: its threads need not load the compiler of the benchmarks.
    ...(await blocking(() => threads({ execArgv: [] }), quick)),
  ];
}

async function onThreads(quick: boolean): Promise<Row[]> {
  await using lane = threads({ min: THREADS, max: THREADS, execArgv: [] });
  await lane.warm();
  return [...(await fused(lane, quick)), ...(await pipelined(lane, quick)), ...(await skewed(lane, quick))];
}

function streamed(quick: boolean): Row[] {
  const count = quick ? 100_000 : 1_000_000;
  const child = fileURLToPath(new URL("./batching/stream-heap-child.ts", import.meta.url));
  const of = (kind: "alive" | "all") =>
    figuresOf<{ peak: number; drift: number }>(["--expose-gc", "--import", "tsx", child, `${count}`, kind], 1);
  const [all, alive] = [of("all"), of("alive")];
  const name = `batchStream of ${count.toLocaleString("en-US")}, 10 at once`;
  return [
    row(`${name}: heap with garbage`, [all.peak / 1e6, "MB"], null, { limit: 50 }),
    row(`${name}: alive`, [alive.peak / 1e6, "MB"], null),
    row("the same, last tenth over the first", [alive.drift / 1e6, "MB"], null, { limit: 1 }),
  ];
}
