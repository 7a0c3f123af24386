import type { Lane } from "../lane.ts";
import { usesWebWorkers } from "../platform.ts";
import { Pool } from "../pool/pool.ts";
import type { PoolSettings } from "../pool/pool-options.ts";
import { WebTransport } from "../web/web-transport.ts";
import { ThreadTransport } from "./thread-transport.ts";

/** A pool of worker threads, or of web workers in a browser. They start when the first call needs them, and none of them keeps this process alive. */
export function threadPool(settings: PoolSettings): Lane {
  const transport = usesWebWorkers() ? new WebTransport() : new ThreadTransport(settings);
  return new Pool("thread", transport, settings);
}
