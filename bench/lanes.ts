/** Worker threads and child processes: what a hop costs, alone and by the thousand, and what the event loop notices. */
import { availableParallelism } from "node:os";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { type Lane, processes, type Runnable, RunnableLambda, threads, transfer } from "runlane";
import { roundsPerMs, spin, spinAlone } from "./cpu.ts";
import { processRivals, rivals, type Way } from "./lanes/rivals.ts";
import {
  type Budget,
  type Contender,
  large,
  measure,
  median,
  milliseconds,
  ms,
  numbers,
  type Row,
  row,
  type SuiteOptions,
} from "./measure.ts";

const THREADS = 2;
const GRACE_MS = 200;
const MB = 1 << 20;

// The functions of lanes/functions.mjs, which rivals load from there.
const double = (x: number) => x * 2;
const echo = (value: unknown) => value;
const forever = (loops: boolean) => {
  while (loops);
  return true;
};
const sizeOf = (array: Float64Array) => array.length;

function on(lane: Lane) {
  const double_ = RunnableLambda.from(double).withLane(lane);
  return {
    double: double_,
    echo: RunnableLambda.from(echo).withLane(lane),
    spin: RunnableLambda.from(spin).withLane(lane),
    spinAlone: RunnableLambda.from(spinAlone).withLane(lane),
    sizeOf: RunnableLambda.from(sizeOf).withLane(lane),
  };
}

/** About 10 kB each, as structured clone writes them. */
const objects = (count: number) =>
  numbers(count).map((id) => ({
    id,
    title: `document ${id}`,
    sections: numbers(50).map((k) => ({
      name: `section ${k} of document ${id}`,
      score: k / 7,
      tags: ["one", "two"],
      text: "The quick brown fox jumps over the lazy dog, and the dog ".repeat(2),
    })),
  }));

/** For what is over before the compiler has seen it: everybody runs for a while first. */
const warm = (rounds: number) => ({ ...large(rounds), warmUpMs: 500 });

/** A contender that gives a way all inputs at once. */
const allAtOnce =
  (way: Way, name: string, inputs: readonly unknown[]): Contender =>
  async (n) => {
    for (let k = 0; k < n; k++) await Promise.all(inputs.map((input) => way.run(name, input)));
  };

const oneByOne =
  (way: Way, name: string, count: number): Contender =>
  async (n) => {
    for (let k = 0; k < n; k++) for (let i = 0; i < count; i++) await way.run(name, i);
  };

function forEach(ways: Record<string, Way>, contender: (way: Way) => Contender): Record<string, Contender> {
  return Object.fromEntries(Object.entries(ways).map(([name, way]) => [name, contender(way)]));
}

/** A row against the best of the rivals, which has the budget, and one for each of the others. */
function against(
  name: string,
  times: Record<string, number>,
  scale: (ns: number) => [number, string],
  budget: Budget,
): Row[] {
  const { runlane, ...others } = times;
  const [best, ...rest] = Object.entries(others).sort(([, a], [, b]) => a - b);
  const rowOf = ([peer, ns]: [string, number], budget: Budget) =>
    row(name, scale(runlane!), [peer, scale(ns)[0]], budget);
  return [rowOf(best!, budget), ...rest.map((other) => rowOf(other, null))];
}

export async function lanes({ quick }: SuiteOptions): Promise<Row[]> {
  // Tinypool adds one to the limit, which would make it one.
  for (const stream of [process.stdout, process.stderr]) stream.setMaxListeners(Number.POSITIVE_INFINITY);
  const others: Record<string, Way> = rivals(THREADS);
  const lane = threads({ min: THREADS, max: THREADS, execArgv: [] });
  const here = on(lane);
  await lane.warm();
  try {
    return [
      ...(await tiny(here, without(others, "piscina", "tinypool"), quick)),
      ...(await wrapped(here, quick)),
      ...(await oneAtATime(here, others, quick)),
      ...(await heavy(here, without(others, "piscina x 64", "tinypool x 64"), quick)),
      ...(await data(here, others, quick)),
      ...(await loopDelay(here, quick)),
      ...(await endless(quick)),
      ...(await inProcesses(quick)),
    ];
  } finally {
    await lane.close();
    await closeAll(others);
  }
}

