/** What one call costs: a lambda, chains of ten, a parallel, a stream. */
import { fileURLToPath } from "node:url";
import * as lc from "@langchain/core/runnables";
import { Effect } from "effect";
import { RunnableLambda, RunnableParallel, RunnableSequence } from "runlane";
import { inspect } from "runlane/inspect";
import { watch } from "runlane/watchdog";
import { lastValueFrom, map, mergeMap, of, pipe } from "rxjs";
import { type Contender, measure, type Row, row, type SuiteOptions } from "./measure.ts";
import { figuresOf } from "./processes.ts";

const add = (x: number) => x + 1;
const twice = (x: number) => x * 2;
const less = (x: number) => x - 3;
const addLater = async (x: number) => x + 1;
const CHUNKS = 2000;
async function* count(start: number) {
  for (let i = 0; i < CHUNKS; i++) yield start + i;
}

const ten = <T>(step: T): T[] => new Array<T>(10).fill(step);
const chain = <R>(Sequence: { from(steps: any): R }, steps: unknown[]): R => Sequence.from(steps);

const lambda = RunnableLambda.from(add);
const lcLambda = lc.RunnableLambda.from(add);
const tenSync: any = chain(RunnableSequence, ten(add));
const lcTenSync: any = chain(lc.RunnableSequence, ten(add));
const tenAsync: any = chain(RunnableSequence, ten(addLater));
const lcTenAsync: any = chain(lc.RunnableSequence, ten(addLater));
const parallel: any = (RunnableParallel as any).from({ a: add, b: twice, c: less });
const lcParallel: any = lc.RunnableParallel.from({ a: add, b: twice, c: less } as any);
const three: any = chain(RunnableSequence, [add, twice, less]);
const lcThree: any = chain(lc.RunnableSequence, [add, twice, less]);
const counter: any = RunnableLambda.from(count as any);
const lcCounter: any = lc.RunnableLambda.from(count as any);

const rawTenSync = (x: number) => add(add(add(add(add(add(add(add(add(add(x))))))))));
const rawTenAsync = async (x: number) => {
  const a = await addLater(x);
  const b = await addLater(a);
  const c = await addLater(b);
  const d = await addLater(c);
  const e = await addLater(d);
  const f = await addLater(e);
  const g = await addLater(f);
  const h = await addLater(g);
  const i = await addLater(h);
  return await addLater(i);
};

const m = map(add);
const rxTenSync = pipe(m, m, m, m, m, pipe(m, m, m, m, m));
const mm = mergeMap(addLater);
const rxTenAsync = pipe(mm, mm, mm, mm, mm, pipe(mm, mm, mm, mm, mm));
const em = Effect.map(add);
const effectTenSync = (x: number) => Effect.succeed(x).pipe(em, em, em, em, em, em, em, em, em, em);
const ep = Effect.flatMap((x: number) => Effect.promise(() => addLater(x)));
const effectTenAsync = (x: number) => Effect.succeed(x).pipe(ep, ep, ep, ep, ep, ep, ep, ep, ep, ep);

