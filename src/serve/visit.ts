import type { Client } from "./options.ts";
import type { Exchange } from "./transport/exchange.ts";

/** One request that has been let in: its client and its exchange. */
export interface Visit {
  readonly exchange: Exchange;
  readonly client: Client;
  /** The config that the path brings, on LangServe's `/c/{hash}/` paths. */
  readonly pathConfig: unknown;
}
