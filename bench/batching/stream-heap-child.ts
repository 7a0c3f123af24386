/**
 * `stream-heap-child.ts <count> alive|all`: prints how far the heap grew while inputs went through `batchStream`, in bytes: at its
 * peak, and from the first tenth of the inputs to the last. What is alive, or with garbage.
 */
import { RunnableLambda } from "runlane";

const [countOf, kind] = process.argv.slice(2);
const COUNT = Number(countOf);
const EVERY = COUNT / (kind === "alive" ? 50 : 1000);
const step = RunnableLambda.from(async (input: number) => input + 1);

function* source(count: number): Generator<number> {
  for (let input = 0; input < count; input++) yield input;
}

function heapUsed(): number {
  if (kind === "alive") globalThis.gc!();
  return process.memoryUsage().heapUsed;
}

async function run(count: number, look: (done: number) => void): Promise<void> {
  let done = 0;
  for await (const [, outcome] of step.batchStream(source(count), { maxConcurrency: 10 })) {
    if (outcome.status !== "fulfilled") throw new Error("an input failed");
    if (++done % EVERY === 0) look(done);
  }
  if (done !== count) throw new Error("the stream lost outputs");
}

await run(COUNT / 10, () => {});
// From a turn of its own: nothing of the warm-up is left on the stack, nor counted as there before.
await new Promise((resolve) => setTimeout(resolve, 50));
globalThis.gc!();
globalThis.gc!();
const before = process.memoryUsage().heapUsed;
const early: number[] = [];
const late: number[] = [];
let peak = 0;
await run(COUNT, (done) => {
  const used = heapUsed();
  peak = Math.max(peak, used - before);
  if (done <= COUNT / 10) early.push(used);
  else if (done > COUNT * 0.9) late.push(used);
});
const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
process.stdout.write(JSON.stringify({ peak, drift: mean(late) - mean(early) }));
