// @ts-check
/** What a lane has to do, put to the threads of a browser. */
import { threads } from "runlane";
import { laneCases } from "runlane/testing";
import { NotHere } from "./not-here.mjs";

/** A browser that is busy with something else is waited for. */
const PATIENCE_MS = 50_000;

/** @returns {Promise<{ passed: number, skipped: Record<string, string>, failed: Record<string, string> }>} The cases that were skipped, and those that failed, with why. */
async function conformance() {
  const cases = laneCases({
    open: ({ workers }) => threads({ min: workers, max: workers, graceMs: 50 }),
    patienceMs: PATIENCE_MS,
  });
  /** @type {Record<string, string>} */
  const skipped = {};
  /** @type {Record<string, string>} */
  const failed = {};
  for (const { name, run } of cases) {
    try {
      await run();
    } catch (error) {
      if (error instanceof NotHere) skipped[name] = error.message;
      else failed[name] = String((error instanceof Error && error.stack) || error);
    }
  }
  const passed = cases.length - Object.keys(skipped).length - Object.keys(failed).length;
  return { passed, skipped, failed };
}

Object.assign(globalThis, { conformance });
