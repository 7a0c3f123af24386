// `model.mjs inside|resource`: prints how long 200 documents take on two threads, the loading of the model included.
import { RunnableLambda, resource, threads } from "runlane";

const [way] = process.argv.slice(2);
const SENTENCE = "Runlane keeps the event loop of Node.js free while models in London and Paris compute. ";
const documents = Array.from({ length: 200 }, (_, i) => `Document ${i}. ${SENTENCE.repeat(3)}`);
const lane = threads({ max: 2 });
const module = new URL("./load-model.mjs", import.meta.url);
const inside = RunnableLambda.fromModule(module, "countWithItsOwnModel", { lane });
const model = resource.fromModule("model", module, "loadModel");
const asResource = RunnableLambda.from((text, { uses }) => uses.model.readDoc(text).tokens().length(), {
  uses: { model },
  lane,
});

const chain = way === "inside" ? inside : asResource;
const start = performance.now();
const lengths = await chain.batch(documents);
const ms = performance.now() - start;
if (!lengths.every((length) => length > 40)) throw new Error("a document was not read");
const loads = chain.resources().reduce((sum, { loads }) => sum + loads, 0);
console.log(JSON.stringify({ ms, loads }));
await lane.close();
