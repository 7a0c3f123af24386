import type { Lane } from "../lane.ts";
import { availableCores } from "../platform.ts";
import { Pool } from "../pool.ts";
import { type PoolOptions, poolSettings } from "../pool-options.ts";
import { ThreadTransport } from "./thread-transport.ts";

/**
 * A pool of worker threads of one's own. Threads start when the first call needs them, and none of them keeps the process alive.
 *
 * @throws RUNLANE_INVALID_OPTION
 * @example
 * ```ts
 * await using lane = threads({ max: 4, maxInputsPerWorker: 100_000 });
 * ```
 */
export function threads(options: PoolOptions = {}): Lane {
  const settings = poolSettings("threads", options, availableCores());
  return new Pool("thread", new ThreadTransport(settings), settings);
}
