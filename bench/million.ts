/** A million inputs through three sync steps, on the loop: the throughput and the longest tick. */
import { RunnableSequence } from "runlane";
import { from, lastValueFrom, map, pipe, toArray } from "rxjs";
import { measure, median, ms, type Row, row } from "./measure.ts";

const add = (x: number) => x + 1;
const twice = (x: number) => x * 2;
const less = (x: number) => x - 3;
const three = RunnableSequence.from<number, number>([add, twice, less]);
const rxThree = pipe(map(add), map(twice), map(less), toArray<number>());

const MILLION = Array.from({ length: 1_000_000 }, (_, i) => i);

let out: number[] = [];
const contenders = {
  raw: (n: number) => {
    for (let k = 0; k < n; k++) {
      const results = new Array<number>(MILLION.length);
      for (let i = 0; i < MILLION.length; i++) results[i] = less(twice(add(MILLION[i]!)));
      out = results;
    }
  },
  runlane: async (n: number) => {
    for (let k = 0; k < n; k++) out = await three.batch(MILLION);
  },
  rxjs: async (n: number) => {
    for (let k = 0; k < n; k++) out = await lastValueFrom(rxThree(from(MILLION)));
  },
};

/** The longest time between two turns of the event loop while `run` works, in ms. */
async function longestTick(run: () => Promise<unknown>): Promise<number> {
  let longest = 0;
  let last = performance.now();
  let running = true;
  const look = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  };
  const turn = () => {
    look();
    if (running) setImmediate(turn);
  };
  setImmediate(turn);
  await new Promise((resolve) => setImmediate(resolve));
  longest = 0;
  await run();
  look();
  running = false;
  return longest;
}

export async function million(quick: boolean): Promise<Row[]> {
  const times = await measure(contenders, { rounds: quick ? 9 : 17, targetMs: 1, warmUpMs: 400 });
  const ticks: number[] = [];
  for (let k = 0; k < (quick ? 9 : 17); k++) ticks.push(await longestTick(() => contenders.runlane(1)));
  if (out.length !== MILLION.length) throw new Error("a batch lost outputs");
  const name = "batch 1,000,000 x 3 sync";
  return [
    row(name, [ms(times.runlane), "ms"], ["plain for loop", ms(times.raw)], { max: 4 }),
    row(name, [ms(times.runlane), "ms"], ["rxjs", ms(times.rxjs)]),
    row("its longest tick", [median(ticks), "ms"], null, { limit: 12 }),
    row("its longest tick, worst round", [Math.max(...ticks), "ms"], null, { limit: 20 }),
  ];
}
