import { isMainThread } from "node:worker_threads";
import { addWatcher, removeWatcher } from "../diagnose/watching.ts";

/** Somebody who watches for the page. */
export interface HoldWatch {
  /** When the watching thread looks. */
  readonly ready: Promise<void>;
  stop(): void;
}

/**
 * Has the watching thread tell the one that serves the page who holds the event loop. A worker thread cannot be watched, and needs not.
 * It looks half as often as a watchdog, and is exact to half of the threshold: a page shows who holds the loop for longer than that.
 *
 * @param observes Whether steps are told apart while they run.
 */
export function watchHolds(thresholdMs: number, observes: boolean): HoldWatch {
  if (!isMainThread) return { ready: Promise.resolve(), stop: () => {} };
  // Reports go past this thread, which is held.
  const watcher = { thresholdMs, everyMs: thresholdMs / 2, observes, context: undefined, onBlocked: () => {} };
  // Who does not ask is told by a warning of the process.
  const ready = addWatcher(watcher).catch(() => {});
  return { ready, stop: () => void removeWatcher(watcher) };
}
