// @ts-check
/**
 * Measures what a resource saves: `node examples/cold-starts/measure.mjs [share]`. Both ways have to give the same results; the
 * figures are those of one run on this machine. With a share, say 0.1, there are that many fewer texts.
 */
import assert from "node:assert/strict";
import { setTimeout as wait } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { RunnableLambda, resource, threads } from "runlane";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc");
const module = new URL("./model.mjs", import.meta.url);

/** @param {string} name @param {string} figure */
const show = (name, figure) => console.log(`${name.padEnd(56)} ${figure.padStart(10)}`);

/**
 * Runs something, and prints how long it took.
 *
 * @template T
 * @param {string} name
 * @param {() => Promise<T>} run
 */
async function measure(name, run) {
  const start = performance.now();
  const result = await run();
  show(name, `${(performance.now() - start).toFixed(1)} ms`);
  return result;
}

/** A step in threads that finds the model in `uses`. @param {import("runlane").Lane} lane */
function withResource(lane) {
  const model = /** @type {import("runlane").Resource<ReturnType<typeof import("./model.mjs").loadModel>>} */ (
    resource.fromModule("model", module, "loadModel")
  );
  return RunnableLambda.from((/** @type {string} */ text, { uses }) => uses.model.predict(text), {
    uses: { model },
    lane,
  });
}

const count = Math.ceil(50 * Number(process.argv[2] ?? 1));
const texts = Array.from({ length: count }, (_, index) => `word${index} word${index * 3} and more`);

// The model inside the function, and as a resource: both on two threads that are still to be started.
const inside = RunnableLambda.fromModule(module, "predictWithItsOwn", { lane: threads({ min: 2, max: 2 }) });
const scores = await measure(`${count} texts, the model is loaded inside the function`, () => inside.batch(texts));
const lane = threads({ min: 2, max: 2 });
const lazy = withResource(lane);
assert.deepEqual(await measure(`${count} texts, the model is a resource`, () => lazy.batch(texts)), scores);
await lazy.warm();
show("its loads in two threads", String(lazy.resources().reduce((sum, { loads }) => sum + loads, 0)));

// The first call, with and without `warm`.
const cold = withResource(threads({ max: 1 }));
const score = await measure("the first call in a thread", () => cold.invoke("word1"));
const warmed = withResource(threads({ max: 1 }));
await measure("warm", () => warmed.warm());
assert.equal(await measure("the first call in a thread after warm", () => warmed.invoke("word1")), score);

// Large data in four threads: a copy in each, or one for all.
for (const scope of /** @type {const} */ (["worker", "shared"])) {
  const pool = threads({ min: 4, max: 4 });
  const table = resource(`${scope} table`, () => new Uint8Array(50_000_000).fill(1), { scope });
  const look = RunnableLambda.from((/** @type {number} */ at, { uses }) => uses.table[at], {
    uses: { table },
    lane: pool,
  });
  // What threads need for any step is no part of it.
  await RunnableLambda.from((/** @type {number} */ at) => at, { lane: pool }).warm();
  const before = await memory();
  await look.warm();
  assert.equal(await look.invoke(7), 1);
  show(`50 MB in four threads, scope "${scope}"`, `${(((await memory()) - before) / 1e6).toFixed(0)} MB`);
  await pool.close();
}

/** What the process keeps: buffers that nobody holds any more are given back in the turns after a collection. */
async function memory() {
  for (let turn = 0; turn < 3; turn++) {
    collect();
    await wait(50);
  }
  return process.memoryUsage.rss();
}
