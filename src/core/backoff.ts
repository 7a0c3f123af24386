import { invalidOption } from "./errors/errors.ts";

/** The waits between attempts. */
export interface BackoffOptions {
  /** Milliseconds to wait after the first failed attempt. @default 1000 */
  initialDelayMs?: number | undefined;
  /** The factor from one wait to the next. @default 2 */
  factor?: number | undefined;
  /** The longest wait in milliseconds, jitter included. @default Infinity */
  maxDelayMs?: number | undefined;
  /** Whether each wait is multiplied with a random number from 1 to 2, so that callers do not come back all at once. @default true */
  jitter?: boolean | undefined;
}

const OPTIONS: readonly string[] = [
  "initialDelayMs",
  "factor",
  "maxDelayMs",
  "jitter",
] satisfies (keyof BackoffOptions)[];

/** The longest delay that a JavaScript timer can wait: about 24.8 days. A longer one would not wait at all. */
const MAX_TIMER_MS = 2 ** 31 - 1;

const isNonNegative = (value: unknown): boolean => typeof value === "number" && value >= 0;

/** Exponential back-off: each wait is a multiple of the one before it. */
export class Backoff {
  private readonly initialDelayMs: number;
  private readonly factor: number;
  private readonly maxDelayMs: number;
  private readonly jitter: boolean;

  /**
   * @param random The source of jitter: gives a number from 0 to 1.
   * @param where The owner of the options, for errors.
   * @throws RUNLANE_INVALID_OPTION
   */
  constructor(
    options: BackoffOptions = {},
    private readonly random: () => number = Math.random,
    where = "RunnableRetry",
  ) {
    const invalid = (option: string, expected: string, received: unknown): Error =>
      invalidOption(where, option, expected, received);
    if (typeof options !== "object" || options === null) throw invalid("backoff", "an object of options", options);
    for (const [option, value] of Object.entries(options))
      if (!OPTIONS.includes(option))
        throw invalid(`backoff.${option}`, `left out: the options are ${OPTIONS.join(", ")}`, value);
    const { initialDelayMs = 1000, factor = 2, maxDelayMs = Number.POSITIVE_INFINITY, jitter = true } = options;
    if (!isNonNegative(initialDelayMs) || initialDelayMs === Number.POSITIVE_INFINITY)
      throw invalid("backoff.initialDelayMs", "a finite number of milliseconds of at least 0", initialDelayMs);
    if (!isNonNegative(factor) || factor === Number.POSITIVE_INFINITY)
      throw invalid("backoff.factor", "a finite number of at least 0", factor);
    if (!isNonNegative(maxDelayMs))
      throw invalid("backoff.maxDelayMs", "a number of milliseconds of at least 0", maxDelayMs);
    if (typeof jitter !== "boolean") throw invalid("backoff.jitter", "true or false", jitter);
    this.initialDelayMs = initialDelayMs;
    this.factor = factor;
    this.maxDelayMs = maxDelayMs;
    this.jitter = jitter;
  }

  /**
   * Milliseconds to wait after a failed attempt.
   *
   * @param attempt The number of the attempt that failed, from 1.
   * @param error The error of that attempt. Its `retryAfterMs`, if it has one, is the least to wait, whatever the options say.
   */
  delayMs(attempt: number, error?: unknown): number {
    const { initialDelayMs, factor, maxDelayMs, jitter } = this;
    const spread = jitter ? 1 + this.random() : 1;
    // 0 times an overflown power would be NaN.
    const grown = initialDelayMs === 0 ? 0 : Math.round(spread * initialDelayMs * factor ** (attempt - 1));
    const asked = (error as { retryAfterMs?: unknown } | null | undefined)?.retryAfterMs;
    const least = isNonNegative(asked) ? (asked as number) : 0;
    return Math.min(Math.max(Math.min(grown, maxDelayMs), least), MAX_TIMER_MS);
  }
}
