// @ts-check
/** How many times longer LangChain takes for the same chain: ten functions, in the same process, in turns. */
import * as langchain from "@langchain/core/runnables";
import * as runlane from "runlane";
import { ratioOf } from "./ratio.mjs";

const LIBRARIES = { langchain, runlane };

/** @type {Map<string, any>} */
const chains = new Map();

/** @param {import("./ratio.mjs").Library} library @returns {any} */
function chainOf(library) {
  const { RunnableLambda } = /** @type {any} */ (LIBRARIES[library]);
  const next = (/** @type {number} */ x) => x + 1;
  const chain = Array.from({ length: 9 }).reduce((chain) => chain.pipe(next), RunnableLambda.from(next));
  chains.set(library, chain);
  return chain;
}

/** Calls a chain so many times, one call after the other. @param {import("./ratio.mjs").Library} library @param {number} calls */
export async function callChain(library, calls) {
  const chain = chains.get(library) ?? chainOf(library);
  for (let call = 0; call < calls; call++)
    if ((await chain.invoke(call)) !== call + 10) throw new Error(`${library} gave a wrong output`);
}

/** The same by the clock of this platform. */
export function ratioHere() {
  return ratioOf(async (library, calls) => {
    const start = performance.now();
    await callChain(library, calls);
    return performance.now() - start;
  });
}
