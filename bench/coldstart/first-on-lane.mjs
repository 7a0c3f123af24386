// `first-on-lane.mjs lazy|warmed`: prints how long the first call on the thread lane takes, with a dictionary that it needs.
import { RunnableLambda, resource } from "runlane";

const words = resource("words", () => new Map(Array.from({ length: 300_000 }, (_, i) => [`word ${i}`, i])));
const chain = RunnableLambda.from((word, { uses }) => uses.words.get(word), { uses: { words }, lane: "thread" });
if (process.argv[2] === "warmed") await chain.warm();
const start = performance.now();
const found = await chain.invoke("word 7");
const ms = performance.now() - start;
if (found !== 7) throw new Error(`found ${found}`);
console.log(JSON.stringify({ ms }));
process.exit(0);
