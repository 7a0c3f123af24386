/** The watchdog that `--watch` has started. */
export interface Watchdog {
  /** The figures of the event loop since the last call. */
  readonly heartbeat: () => object;
  stop(): Promise<void>;
}

/** Has holds of the event loop reported on standard error. @param thresholdMs `true` for the usual time; undefined where nobody asks. */
export async function startWatchdog(thresholdMs: number | true | undefined): Promise<Watchdog | undefined> {
  if (thresholdMs === undefined) return undefined;
  const { heartbeat, watch } = await import("../diagnose/watchdog.ts");
  const watchdog = watch(thresholdMs === true ? {} : { thresholdMs });
  await watchdog.ready;
  return { heartbeat, stop: () => watchdog.stop() };
}
