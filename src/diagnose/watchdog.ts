import { invalidOption } from "../core/errors/errors.ts";
import type { Holder } from "../observe/holders.ts";
import { LoopClock, type LoopFigures } from "../observe/loop-clock.ts";
import type { BlockedReport } from "./report.ts";
import { addWatcher, observer, removeWatcher, type Watcher } from "./watching.ts";

export type { Holder } from "../observe/holders.ts";
export type { BlockedReport } from "./report.ts";
export { reportText } from "./report.ts";

/** The options of {@link watch}. */
export interface WatchOptions {
  /** The time after which a held event loop is reported, in milliseconds. @default 100 */
  readonly thresholdMs?: number | undefined;
  /**
   * Gets the reports, as soon as the loop is free again. Without it the watching thread prints them to stderr itself, while the loop is
   * held.
   */
  readonly onBlocked?: ((report: BlockedReport) => void) | undefined;
  /**
   * Gives the circumstances for a report: a request's id, for example. It is called while the loop is held, between any
   * two lines of the program, so it must only read. What it returns has to be JSON.
   */
  readonly context?: (() => unknown) | undefined;
}

/** A watch that goes on until it is stopped. */
export interface Watch extends AsyncDisposable {
  /** Settles when the watching thread looks: 60 ms after the start. */
  readonly ready: Promise<void>;
  /** Ends the watch. The watching thread ends with the last one. */
  stop(): Promise<void>;
}

/**
 * Watches the event loop of this process from a thread of its own, and says *while the loop is held* which step holds it, of which input
 * and run, at which line, for how long, and whether it computes or waits in the system: again after 1, 10 and 60 s, and once at the end.
 *
 * It costs half a percent of a core, and 0.4 to 1 µs a step (docs/watchdog.md). It keeps no process alive. Worker threads of lanes are watched too; since they
 * are there to be held, they are reported after ten times as long.
 *
 * @throws RUNLANE_INVALID_OPTION; RUNLANE_WATCH_THREAD in a worker thread
 * @example
 * ```ts
 * import { watch } from "runlane/watchdog";
 *
 * const watchdog = watch({ thresholdMs: 50, onBlocked: ({ step, place, heldMs }) => console.warn(step, place, heldMs) });
 * await watchdog.ready;
 * await watchdog.stop();
 * ```
 */
export function watch(options: WatchOptions = {}): Watch {
  const { thresholdMs = 100, onBlocked, context } = options;
  if (typeof thresholdMs !== "number" || !(thresholdMs >= 20) || thresholdMs === Number.POSITIVE_INFINITY)
    throw invalidOption("watch", "thresholdMs", "a number of milliseconds from 20 up", thresholdMs);
  for (const [name, value] of Object.entries({ onBlocked, context }))
    if (value !== undefined && typeof value !== "function") throw invalidOption("watch", name, "a function", value);
  clock ??= new LoopClock();
  const watcher: Watcher = { thresholdMs, onBlocked, context };
  const ready = addWatcher(watcher);
  // Without a listener, the process gives a warning.
  ready.catch(() => {});
  const stop = (): Promise<void> => removeWatcher(watcher);
  return { ready, stop, [Symbol.asyncDispose]: stop };
}

/** The figures of this process's event loop since the last look. */
export interface Heartbeat extends LoopFigures {
  /** The steps that held the loop for 10 ms or longer at a time, the worst first; empty while nobody watches. */
  readonly holders: readonly Holder[];
}

let clock: LoopClock | undefined;

/**
 * How the event loop did since the last call: by how much it was late, how busy it was, and which steps held it. The first call, or
 * {@link watch}, starts to measure.
 *
 * @example
 * ```ts
 * import { heartbeat } from "runlane/watchdog";
 *
 * heartbeat();
 * setInterval(() => console.log(heartbeat()), 10_000).unref();
 * ```
 */
export function heartbeat(): Heartbeat {
  clock ??= new LoopClock();
  const holders = observer.holders.entries().map(([, holder]) => holder);
  observer.holders.clear();
  return { ...clock.take(), holders };
}