/** Leaves out the settings of rivals that are not their best ones for what is measured. */
function without(ways: Record<string, Way>, ...names: string[]): Record<string, Way> {
  return Object.fromEntries(Object.entries(ways).filter(([name]) => !names.includes(name)));
}

/** Some pools never say that they are closed, and keep nothing alive meanwhile. */
async function closeAll(ways: Record<string, Way>): Promise<void> {
  const closed = Promise.all(Object.values(ways).map((way) => way.close()));
  await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 3000))]);
}

async function tiny({ double }: ReturnType<typeof on>, others: Record<string, Way>, quick: boolean): Promise<Row[]> {
  const many = numbers(quick ? 20_000 : 100_000);
  const batch = await measure(
    {
      runlane: async (n: number) => {
        for (let k = 0; k < n; k++) await double.batch(many);
      },
      ...forEach(others, (way) => allAtOnce(way, "double", many)),
    },
    warm(quick ? 2 : 3),
  );
  const some = numbers(quick ? 5_000 : 20_000);
  const concurrent = await measure(
    {
      runlane: async (n: number) => {
        for (let k = 0; k < n; k++) await Promise.all(some.map((x) => double.invoke(x)));
      },
      ...forEach(others, (way) => allAtOnce(way, "double", some)),
    },
    warm(quick ? 2 : 3),
  );
  return [
    ...against(`batch ${many.length.toLocaleString("en-US")} tiny, each`, batch, each(many.length), { timesLess: 20 }),
    ...against(`${some.length.toLocaleString("en-US")} tiny invokes, each`, concurrent, each(some.length), {
      timesLess: 5,
    }),
  ];
}

const each =
  (count: number) =>
  (ns: number): [number, string] => [ns / count / 1000, "us"];

/** A batch through wrappers goes to the lane as one through the bare step does. */
async function wrapped({ double }: ReturnType<typeof on>, quick: boolean): Promise<Row[]> {
  const many = numbers(quick ? 30_000 : 100_000);
  const batchOf = (step: Pick<Runnable, "batch">) => async (n: number) => {
    for (let k = 0; k < n; k++) await step.batch(many);
  };
  const validate = (value: unknown) => ({ value: value as number });
  const schema = { "~standard": { version: 1, vendor: "bench", validate } } as const;
  const { bare, ...wrappers } = await measure(
    {
      bare: batchOf(double),
      withConfig: batchOf(double.withConfig({ tags: ["bench"] })),
      withTypes: batchOf(double.withTypes({ input: schema, output: schema })),
      withLimits: batchOf(double.withLimits({ maxConcurrency: 100_000 })),
      withRetry: batchOf(double.withRetry()),
    },
    warm(quick ? 9 : 15),
  );
  const scale = each(many.length);
  return Object.entries(wrappers).map(([name, ns]) =>
    row(`batch through ${name}, each`, scale(ns), ["the bare step", scale(bare!)[0]], { max: 1.15 }),
  );
}

async function oneAtATime(
  { double }: ReturnType<typeof on>,
  others: Record<string, Way>,
  quick: boolean,
): Promise<Row[]> {
  const count = 200;
  const one = await measure(
    {
      runlane: async (n: number) => {
        for (let k = 0; k < n; k++) for (let i = 0; i < count; i++) await double.invoke(i);
      },
      ...forEach(others, (way) => oneByOne(way, "double", count)),
    },
    warm(quick ? 9 : 25),
  );
  return against("one invoke at a time", one, each(count), { max: 1 });
}

