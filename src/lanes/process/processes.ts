import type { Lane } from "../lane.ts";
import { availableCores } from "../platform.ts";
import { Pool } from "../pool.ts";
import { type PoolOptions, poolSettings } from "../pool-options.ts";
import { ProcessTransport } from "./process-transport.ts";

/**
 * A pool of child processes of one's own: for native code that may crash, and for heaps that must not share a limit. They start
 * when the first call needs them, none of them keeps this process alive, and they end with it.
 *
 * @throws RUNLANE_INVALID_OPTION
 * @example
 * ```ts
 * await using lane = processes({ max: 2, resourceLimits: { maxOldGenerationSizeMb: 512 } });
 * ```
 */
export function processes(options: PoolOptions = {}): Lane {
  const settings = poolSettings("processes", options, availableCores());
  return new Pool("process", new ProcessTransport(settings), settings);
}
