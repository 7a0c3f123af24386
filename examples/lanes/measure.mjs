// @ts-check
/**
 * Measures, for each kind of waiting, the way that shortens it: `node examples/lanes/measure.mjs [share]`. Every way has to give the same
 * results; the figures are those of one run on this machine. With a share, say 0.1, there are that many fewer inputs.
 */
import assert from "node:assert/strict";
import { setTimeout as wait } from "node:timers/promises";
import { RunnableLambda } from "runlane";
import { countFactors, makeTable } from "./primes.mjs";

const share = Number(process.argv[2] ?? 1);
/** @param {number} count */
const some = (count) => Math.ceil(count * share);
/** @param {number} count */
const told = (count) => some(count).toLocaleString("en-US");

/**
 * Runs something, and prints how long it took and for which share of that the event loop was busy.
 *
 * @template T
 * @param {string} name
 * @param {() => Promise<T>} run
 */
async function measure(name, run) {
  // The loop counts what it does in whole turns.
  await wait(1);
  const start = performance.now();
  const before = performance.eventLoopUtilization();
  const result = await run();
  const ms = performance.now() - start;
  await wait(1);
  const busy = Math.round(100 * performance.eventLoopUtilization(before).utilization);
  console.log(`${name.padEnd(52)} ${ms.toFixed(1).padStart(8)} ms   loop busy ${busy.toString().padStart(3)} %`);
  return result;
}

/** @template In, Out @param {import("runlane").Runnable<In, Out>} runnable @param {In[]} inputs */
async function oneByOne(runnable, inputs) {
  const outputs = [];
  for (const input of inputs) outputs.push(await runnable.invoke(input));
  return outputs;
}

// Latency: each input waits for something else, here for 20 ms. Async functions wait side by side.
const lookup = RunnableLambda.from(async (/** @type {number} */ id) => {
  await wait(20);
  return id * 2;
});
const ids = Array.from({ length: some(50) }, (_, id) => id);
const waited = await measure(`${told(50)} waits of 20 ms, one by one`, () => oneByOne(lookup, ids));
assert.deepEqual(await measure(`${told(50)} waits of 20 ms, batch`, () => lookup.batch(ids)), waited);

// Throughput: many cheap inputs. One batch costs less than as many calls.
const cheap = RunnableLambda.from((/** @type {number} */ x) => x + 1).pipe((x) => x * 2);
const many = Array.from({ length: some(200_000) }, (_, index) => index);
const called = await measure(`${told(200_000)} cheap inputs, invoke`, () => oneByOne(cheap, many));
assert.deepEqual(await measure(`${told(200_000)} cheap inputs, batch`, () => cheap.batch(many)), called);

// Start-up: what takes long to make, and is the same for all inputs, belongs to the top of a module.
const perInput = RunnableLambda.from((/** @type {number} */ index) => makeTable()[index]);
const table = makeTable();
const global = RunnableLambda.from((/** @type {number} */ index) => table[index]);
const few = many.slice(0, some(200));
const looked = await measure(`${told(200)} look-ups, table made for each input`, () => perInput.batch(few));
assert.deepEqual(
  await measure(`${told(200)} look-ups, table at the top of the module`, () => global.batch(few)),
  looked,
);

// CPU: what computes holds up everything else in the process, except in threads or processes.
const url = new URL("./primes.mjs", import.meta.url);
const starts = Array.from({ length: some(100) }, (_, index) => 1e10 + index * 200);
const counted = await measure(`${told(100)} computations, on the loop`, () =>
  RunnableLambda.from(countFactors).batch(starts),
);
for (const lane of /** @type {const} */ (["thread", "process"])) {
  const away = RunnableLambda.fromModule(url, "countFactors", { lane });
  assert.deepEqual(
    await measure(`${told(100)} computations, lane "${lane}", workers to start`, () => away.batch(starts)),
    counted,
  );
  assert.deepEqual(await measure(`${told(100)} computations, lane "${lane}"`, () => away.batch(starts)), counted);
}