async function heavy(
  { spin, spinAlone }: ReturnType<typeof on>,
  others: Record<string, Way>,
  quick: boolean,
): Promise<Row[]> {
  const rounds = Math.round(await roundsPerMs(spinAlone));
  const count = quick ? 400 : 2000;
  const inputs = new Array<number>(count).fill(rounds);
  const half: [number, number] = [rounds, count / THREADS];
  const times = await measure(
    {
      runlane: async (n: number) => {
        for (let k = 0; k < n; k++) await spin.batch(inputs);
      },
      alone: async (n: number) => {
        for (let k = 0; k < n; k++) await spinAlone.invoke(half);
      },
      both: async (n: number) => {
        for (let k = 0; k < n; k++) await Promise.all(numbers(THREADS).map(() => spinAlone.invoke(half)));
      },
      ...forEach(others, (way) => allAtOnce(way, "spin", inputs)),
    },
    large(quick ? 1 : 3),
  );
  const { alone, both, ...pools } = times as typeof times & { runlane: number };
  const name = `${count.toLocaleString("en-US")} x 1 ms CPU`;
  const cores = Math.min(THREADS, availableParallelism());
  // 1.05 times the time is 95 percent of the throughput.
  const ideal = (ms(alone!) * THREADS) / cores;
  return [
    ...against(name, pools, (ns) => [ms(ns), "ms"], { max: 1 }),
    row(name, [ms(pools.runlane), "ms"], [`${cores} cores, by one alone`, ideal], { max: 1.05 }),
    row(name, [ms(pools.runlane), "ms"], [`${cores} cores, nothing sent`, ms(both!)]),
  ];
}

async function data(
  { echo, double, sizeOf }: ReturnType<typeof on>,
  others: Record<string, Way>,
  quick: boolean,
): Promise<Row[]> {
  const documents = objects(quick ? 300 : 1000);
  const copies = await measure(
    {
      runlane: async (n: number) => {
        for (let k = 0; k < n; k++) await echo.batch(documents);
      },
      ...forEach(others, (way) => allAtOnce(way, "echo", documents)),
    },
    large(quick ? 2 : 4),
  );
  const moved: number[] = [];
  const small: number[] = [];
  for (let round = 0; round < (quick ? 9 : 25); round++) {
    const array = new Float64Array((64 * MB) / 8);
    moved.push(await milliseconds(() => sizeOf.invoke(transfer(array))));
    if (array.length !== 0) throw new Error("the array was copied");
    small.push(await milliseconds(() => double.invoke(1)));
  }
  return [
    ...against(`${documents.length} x 10 kB there and back`, copies, (ns) => [ns / 1e6, "ms"], { max: 1 }),
    row("64 MB by transfer(), over a tiny input", [median(moved) - median(small), "ms"], null, { limit: 1 }),
  ];
}

async function loopDelay({ spin, spinAlone }: ReturnType<typeof on>, quick: boolean): Promise<Row[]> {
  const inputs = new Array<number>(quick ? 200 : 500).fill(Math.round(10 * (await roundsPerMs(spinAlone))));
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await spin.batch(inputs);
  delay.disable();
  return [row("loop delay p99, all threads busy", [delay.percentile(99) / 1e6, "ms"], null, { limit: 20 })];
}

/** From the moment a timeout is over until the next input, which had to wait for the same thread, is there. */
async function endless(quick: boolean): Promise<Row[]> {
  const timeout = 100;
  const times: number[] = [];
  await using lane = threads({ min: 1, max: 1, graceMs: GRACE_MS, execArgv: [] });
  const loop = RunnableLambda.from(forever).withLane(lane);
  for (let round = 0; round < (quick ? 3 : 9); round++) {
    await loop.invoke(false);
    const start = performance.now();
    const stuck = loop.invoke(true, { timeout }).catch(() => {});
    await loop.invoke(false);
    times.push(performance.now() - start - timeout);
    await stuck;
  }
  return [row("endless loop ended, next served", [median(times), "ms"], null, { limit: GRACE_MS + 100 })];
}

async function inProcesses(quick: boolean): Promise<Row[]> {
  const others: Record<string, Way> = processRivals(THREADS);
  await using lane = processes({ min: THREADS, max: THREADS, execArgv: [] });
  const { double } = on(lane);
  await lane.warm();
  const many = numbers(quick ? 5_000 : 20_000);
  const times = await measure(
    {
      runlane: async (n: number) => {
        for (let k = 0; k < n; k++) await double.batch(many);
      },
      ...forEach(others, (way) => allAtOnce(way, "double", many)),
    },
    large(quick ? 2 : 3),
  );
  await closeAll(others);
  return against("processes: batch of tiny, each", times, (ns) => [ns / many.length / 1000, "us"], { timesLess: 10 });
}
