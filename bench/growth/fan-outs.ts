/** Fan-outs under `maxConcurrency`: a parallel in a batch, a batch in a batch, a stream of inputs. */
import { RunnableLambda, RunnableParallel } from "runlane";
import { type Row, row } from "../measure.ts";
import { grown, type Sized, TIMES } from "./cpu.ts";

const soon = (x: number) => new Promise<number>((resolve) => setImmediate(resolve, x));
const leaf = RunnableLambda.from(soon);
const ones = (count: number) => new Array<number>(count).fill(1);

const wide = (branches: number, inputs: number, maxConcurrency: number): Sized => {
  const keys = Array.from({ length: branches }, (_, index) => [`k${index}`, soon] as const);
  const parallel = RunnableParallel.from<number>(Object.fromEntries(keys));
  return () => parallel.batch(ones(inputs), { maxConcurrency });
};
const nested = (inner: number, outer: number): Sized => {
  const batches = RunnableLambda.from(async (x: number, config) => (await leaf.batch(ones(inner), config)).length + x);
  return () => batches.batch(ones(outer), { maxConcurrency: 16 });
};

const WAYS: Record<string, (leaves: number) => Sized> = {
  "a parallel in a batch, more branches": (leaves) => wide(leaves / 50, 50, 4),
  "a parallel in a batch, more inputs": (leaves) => wide(50, leaves / 50, 200),
  "a batch in a batch, larger inside": (leaves) => nested(leaves / 50, 50),
  "a batch in a batch, larger outside": (leaves) => nested(50, leaves / 50),
  batchStream: (leaves) => async () => {
    let seen = 0;
    for await (const _ of leaf.batchStream(ones(leaves), { maxConcurrency: 64 })) seen++;
    if (seen !== leaves) throw new Error("an input was lost");
  },
  batchAsCompleted: (leaves) => async () => {
    let seen = 0;
    for await (const _ of leaf.batchAsCompleted(ones(leaves), { maxConcurrency: 64 })) seen++;
    if (seen !== leaves) throw new Error("an input was lost");
  },
};

export async function fanOuts(quick: boolean): Promise<Row[]> {
  const leaves = quick ? 10_000 : 100_000;
  const rows: Row[] = [];
  for (const [name, make] of Object.entries(WAYS)) {
    const { small, large } = await grown(make, leaves, quick ? 5 : 3);
    const us = (cpu: number): number => (cpu * 1000) / (leaves * TIMES);
    const title = `maxConcurrency, ${name}: CPU per leaf, ${(leaves * TIMES).toLocaleString("en-US")} leaves`;
    const peer = `${leaves.toLocaleString("en-US")} leaves`;
    rows.push(row(title, [us(large), "us"], [peer, us(small)], { max: 1.3 }));
  }
  return rows;
}
