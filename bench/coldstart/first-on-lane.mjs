// `first-on-lane.mjs lazy|warmed`: prints how long the first call on the thread lane takes, with a model that it needs.
import { RunnableLambda, resource } from "runlane";

const model = resource.fromModule("model", new URL("./load-model.mjs", import.meta.url), "loadModel");
const chain = RunnableLambda.from((text, { uses }) => uses.model.readDoc(text).tokens().length(), {
  uses: { model },
  lane: "thread",
});
if (process.argv[2] === "warmed") await chain.warm();
const start = performance.now();
const length = await chain.invoke("The first call finds everything loaded.");
const ms = performance.now() - start;
if (length !== 7) throw new Error(`${length} tokens`);
console.log(JSON.stringify({ ms }));
process.exit(0);
