import type { Lane } from "../lane.ts";
import { Pool } from "../pool/pool.ts";
import type { PoolSettings } from "../pool/pool-options.ts";
import { ProcessTransport } from "./process-transport.ts";

/** A pool of child processes. They start when the first call needs them, and none of them keeps this process alive. */
export function processPool(settings: PoolSettings): Lane {
  return new Pool("process", new ProcessTransport(settings), settings);
}
