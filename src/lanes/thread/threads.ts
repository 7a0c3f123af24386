import type { Lane } from "../lane.ts";
import { Pool } from "../pool/pool.ts";
import type { PoolSettings } from "../pool/pool-options.ts";
import { ThreadTransport } from "./thread-transport.ts";

/** A pool of worker threads. They start when the first call needs them, and none of them keeps this process alive. */
export function threadPool(settings: PoolSettings): Lane {
  return new Pool("thread", new ThreadTransport(settings), settings);
}