const one = {
  raw: async (n: number) => {
    for (let i = 0; i < n; i++) await add(i);
  },
  runlane: async (n: number) => {
    for (let i = 0; i < n; i++) await lambda.invoke(i);
  },
  langchain: async (n: number) => {
    for (let i = 0; i < n; i++) await lcLambda.invoke(i);
  },
};
const configured = {
  raw: async (n: number) => {
    for (let i = 0; i < n; i++) await add(i);
  },
  none: async (n: number) => {
    for (let i = 0; i < n; i++) await lambda.invoke(i, {});
  },
  controller: async (n: number) => {
    for (let i = 0; i < n; i++) await new AbortController().signal;
  },
  signal: async (n: number) => {
    for (let i = 0; i < n; i++) await lambda.invoke(i, { signal: new AbortController().signal });
  },
  langchain: async (n: number) => {
    for (let i = 0; i < n; i++) await lcLambda.invoke(i, { signal: new AbortController().signal });
  },
};
const sync10 = {
  raw: async (n: number) => {
    for (let i = 0; i < n; i++) await rawTenSync(i);
  },
  runlane: async (n: number) => {
    for (let i = 0; i < n; i++) await tenSync.invoke(i);
  },
  langchain: async (n: number) => {
    for (let i = 0; i < n; i++) await lcTenSync.invoke(i);
  },
  rxjs: async (n: number) => {
    for (let i = 0; i < n; i++) await lastValueFrom(rxTenSync(of(i)));
  },
  effect: async (n: number) => {
    for (let i = 0; i < n; i++) await Effect.runSync(effectTenSync(i));
  },
};
const async10 = {
  raw: async (n: number) => {
    for (let i = 0; i < n; i++) await rawTenAsync(i);
  },
  runlane: async (n: number) => {
    for (let i = 0; i < n; i++) await tenAsync.invoke(i);
  },
  langchain: async (n: number) => {
    for (let i = 0; i < n; i++) await lcTenAsync.invoke(i);
  },
  rxjs: async (n: number) => {
    for (let i = 0; i < n; i++) await lastValueFrom(rxTenAsync(of(i)));
  },
  effect: async (n: number) => {
    for (let i = 0; i < n; i++) await Effect.runPromise(effectTenAsync(i));
  },
};
const parallel3 = {
  raw: async (n: number) => {
    for (let i = 0; i < n; i++) await { a: add(i), b: twice(i), c: less(i) };
  },
  runlane: async (n: number) => {
    for (let i = 0; i < n; i++) await parallel.invoke(i);
  },
  langchain: async (n: number) => {
    for (let i = 0; i < n; i++) await lcParallel.invoke(i);
  },
};
let sink = 0;
const stream3 = {
  runlane: async (n: number) => {
    for (let i = 0; i < n; i++) for await (const chunk of await three.stream(i)) sink = chunk;
  },
  langchain: async (n: number) => {
    for (let i = 0; i < n; i++) for await (const chunk of await lcThree.stream(i)) sink = chunk;
  },
};
const chunks = {
  raw: async (n: number) => {
    for (let i = 0; i < n; i++) for await (const chunk of count(i)) sink = chunk;
  },
  runlane: async (n: number) => {
    for (let i = 0; i < n; i++) for await (const chunk of await counter.stream(i)) sink = chunk;
  },
  langchain: async (n: number) => {
    for (let i = 0; i < n; i++) for await (const chunk of await lcCounter.stream(i)) sink = chunk;
  },
};

/** Ten sync steps in a promise, and ten async ones in callbacks of one, without Runlane. */
const bare = {
  sync: async (n: number) => {
    const call = async (x: number) => rawTenSync(x);
    for (let i = 0; i < n; i++) await call(i);
  },
  async: async (n: number) => {
    const call = (x: number) =>
      new Promise<number>((resolve, reject) => {
        let left = 10;
        const next = (value: number): void => {
          if (left-- === 0) resolve(value);
          else Promise.resolve(addLater(value)).then(next, reject);
        };
        next(x);
      });
    for (let i = 0; i < n; i++) await call(i);
  },
};

/**
 * The watchdog: before somebody watches, meanwhile, and when nobody does any more. On Node 20 and 22 promises stay dearer once a process
 * has used an AsyncLocalStorage, whoever makes them: what is measured last is compared with bare ones that are as dear.
 */
async function watched(contenders: Record<"sync" | "async", Contender>, options: { rounds: number }) {
  const all = { ...contenders, bareSync: bare.sync, bareAsync: bare.async };
  const before = await measure(all, options);
  const watchdog = watch({ thresholdMs: 10_000, onBlocked: () => {} });
  await watchdog.ready;
  const meanwhile = await measure(contenders, options);
  await watchdog.stop();
  const after = await measure(all, options);
  const asDear = {
    sync: before.sync * (after.bareSync / before.bareSync),
    async: before.async * (after.bareAsync / before.bareAsync),
  };
  return { before, meanwhile, after, asDear };
}

/**
 * A page that shows a chain, at which nobody looks: with and without it by turns, as the engine compiles anew when either comes first.
 * What is told is the turn in the middle: a machine that changes its speed does so between two measurements of one turn, too.
 */
async function inspected(contenders: Record<"sync" | "async", Contender>, options: { rounds: number }) {
  const turns: { before: Measured; meanwhile: Measured }[] = [];
  for (let turn = 0; turn <= TURNS; turn++) {
    const before = await measure(contenders, options);
    const inspection = await inspect({ sync: tenSync, async: tenAsync });
    const meanwhile = await measure(contenders, options);
    await inspection.close();
    if (turn > 0) turns.push({ before, meanwhile });
  }
  const middle = (which: keyof Measured) => {
    const ratio = ({ before, meanwhile }: (typeof turns)[number]) => meanwhile[which] / before[which];
    const { before, meanwhile } = turns.toSorted((a, b) => ratio(a) - ratio(b))[(TURNS - 1) / 2]!;
    return { before: before[which], meanwhile: meanwhile[which] };
  };
  return { sync: middle("sync"), async: middle("async") };
}

