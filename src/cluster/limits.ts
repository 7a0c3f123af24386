import type { AdmitRequest, LimitKeeper, SharedLimit } from "../batching/shared-limits.ts";

/** A connection to a broker that serves for limits alone, so that each thread can have one. */
export interface LimitConnection extends LimitKeeper {
  close(): Promise<void>;
}

/** How much later than it should be a holder asks that has waited for a token, in milliseconds: the way to a broker takes some. */
export const LATE_MS = 50;
/** How long a holder counts among those that wait that has not asked again, in milliseconds. */
export const WAITS_MS = 2000;
/** The time between two questions of the first in line for a place that others have, in milliseconds; the second takes twice as long. */
export const ASK_MS = 25;

/** Limits and a holder's state as numbers, for scripts and statements. */
export interface AdmitNumbers {
  readonly running: number;
  readonly wanted: number;
  /** 0 without a limit. */
  readonly most: number;
  /** The time for one token, in milliseconds; 0 without a rate. */
  readonly intervalMs: number;
  /** The time before the bucket is full from which on a start is allowed, in milliseconds. */
  readonly toleranceMs: number;
}

export function admitNumbers(
  { maxConcurrency = 0, ratePerSecond, burst = 1 }: SharedLimit,
  { running, wanted }: AdmitRequest,
): AdmitNumbers {
  const intervalMs = ratePerSecond === undefined ? 0 : 1000 / ratePerSecond;
  const most = Number.isFinite(maxConcurrency) ? maxConcurrency : 0;
  return { running, wanted, most, intervalMs, toleranceMs: (burst - 1) * intervalMs };
}
