/** Many inputs: configs for all or for each, limits, failures in their places, options bound and passed. */
import { RunnableEach, RunnableLambda, RunnableSequence } from "@langchain/core/runnables";

const weigh = RunnableLambda.from((parcel: string, options) => {
  if (parcel === "") throw new Error("nothing on the scales");
  return `${parcel.length * 10} g${options.configurable?.stamp ? `, stamp ${options.configurable.stamp}` : ""}`;
});
console.log(await weigh.batch(["card", "box"]));
console.log(await weigh.batch(["card", "box"], { configurable: { stamp: "A" } }));
console.log(await weigh.batch(["card", "box"], [{ configurable: { stamp: "A" } }, { configurable: { stamp: "B" } }]));

const mixed = await weigh.batch(["card", "", "box"], {}, { returnExceptions: true });
console.log(mixed.map((outcome) => (outcome instanceof Error ? `failed: ${outcome.message}` : outcome)));
console.log(await weigh.batch(["card", ""]).catch((error: Error) => error.message));

let now = 0;
let peak = 0;
const slow = RunnableLambda.from(async (parcel: string) => {
  peak = Math.max(peak, ++now);
  await new Promise((resolve) => setTimeout(resolve, 2));
  now--;
  return parcel.toUpperCase();
});
console.log(await slow.batch(["a", "b", "c", "d", "e"], { maxConcurrency: 2 }), peak);
peak = 0;
console.log(await slow.batch(["a", "b", "c"], undefined, { maxConcurrency: 1 }), peak);

const chain = RunnableSequence.from([(parcel: string) => parcel.trim(), weigh, (text: string) => ({ label: text })]);
console.log(await chain.batch([" card ", "box"], [{ tags: ["first"] }, { tags: ["second"] }]));

const each = new RunnableEach({ bound: chain });
console.log(await each.invoke(["pin", "needle"]));
console.log(await each.batch([["pin"], ["needle", "thread"]]));

const bound = weigh.withConfig({ configurable: { stamp: "Z" } });
console.log(await bound.invoke("card"), "|", await bound.invoke("card", { configurable: { other: 1 } }));

const late = RunnableLambda.from((ms: number) => new Promise<string>((resolve) => setTimeout(resolve, ms, "there")));
console.log(await late.invoke(200, { timeout: 10 }).catch((error: Error) => error.name));
const controller = new AbortController();
const aborted = late.invoke(200, { signal: controller.signal }).catch((error: Error) => `stopped: ${error.name}`);
controller.abort();
console.log(await aborted);
console.log(await weigh.batch([]));
