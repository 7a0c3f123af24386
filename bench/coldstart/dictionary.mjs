// `dictionary.mjs shared|worker`: prints by how much this process grows when four threads have loaded a dictionary of 50 MB.
import { setTimeout as wait } from "node:timers/promises";
import { RunnableLambda, resource, threads } from "runlane";

const [scope] = process.argv.slice(2);
const lane = threads({ min: 4, max: 4 });
const dictionary = resource("dictionary", () => new Uint8Array(50_000_000).fill(1).buffer, { scope });
const look = RunnableLambda.from((at, { uses }) => new Uint8Array(uses.dictionary)[at], { uses: { dictionary }, lane });
// Workers with the code of a step, but without the dictionary, are no part of it.
const without = RunnableLambda.from((at) => at, { lane });
await without.warm();
const before = await settledMemory();
await look.warm();
if ((await look.invoke(7)) !== 1) throw new Error("the dictionary is wrong");
console.log(JSON.stringify({ bytes: (await settledMemory()) - before }));
process.exit(0);

/** What the process keeps: buffers that nobody holds any more are given back in the turns after a collection. */
async function settledMemory() {
  for (let turn = 0; turn < 3; turn++) {
    globalThis.gc();
    await wait(50);
  }
  return process.memoryUsage.rss();
}
