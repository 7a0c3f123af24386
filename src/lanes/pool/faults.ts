import { RunlaneError, runlaneError } from "../../core/errors/errors.ts";
import { stopError } from "../../core/signal.ts";
import type { WorkerEnd, WorkerProgress } from "../protocol/transport.ts";
import type { Call } from "./call.ts";
import type { Chunk } from "./chunk.ts";

/** The number of workers that a call may lose before its turn comes; after that it is a suspect, or fails. */
export const MAX_LOST = 3;

/** The calls of a worker that ended, divided by who is to blame for it. */
export interface Verdict {
  readonly guilty: Call | undefined;
  /** Calls that may have ended the worker: they run again in halves, each half with a worker to itself. */
  readonly suspects: Call[];
  /** Calls that had no part in the end: they run again like any other. */
  readonly innocent: Call[];
}

/**
 * The input whose function was being called is guilty. When none was (a timer threw, a promise nobody handled was rejected, or
 * nobody knows, as with a process that was killed), all that had started are suspects. A suspect is guilty when it was all that
 * its worker ever ran: a timer that an earlier input left behind must not be held against a later one.
 */
export function judge(
  chunks: Iterable<Chunk>,
  progress: Pick<WorkerProgress, "chunk" | "index" | "running"> | null,
  served: number,
): Verdict {
  let guilty: Call | undefined;
  const started: Call[] = [];
  const waiting: Call[] = [];
  for (const chunk of chunks) {
    for (const call of chunk.remaining()) {
      const isAt = progress !== null && chunk.id === progress.chunk;
      if (isAt && progress.running && call.index === progress.index) guilty = call;
      else if (progress === null || chunk.id < progress.chunk || (isAt && call.index <= progress.index))
        started.push(call);
      else waiting.push(call);
    }
  }
  if (guilty !== undefined) return { guilty, suspects: [], innocent: [...started, ...waiting] };
  if (started.length === 1 && served === 1) return { guilty: started[0], suspects: [], innocent: waiting };
  const innocent: Call[] = [];
  for (const call of waiting) (++call.lost > MAX_LOST ? started : innocent).push(call);
  return { guilty: undefined, suspects: started, innocent };
}

/** Says how a worker ended, for error messages. */
export function describeEnd({ code, signal, error }: WorkerEnd): string {
  const how = signal !== null ? `it was ended by ${signal}` : `it exited with code ${code ?? "unknown"}`;
  return error === undefined ? how : `${how} after an uncaught ${oneLine(error)}`;
}

export function crashed(where: string, end: WorkerEnd): RunlaneError {
  return runlaneError("RUNLANE_WORKER_CRASHED", { where, reason: describeEnd(end) }, { cause: end.error });
}

export function startFailed(where: string, lane: string, reason: string, cause?: unknown): RunlaneError {
  return cause instanceof RunlaneError && /^RUNLANE_(?:NO_THREADS|BUNDLED)$/.test(cause.code)
    ? cause
    : runlaneError("RUNLANE_WORKER_START", { where, lane, reason }, { cause });
}

export function laneClosed(where: string, lane: string): RunlaneError {
  return runlaneError("RUNLANE_LANE_CLOSED", { where, lane });
}

export function timedOut(where: string, timeoutMs: number): DOMException {
  return stopError("TimeoutError", `${where} took longer than its timeout of ${timeoutMs} ms.`);
}

/** The same error with the worker's stack of when it was told to stop. */
export function withStack(error: DOMException, lines: readonly string[]): DOMException {
  const stack = [`${error.name}: ${error.message}`, ...lines].join("\n");
  return Object.defineProperty(error, "stack", { value: stack, writable: true, configurable: true });
}

/** An error in one line, without the full stop of its message. */
export function oneLine(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return text.split("\n", 1)[0]!.replace(/\.$/, "");
}
