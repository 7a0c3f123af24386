import { isMainThread } from "node:worker_threads";
import { invalidOption, type RunlaneError, runlaneError } from "../core/errors/errors.ts";
import { interceptBlockingCalls } from "../diagnose/blocking-calls.ts";
import type { BlockedReport } from "../diagnose/report.ts";
import { placeOfStep } from "../diagnose/step-place.ts";
import { addWatcher, observer, observeSteps, removeWatcher, type Watcher } from "../diagnose/watching.ts";

/** The hooks of a test framework that are used: those of Vitest and Jest, or `node:test`'s, which calls the second one `after`. */
export interface TestHooks {
  readonly afterEach: (check: () => Promise<void>) => unknown;
  readonly afterAll?: ((stop: () => Promise<void>) => unknown) | undefined;
  readonly after?: ((stop: () => Promise<void>) => unknown) | undefined;
}

/** The calls and steps that {@link forbidBlocking} lets pass. */
export interface BlockingAllowed {
  /** Calls, as the error names them: `fs.readFileSync`. */
  readonly calls?: readonly string[] | undefined;
  /** Steps, by their names. */
  readonly steps?: readonly string[] | undefined;
}

/** The options of {@link forbidBlocking}. */
export interface ForbidBlockingOptions {
  /** The time that a step may hold the event loop at once, in milliseconds; from 20 up. @default 50 */
  readonly maxMs?: number | undefined;
  /** The calls and steps that pass. @default none */
  readonly allow?: BlockingAllowed | undefined;
  /** The hooks in which to check and to stop by itself. @default the global hooks, where there are such */
  readonly hooks?: TestHooks | undefined;
}

/** A guard that {@link forbidBlocking} has set up. */
export interface BlockingGuard {
  /** Fails when a step has held the event loop for too long since the last check. @throws RUNLANE_LOOP_HELD */
  check(): Promise<void>;
  /** Ends it, and restores everything. */
  stop(): Promise<void>;
}

/** The facts about a step that held the loop. */
type Held = Pick<BlockedReport, "step" | "place" | "heldMs" | "stack">;

/** The number of beats after which the watching thread has reported a hold. */
const BEATS = 3;

/**
 * Fails tests in which a step blocks the event loop. A synchronous file, process, crypto or zlib call or `Atomics.wait` in a step that runs
 * on the loop throws there, with the step's name and what to call in its place. What holds the loop for longer than `maxMs` (loops, regular
 * expressions, JSON) fails the test afterwards, with the line. Steps on other lanes may do both.
 *
 * @throws RUNLANE_INVALID_OPTION. Blocking calls throw RUNLANE_BLOCKING_CALL, checks RUNLANE_LOOP_HELD.
 * @example
 * ```ts
 * import { afterEach, after } from "node:test";
 * import { forbidBlocking } from "runlane/testing";
 *
 * forbidBlocking({ hooks: { afterEach, after }, allow: { calls: ["fs.existsSync"] } });
 * ```
 */
export function forbidBlocking(options: ForbidBlockingOptions = {}): BlockingGuard {
  const { maxMs = 50, allow = {}, hooks = globalHooks() } = options;
  if (typeof maxMs !== "number" || !(maxMs >= 20) || maxMs === Number.POSITIVE_INFINITY)
    throw invalidOption("forbidBlocking", "maxMs", "a number of milliseconds from 20 up", maxMs);
  const [calls, steps] = [new Set(allow.calls), new Set(allow.steps)];
  const held: Held[] = [];
  const watcher: Watcher = {
    thresholdMs: maxMs,
    context: undefined,
    onBlocked: (report) => {
      const { thread, phase, step } = report;
      if (thread === "main" && phase === "released" && step !== undefined && !steps.has(step)) held.push(report);
    },
  };
  // In a worker thread nobody can watch from outside: what holds it is told of by the steps themselves, up to where they first wait.
  const started = isMainThread ? addWatcher(watcher) : undefined;
  const stopObserving = isMainThread ? () => {} : observeSteps();
  observer.holders.clear();
  const restore = interceptBlockingCalls(({ name, counterpart }, proceed) => {
    const step = observer.storage.getStore()?.step;
    if (step === undefined || steps.has(step) || calls.has(name)) return proceed();
    throw runlaneError("RUNLANE_BLOCKING_CALL", { where: JSON.stringify(step), call: name, counterpart });
  });
  const guard: BlockingGuard = {
    async check() {
      await started;
      if (isMainThread) await new Promise((done) => setTimeout(done, BEATS * Math.max(10, maxMs / 4)));
      else held.push(...heldHere(maxMs, steps));
      const [first] = held.splice(0);
      if (first !== undefined) throw heldError(first, maxMs);
    },
    async stop() {
      restore();
      stopObserving();
      await started;
      await removeWatcher(watcher);
    },
  };
  hooks?.afterEach(() => guard.check());
  (hooks?.afterAll ?? hooks?.after)?.(() => guard.stop());
  return guard;
}

/** The steps that have held this thread for too long since the last check, each with the line of its function. */
function heldHere(maxMs: number, allowed: ReadonlySet<string>): Held[] {
  const entries = observer.holders.entries();
  observer.holders.clear();
  return entries.flatMap(([step, { maxMs: heldMs }]) =>
    heldMs > maxMs && !allowed.has(step.label)
      ? [{ step: step.label, place: placeOfStep(step) ?? undefined, heldMs, stack: [] }]
      : [],
  );
}

/** The global hooks of Jest, and of Vitest where it is told to have them. */
function globalHooks(): TestHooks | undefined {
  const { afterEach, afterAll } = globalThis as Partial<Pick<TestHooks, "afterEach" | "afterAll">>;
  return afterEach === undefined ? undefined : { afterEach, afterAll };
}

function heldError({ step, place, heldMs, stack }: Held, maxMs: number): RunlaneError {
  const error = runlaneError("RUNLANE_LOOP_HELD", {
    where: JSON.stringify(step),
    heldMs: Math.round(heldMs),
    maxMs,
    place: place ?? "a place that is not known",
  });
  error.stack = [`${error.name}: ${error.message}`, ...stack.map((frame) => `    at ${frame}`)].join("\n");
  return error;
}
