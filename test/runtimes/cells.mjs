// @ts-check
/** How programs of this folder say what works. */
import { RunlaneError } from "runlane";

/** A cell: "yes", or what a program is told that asks for what its platform, or its bundle, does not have. @typedef {string} Cell */

/** What a program may be told there. */
const CLEAR = new Set([
  "RUNLANE_NO_THREADS",
  "RUNLANE_NO_CONTEXT",
  "RUNLANE_BUNDLED",
  "RUNLANE_NOT_SHIPPABLE",
  "RUNLANE_MODULE_NOT_FOUND",
]);

/**
 * Tries things one after the other.
 *
 * @param {Record<string, () => Promise<unknown>>} tried
 * @returns {Promise<Record<string, Cell>>} What each cell says; one that fails begins with "FAILED".
 */
export async function cellsOf(tried) {
  /** @type {Record<string, Cell>} */
  const cells = {};
  for (const [name, run] of Object.entries(tried)) {
    try {
      await run();
      cells[name] = "yes";
    } catch (error) {
      cells[name] = cellOf(error);
    }
  }
  return cells;
}

/** @param {unknown} error @returns {Cell} */
function cellOf(error) {
  if (error instanceof RunlaneError && CLEAR.has(error.code)) return error.code;
  const denied = /--allow-(?:read|run|sys|env)|--deny-\w+|NotCapable/.exec(String(error));
  if (error instanceof RunlaneError && denied !== null) return `${error.code}: ${denied[0]}`;
  return `FAILED: ${String((error instanceof Error && error.stack) || error)}`;
}

/** @param {unknown} actual @param {unknown} expected */
export function equal(actual, expected) {
  const [one, other] = [actual, expected].map((value) => JSON.stringify(value));
  if (one !== other) throw new Error(`${one} instead of ${other}`);
}