type Measured = Record<"sync" | "async", number>;
const TURNS = 21;

/** In percent. For the first seconds a process tidies up after its start. */
function lookedAt(quick: boolean): number {
  const seconds = quick ? ["3", "5"] : ["20", "20"];
  return figuresOf<{ share: number }>([fileURLToPath(new URL("looked-at.mjs", import.meta.url)), ...seconds], 1).share;
}

export async function overhead({ quick }: SuiteOptions): Promise<Row[]> {
  const options = { rounds: quick ? 15 : 31 };
  const rows: Row[] = [];

  const l = await measure(one, options);
  rows.push(
    row("invoke a sync lambda", [l.runlane, "ns"], ["raw await", l.raw], { max: 1.3 }),
    row("invoke a sync lambda", [l.runlane, "ns"], ["langchain", l.langchain], { timesLess: 300 }),
  );
  const s = await measure(sync10, options);
  rows.push(
    row("10 sync steps", [s.runlane, "ns"], ["one raw await", s.raw], { max: 3 }),
    row("10 sync steps", [s.runlane, "ns"], ["langchain", s.langchain], { timesLess: 1000 }),
    row("10 sync steps", [s.runlane, "ns"], ["rxjs", s.rxjs]),
    row("10 sync steps", [s.runlane, "ns"], ["effect", s.effect]),
  );
  const a = await measure(async10, options);
  rows.push(
    row("10 async steps", [a.runlane, "ns"], ["ten raw awaits", a.raw], { max: 1.25 }),
    row("10 async steps", [a.runlane, "ns"], ["langchain", a.langchain]),
    row("10 async steps", [a.runlane, "ns"], ["rxjs", a.rxjs]),
    row("10 async steps", [a.runlane, "ns"], ["effect", a.effect]),
  );
  const w = await watched({ sync: sync10.runlane, async: async10.runlane }, options);
  rows.push(
    row(
      "10 sync steps, when nobody watches any more",
      [w.after.sync, "ns"],
      ["before, as bare promises", w.asDear.sync],
      {
        max: 1.1,
      },
    ),
    row(
      "10 async steps, when nobody watches any more",
      [w.after.async, "ns"],
      ["before, as bare promises", w.asDear.async],
      { max: 1.1 },
    ),
    row("10 sync steps, while somebody watches", [w.meanwhile.sync, "ns"], ["before", w.before.sync]),
    row("10 async steps, while somebody watches", [w.meanwhile.async, "ns"], ["before", w.before.async]),
  );
  const i = await inspected({ sync: sync10.runlane, async: async10.runlane }, { rounds: 7 });
  rows.push(
    row("10 sync steps, inspected, and nobody looks", [i.sync.meanwhile, "ns"], ["before", i.sync.before], {
      max: 1.02,
    }),
    row("10 async steps, inspected, and nobody looks", [i.async.meanwhile, "ns"], ["before", i.async.before], {
      max: 1.02,
    }),
    row("somebody looks at a program that idles: share of a core", [lookedAt(quick), "%"], null, { limit: 2 }),
  );
  const p = await measure(parallel3, options);
  rows.push(
    row("parallel of 3 sync", [p.runlane, "ns"], ["langchain", p.langchain], { timesLess: 200 }),
    row("parallel of 3 sync", [p.runlane, "ns"], ["raw object", p.raw]),
  );
  const t = await measure(stream3, options);
  rows.push(row("stream 3 steps, 1 chunk", [t.runlane, "ns"], ["langchain", t.langchain], { timesLess: 30 }));
  const c = await measure(chunks, options);
  rows.push(
    row("generator, per chunk", [c.runlane / CHUNKS, "ns"], ["langchain", c.langchain / CHUNKS], { timesLess: 10 }),
    row("generator, per chunk", [c.runlane / CHUNKS, "ns"], ["raw for await", c.raw / CHUNKS]),
  );
  // Last: calls with a config show the engine contexts of many kinds, and all that is measured after them pays for it.
  const g = await measure(configured, options);
  rows.push(
    row("invoke with {} as config", [g.none, "ns"], ["raw await", g.raw], { max: 3 }),
    row("invoke with a new signal, without making it", [g.signal - g.controller, "ns"], ["raw await", g.raw], {
      max: 40,
    }),
    row("the same, with making it", [g.signal, "ns"], ["langchain", g.langchain]),
  );
  if (Number.isNaN(sink)) throw new Error("the streams gave no numbers");
  return rows;
}
