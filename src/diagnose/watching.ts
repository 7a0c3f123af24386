import * as inspector from "node:inspector";
import process from "node:process";
import { isMainThread, Worker } from "node:worker_threads";
import { runlaneError } from "../core/errors/errors.ts";
import { observeAllCalls } from "../core/measured.ts";
import { stacks } from "../lanes/worker-handle/live-workers.ts";
import { onBeat } from "../observe/beat.ts";
import { ASKED } from "./asked.ts";
import { LaneWatch } from "./lane-watch.ts";
import { MARK, marks } from "./marks.ts";
import { ownFolders, watcherFile } from "./package-folders.ts";
import { type BlockedReport, reportText } from "./report.ts";
import { stackOfThread } from "./thread-stack.ts";
import { WatchObserver } from "./watch-observer.ts";
import type { Current } from "./watched-run.ts";

/** Somebody who watches. */
export interface Watcher {
  readonly thresholdMs: number;
  /** How often it is looked, in milliseconds; reports are as exact as that. @default a quarter of the threshold */
  readonly everyMs?: number | undefined;
  readonly context: (() => unknown) | undefined;
  /** Whether steps are told apart while they run, at 0.4 to 1 µs each; otherwise only stacks tell who it is. @default true */
  readonly observes?: boolean | undefined;
  /** Undefined where reports are printed. */
  readonly onBlocked: ((report: BlockedReport) => void) | undefined;
}

/** When the watching thread looks, and what it reports. Both in milliseconds. */
interface Pace {
  readonly thresholdMs: number;
  readonly everyMs: number;
}

/** A watching thread, and what it needs from this one. */
interface WatchingThread {
  readonly worker: Worker;
  readonly ready: Promise<void>;
  stop(): Promise<void>;
}

/** The process ends without a word of the inspector when its session is closed first; that takes no longer than this, in milliseconds. */
const CLOSE_MS = 500;

/** Threads of lanes are there to be held: they are reported after so many times as long. */
const LANE_FACTOR = 10;

/** More often than that, in milliseconds, would cost more than it tells. */
const LEAST_EVERY_MS = 10;

const watchers = new Set<Watcher>();
let thread: { readonly pace: Pace; readonly running: WatchingThread } | undefined;

/** Keeps which step the code that runs belongs to, while somebody watches. */
export const observer = new WatchObserver((mark, label) => thread?.running.worker.postMessage({ mark, label }));
let stopObserving: (() => void) | undefined;

/**
 * Adds somebody who watches. There is one watching thread for all of them.
 *
 * @returns When the thread looks.
 * @throws RUNLANE_WATCH_THREAD
 */
export function addWatcher(watcher: Watcher): Promise<void> {
  if (!isMainThread) throw runlaneError("RUNLANE_WATCH_THREAD", { where: "watch" });
  watchers.add(watcher);
  if (watcher.observes !== false) stopObserving ??= observeSteps();
  stacks.read = stackOfThread;
  (globalThis as { [ASKED]?: unknown })[ASKED] = answer;
  return renew();
}

export async function removeWatcher(watcher: Watcher): Promise<void> {
  if (!watchers.delete(watcher)) return;
  if (![...watchers].some(({ observes }) => observes !== false)) {
    stopObserving?.();
    stopObserving = undefined;
  }
  if (watchers.size === 0) {
    stacks.read = undefined;
    delete (globalThis as { [ASKED]?: unknown })[ASKED];
  }
  await renew();
}

/** Has all steps tell the {@link observer} of their runs. @returns What ends it. A second time it does nothing. */
export function observeSteps(): () => void {
  observer.watch(1);
  const stop = observeAllCalls(observer);
  let isOver = false;
  return () => {
    if (isOver) return;
    isOver = true;
    stop();
    observer.watch(-1);
  };
}

/** Tells all who watch of a report, as far as it is one for them. */
function announce(report: BlockedReport): void {
  for (const { thresholdMs, onBlocked } of watchers) if (report.heldMs >= thresholdMs) onBlocked?.(report);
}

/** The same of a thread of a lane, of which the watching thread knows nothing. */
function announceLane(report: BlockedReport): void {
  announce(report);
  if ([...watchers].some(({ onBlocked }) => onBlocked === undefined)) process.stderr.write(`${reportText(report)}\n`);
}

/** Starts the thread for those who watch now, or ends it when nobody does. */
async function renew(): Promise<void> {
  const pace = {
    thresholdMs: Math.min(...Array.from(watchers, ({ thresholdMs }) => thresholdMs)),
    everyMs: Math.min(...Array.from(watchers, everyMsOf)),
  };
  if (thread?.pace.thresholdMs !== pace.thresholdMs || thread.pace.everyMs !== pace.everyMs) {
    const before = thread;
    thread = watchers.size === 0 ? undefined : { pace, running: start(pace) };
    observer.tellAll();
    await before?.running.stop();
  }
  if (thread === undefined) return;
  const prints = [...watchers].some(({ onBlocked }) => onBlocked === undefined);
  thread.running.worker.postMessage({ prints });
  await thread.running.ready;
}

function everyMsOf({ thresholdMs, everyMs = thresholdMs / 4 }: Watcher): number {
  return Math.max(LEAST_EVERY_MS, Math.floor(everyMs));
}

function start({ thresholdMs, everyMs }: Pace): WatchingThread {
  const worker = new Worker(watcherFile(), {
    name: "runlane-watchdog",
    workerData: { marks, thresholdMs, everyMs, own: ownFolders },
    // What this process was started with, a loader for example, is not for it.
    execArgv: [],
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 4 },
  });
  let isStopping = false;
  const ready = new Promise<void>((resolve, reject) => {
    worker.on("message", (message: BlockedReport | "ready") => {
      if (message === "ready") {
        // Only who waits for it to look is kept.
        worker.unref();
        resolve();
      } else announce(message);
    });
    worker.on("error", reject);
    worker.on("exit", () => reject(new Error("The watching thread has ended.")));
  });
  ready.catch((error) => {
    if (!isStopping) process.emitWarning(`Nobody watches the event loop any more: ${error.message}`, "RunlaneWarning");
  });
  marks[MARK.session] = 0;
  const stopBeating = onBeat(everyMs, () => {
    marks[MARK.beat]!++;
    marks[MARK.debugged] = inspector.url() === undefined ? 0 : 1;
  });
  process.on("exit", closeSession);
  const lanes = new LaneWatch(LANE_FACTOR * thresholdMs, everyMs, LANE_FACTOR, announceLane);
  return {
    worker,
    ready,
    async stop() {
      isStopping = true;
      stopBeating();
      lanes.stop();
      process.off("exit", closeSession);
      closeSession();
      await worker.terminate();
    },
  };
}

/** An open session would make the end of the process wait for "the debugger", and say so. */
function closeSession(): void {
  if (Atomics.compareExchange(marks, MARK.session, 0, 2) === 1) {
    Atomics.wait(marks, MARK.session, 1, CLOSE_MS);
    Atomics.compareExchange(marks, MARK.session, 0, 2);
  }
}

/** Answers the watching thread: the step that runs, and what the `context` of a watcher gives. */
function answer(): object {
  const store = observer.storage.getStore();
  const current: Current | undefined = store && { step: store.step, input: store.input, runId: store.runId };
  for (const { context } of watchers) {
    if (context === undefined) continue;
    try {
      return { current, context: context() };
    } catch {
      // It was called between any two lines of the program: what it needs may not be there yet.
    }
  }
  return { current };
}
