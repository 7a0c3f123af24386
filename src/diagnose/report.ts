/** The channel on which the watching thread tells other threads of its reports, while the one that is held cannot. */
export const HELD_CHANNEL = "runlane:held";

/** What the watchdog says of a thread that is held. */
export interface BlockedReport {
  /** `held` while it is, at the threshold and again after 1, 10 and 60 s; `released` once, when it is free again. */
  readonly phase: "held" | "released";
  /** Which thread: `main`, or `lane` for a worker thread of a lane. */
  readonly thread: "main" | "lane";
  /** The step that holds it, when it is one. */
  readonly step?: string | undefined;
  /** The id of the run, when the run has one. */
  readonly runId?: string | undefined;
  /** The index of the input in its batch. */
  readonly input?: number | undefined;
  /** The line of your code that was running: `file:line`. */
  readonly place?: string | undefined;
  /** The stack there, your own code and that of packages, without Runlane's and Node's. */
  readonly stack: readonly string[];
  /** For how long it has been held so far; in all, when it is released. In milliseconds. */
  readonly heldMs: number;
  /** Whether the thread computes or waits in the system (a file, a child process, a lock); where the system does not tell, `unknown`. */
  readonly state: "computes" | "waits" | "unknown";
  /** What the `context` of {@link WatchOptions} gave. */
  readonly context?: unknown;
}

/** A report in one line, and the stack below it. */
export function reportText(report: BlockedReport): string {
  const { phase, thread, step, runId, input, place, heldMs, state, stack } = report;
  const who = step === undefined ? "code outside of any step" : `step "${step}"`;
  const facts = [
    ...(input === undefined ? [] : [`input ${input}`]),
    ...(runId === undefined ? [] : [`run ${runId}`]),
  ].join(", ");
  const what = thread === "main" ? "the event loop" : "a thread of a lane";
  const verb = phase === "held" ? "has been held" : "was held";
  const where = place === undefined ? "" : ` at ${place}`;
  const how =
    phase === "released"
      ? ""
      : state === "computes"
        ? "; it computes"
        : state === "waits"
          ? "; it waits in the system"
          : "";
  const line = `runlane: ${what} ${verb} for ${heldText(heldMs)} by ${who}${facts === "" ? "" : ` (${facts})`}${where}${how}`;
  const frames = phase === "held" ? stack.slice(0, 5).map((frame) => `    at ${frame}`) : [];
  return [line, ...frames].join("\n");
}

function heldText(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
