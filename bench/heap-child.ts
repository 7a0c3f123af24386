/** `heap-child.ts runlane|raw alive|all`: prints the peak heap in bytes per input, beyond what was there before. */
import { RunnableSequence } from "runlane";

const [way, kind] = process.argv.slice(2);
const COUNT = 100_000;
const inputs = Array.from({ length: COUNT }, (_, i) => i);
let peak = 0;
let calls = 0;
let sampling = false;

const sample = () => {
  if (kind === "alive") globalThis.gc!();
  peak = Math.max(peak, process.memoryUsage().heapUsed);
};
const add = (x: number) => x + 1;
const twice = (x: number) => x * 2;
const less = (x: number) => {
  if (sampling && ++calls % 5000 === 0) sample();
  return x - 3;
};
const three = RunnableSequence.from<number, number>([add, twice, less]);

async function run(values: number[]): Promise<number[]> {
  if (way === "runlane") return three.batch(values);
  const results = new Array<number>(values.length);
  for (let i = 0; i < values.length; i++) results[i] = less(twice(add(values[i]!)));
  return results;
}

for (let k = 0; k < 5; k++) await run(inputs);
// From a turn of its own: nothing of the warm-up is left on the stack, nor counted as there before.
await new Promise((resolve) => setTimeout(resolve, 50));
globalThis.gc!();
globalThis.gc!();
const before = process.memoryUsage().heapUsed;
sampling = true;
const outputs = await run(inputs);
sample();
if (outputs.length !== COUNT || calls !== COUNT) throw new Error("the batch lost outputs");
process.stdout.write(String((peak - before) / COUNT));
