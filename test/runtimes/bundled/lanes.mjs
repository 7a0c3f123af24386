// @ts-check
/** The program that every bundler bundles: what may differ in a bundle. */
import { processes, RunnableLambda, threads } from "runlane";
import { cellsOf, equal } from "../cells.mjs";

/** @typedef {import("runlane").Lane} Lane */

const double = RunnableLambda.from((/** @type {number} */ x) => x * 2);
const chain = double.pipe(async (x) => x + 1).pipe((x) => `<${x}>`);

/** A function that names itself, which minifiers and `--keep-names` write in their own ways. @param {number} n @returns {number} */
function factorial(n) {
  return n < 2 ? 1 : n * factorial(n - 1);
}
const total = RunnableLambda.from(async (/** @type {{ list?: number[] }} */ { list }) => {
  const [first = 0, ...rest] = list ?? [];
  return { ...(await { first }), rest: rest.at(-1)?.toFixed(1) };
});
const letters = RunnableLambda.from(function* (/** @type {string} */ text) {
  yield* text;
});

/** Uses a lane, and closes it. @param {(options: { max: number }) => Lane} open @param {(lane: Lane) => Promise<void>} use */
async function on(open, use) {
  const lane = open({ max: 1 });
  try {
    equal(
      await RunnableLambda.from((/** @type {number} */ x) => x)
        .withLane(lane)
        .invoke(1),
      1,
    );
    await use(lane);
  } finally {
    await lane.close({ force: true });
  }
}

/** Uses threads, and then processes. @param {(lane: Lane) => Promise<void>} use */
export async function onBoth(use) {
  await on(threads, use);
  await on(processes, use);
}

/** @param {Lane} lane */
async function functions(lane) {
  equal(await RunnableLambda.from(factorial).withLane(lane).batch([1, 3]), [1, 6]);
  equal(await total.withLane(lane).invoke({ list: [1, 2, 3] }), { first: 1, rest: "3.0" });
  equal(await letters.withLane(lane).invoke("abc"), "abc");
}

/** Each bundler has a pattern to find here. */
export const seen = () =>
  cellsOf({
    "plain chain": async () => equal(await chain.invoke(20), "<41>"),
    "threads()": () => on(threads, functions),
    "processes()": () => on(processes, functions),
    fromModule: () =>
      onBoth(async (lane) => {
        const third = RunnableLambda.fromModule(new URL("./third.mjs", import.meta.url), "third", { lane });
        equal(await third.invoke(9), 3);
      }),
    "fromModule, whose module imports others": () =>
      onBoth(async (lane) => {
        const half = RunnableLambda.fromModule(new URL("./half.mjs", import.meta.url), "half", { lane });
        equal(await half.invoke(4), 2);
      }),
  });
