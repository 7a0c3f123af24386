import { invalidOption } from "../../core/errors/errors.ts";

/** The options of `"auto"`, the lane of steps that have no other. */
export interface AutoOptions {
  /** A sync step moves to threads when its inputs take longer than this, in milliseconds. @default 1 */
  readonly thresholdMs?: number;
}

/** The options of `configure`: they hold for all of Runlane in this process. */
export interface RunlaneOptions {
  /** Whether sync steps may move to threads by themselves, and when. @default true */
  readonly auto?: boolean | AutoOptions;
}

const DEFAULT_THRESHOLD_MS = 1;

/** The settings that hold now. */
export const auto = {
  /** Whether steps may move. */
  enabled: true,
  thresholdMs: DEFAULT_THRESHOLD_MS,
};

/**
 * Changes the settings of Runlane in this process. Options that are left out keep their values.
 *
 * @param options `auto: false` keeps steps without a lane on the event loop; `true` lets them move again.
 * @throws RUNLANE_INVALID_OPTION
 * @example
 * ```ts
 * import { configure } from "runlane";
 *
 * configure({ auto: { thresholdMs: 5 } });
 * configure({ auto: false });
 * ```
 */
export function configure(options: RunlaneOptions): void {
  const { auto: choice } = options;
  if (choice === undefined) return;
  if (typeof choice === "boolean") {
    auto.enabled = choice;
    auto.thresholdMs = DEFAULT_THRESHOLD_MS;
    return;
  }
  if (typeof choice !== "object" || choice === null)
    throw invalidOption("configure", "auto", "true, false or an object with thresholdMs", choice);
  const { thresholdMs = DEFAULT_THRESHOLD_MS } = choice;
  if (typeof thresholdMs !== "number" || !(thresholdMs > 0))
    throw invalidOption("configure", "auto.thresholdMs", "a number of milliseconds above 0", thresholdMs);
  auto.enabled = true;
  auto.thresholdMs = thresholdMs;
}
