/** Many inputs in one call: throughput, the event loop, concurrency, memory. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import * as lc from "@langchain/core/runnables";
import { Effect } from "effect";
import pMap from "p-map";
import { RunnableLambda, RunnableSequence } from "runlane";
import { from, lastValueFrom, mergeMap, toArray } from "rxjs";
import {
  type Contender,
  measure,
  median,
  milliseconds,
  ms,
  numbers,
  type Row,
  row,
  type SuiteOptions,
} from "./measure.ts";
import { million } from "./million.ts";

const add = (x: number) => x + 1;
const twice = (x: number) => x * 2;
const less = (x: number) => x - 3;
const three = RunnableSequence.from<number, number>([add, twice, less]);
const lcThree = lc.RunnableSequence.from<number, number>([add, twice, less]);

const WAITING = numbers(10_000);
const THOUSAND = numbers(1000);

let out: number[] = [];
const thousand = {
  runlane: async (n: number) => {
    for (let k = 0; k < n; k++) out = await three.batch(THOUSAND);
  },
  langchain: async (n: number) => {
    for (let k = 0; k < n; k++) out = await lcThree.batch(THOUSAND);
  },
};

const wait = (x: number) => new Promise<number>((resolve) => setTimeout(resolve, 1000, x));
const waiting = RunnableLambda.from(wait);
const lcWaiting = lc.RunnableLambda.from(wait);
const concurrent = {
  runlane: () => waiting.batch(WAITING),
  raw: () => Promise.all(WAITING.map(wait)),
  langchain: () => lcWaiting.batch(WAITING),
  "p-map": () => pMap(WAITING, wait),
  rxjs: () => lastValueFrom(from(WAITING).pipe(mergeMap(wait), toArray())),
  effect: () =>
    Effect.runPromise(Effect.forEach(WAITING, (x) => Effect.promise(() => wait(x)), { concurrency: "unbounded" })),
} satisfies Record<string, Contender>;

/** Peak heap per input of one way in a process of its own, in bytes: what is alive, or with garbage. */
async function heap(way: "runlane" | "raw", kind: "alive" | "all"): Promise<number> {
  const child = fileURLToPath(new URL("./heap-child.ts", import.meta.url));
  const args = ["--expose-gc", "--import", "tsx", child, way, kind];
  return Number((await promisify(execFile)(process.execPath, args)).stdout);
}

export async function batch({ quick }: SuiteOptions): Promise<Row[]> {
  const rows = await million(quick);
  const small = await measure(thousand, { rounds: quick ? 5 : 9 });
  rows.push(row("batch 1,000 x 3 sync", [ms(small.runlane), "ms"], ["langchain", ms(small.langchain)]));
  if (out.length !== THOUSAND.length) throw new Error("a batch lost outputs");

  const names = Object.keys(concurrent) as (keyof typeof concurrent)[];
  const walls = new Map(names.map((name) => [name, [] as number[]]));
  for (let k = 0; k < (quick ? 1 : 3); k++) {
    for (const name of names) walls.get(name)!.push((await milliseconds(concurrent[name])) / 1000);
  }
  const wall = (name: keyof typeof concurrent) => median(walls.get(name)!);
  rows.push(row("batch 10,000 x 1 s", [wall("runlane"), "s"], ["raw Promise.all", wall("raw")], { limit: 1.1 }));
  for (const name of names.slice(2)) {
    rows.push(row("batch 10,000 x 1 s", [wall("runlane"), "s"], [name, wall(name)]));
  }

  const beyond = (await heap("runlane", "alive")) - (await heap("raw", "alive"));
  const garbage = (await heap("runlane", "all")) - (await heap("raw", "all"));
  rows.push(
    row("heap of batch 100,000, per input", [beyond, "bytes"], null, { limit: 50 }),
    row("the same with garbage", [garbage, "bytes"], null),
  );
  return rows;
}
