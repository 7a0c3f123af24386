import { describe, invalidOption, runlaneError } from "../core/errors/errors.ts";
import { observeCallsOn } from "../core/measured.ts";
import { isPlainObject } from "../core/plain-object.ts";
import type { Diagnosis } from "../diagnose/doctor/types.ts";
import { StepStatistics } from "../observe/statistics.ts";
import { isRunnable, toStep } from "../runnables/coerce.ts";
import { Analysis } from "../runnables/inspect/explain.ts";
import type { Runnable } from "../runnables/runnable.ts";
import type { RunnableInterface } from "../runnables/types.ts";
import { Collector, type Subject } from "./collector.ts";
import { RunLog } from "./run-log.ts";
import { RunTracer } from "./run-tracer.ts";
import { Viewing } from "./viewing.ts";
import { watchHolds } from "./watch-holds.ts";

/** How chains are inspected. */
export interface InspectOptions {
  /** The title of the page. @default the names of the chains */
  readonly title?: string | undefined;
  /** Where the page is served. @default "127.0.0.1" */
  readonly host?: string | undefined;
  /** @default 0, which takes any free port */
  readonly port?: number | undefined;
  /** Whether the page shows inputs and outputs: they may be secrets. @default false */
  readonly values?: boolean | undefined;
  /** An event loop that is held for so many milliseconds is shown, with the step that holds it; from 20 up. @default 100 */
  readonly thresholdMs?: number | undefined;
  /** Findings of the doctor, to be shown beside the rest. */
  readonly diagnosis?: Diagnosis | undefined;
}

/** A page that shows chains, as long as it is open. */
export interface Inspection extends AsyncDisposable {
  /** The address of the page, with the token that it takes to see it. */
  readonly url: string;
  /** How many look at it. */
  readonly looking: number;
  /** Closes the page, and measures nothing more. */
  close(): Promise<void>;
}

/**
 * Serves a page that shows what chains do, while they do it: their steps with counters, lanes and workers, the event loop and who holds
 * it, runs that fail or take long.
 *
 * While nobody looks at it, it measures nothing, and calls cost what they cost without it. It keeps no process alive. Whoever has the
 * link sees the page; without its token nobody does.
 *
 * @param chains A chain, or chains by name. Calls made on them are shown; those in which they are steps of others are not.
 * @throws RUNLANE_NOT_RUNNABLE, RUNLANE_INVALID_OPTION; RUNLANE_INSPECTOR when the port cannot be had.
 * @example
 * ```ts
 * import { RunnableLambda } from "runlane";
 * import { inspect } from "runlane/inspect";
 *
 * const shout = RunnableLambda.from((text: string) => text.toUpperCase());
 * const inspection = await inspect({ shout });
 * console.log(inspection.url);
 * await shout.invoke("hi");
 * await inspection.close();
 * ```
 */
export async function inspect(
  chains: RunnableInterface | Readonly<Record<string, RunnableInterface>>,
  options: InspectOptions = {},
): Promise<Inspection> {
  const { host = "127.0.0.1", port = 0, values = false, thresholdMs = 100, diagnosis } = options;
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw invalidOption("inspect", "port", "a number from 0 to 65535", port);
  if (typeof thresholdMs !== "number" || !(thresholdMs >= 20))
    throw invalidOption("inspect", "thresholdMs", "a number of milliseconds from 20 up", thresholdMs);
  const log = new RunLog();
  const sinceMs = performance.now();
  const subjects = namedChains(chains).map(([name, runnable]): Subject => {
    const statistics = new StepStatistics({ failures: false });
    const analysis = new Analysis(runnable, statistics);
    const tracer = new RunTracer({ chain: name, log, sinceMs, showsValues: values });
    return { name, runnable, statistics, tracer, plan: (wallMs) => analysis.plan(wallMs) };
  });
  const title = options.title ?? subjects.map(({ name }) => name).join(", ");
  const findings = diagnosis?.findings;
  const collector = new Collector({ title, subjects, log, sinceMs, showsValues: values, keeps: "last", findings });
  const attach = (): (() => void) => {
    const ends = subjects.flatMap(({ runnable, statistics, tracer }) => {
      const step = toStep(runnable);
      return [observeCallsOn(step, statistics), observeCallsOn(step, tracer)];
    });
    const watch = watchHolds(thresholdMs, true);
    collector.start();
    return () => {
      for (const end of ends) end();
      watch.stop();
      collector.stop();
    };
  };
  const viewing = await Viewing.open(collector, { host, port, attach });
  return {
    url: viewing.url,
    get looking() {
      return viewing.looking;
    },
    close: () => viewing.close(),
    [Symbol.asyncDispose]: () => viewing.close(),
  };
}

function namedChains(
  chains: RunnableInterface | Readonly<Record<string, RunnableInterface>>,
): (readonly [string, Runnable])[] {
  const all: (readonly [string, unknown])[] = isRunnable(chains)
    ? [[toStep(chains).label, chains]]
    : isPlainObject(chains)
      ? Object.entries(chains)
      : [["The first argument of inspect", chains]];
  for (const [name, chain] of all)
    if (!isRunnable(chain)) throw runlaneError("RUNLANE_NOT_RUNNABLE", { where: name, received: describe(chain) });
  return all as (readonly [string, Runnable])[];
}
