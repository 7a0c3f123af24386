// @ts-check
/** How two libraries are compared, whoever has the clock. */

/** @typedef {"langchain" | "runlane"} Library */

/** Calls of one round: LangChain's take some hundred times longer. */
const CALLS = { langchain: 300, runlane: 30_000 };
const ROUNDS = 5;

/**
 * LangChain's time for one call, divided by Runlane's.
 *
 * @param {(library: Library, calls: number) => Promise<number>} time Says how long so many calls take, in milliseconds.
 */
export async function ratioOf(time) {
  const ratios = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const theirs = (await time("langchain", CALLS.langchain)) / CALLS.langchain;
    const ours = (await time("runlane", CALLS.runlane)) / CALLS.runlane;
    // The first round is the compiler's.
    if (round > 0) ratios.push(theirs / ours);
  }
  return ratios.sort((one, other) => one - other)[Math.floor(ROUNDS / 2)] ?? 0;
}
