import { describe, runlaneError } from "../core/errors/errors.ts";
import type { Broker, BrokerOptions } from "./broker.ts";

type Open = (url: string, options: BrokerOptions) => Promise<Broker>;

const postgres: Open = async (...given) => (await import("./brokers/postgres/open.ts")).openPostgres(...given);
const redis: Open = async (...given) => (await import("./brokers/redis/open.ts")).openRedis(...given);
const embedded: Open = async (...given) => (await import("./brokers/embedded/open.ts")).openEmbedded(...given);

/** The brokers, by the schemes of their URLs. None of them is loaded before it is used, nor are the packages that it needs. */
const BROKERS: Readonly<Record<string, Open>> = {
  "postgres:": postgres,
  "postgresql:": postgres,
  "redis:": redis,
  "rediss:": redis,
  "embedded:": embedded,
};

/**
 * Connects to a broker.
 *
 * @param url `redis://user:password@host:6379` or `rediss://` for Redis and Valkey, `postgres://user:password@host:5432/database`, or
 * `embedded:` for a database that is started in the folder of the project.
 * @throws RUNLANE_BROKER_URL, RUNLANE_BROKER, RUNLANE_MISSING_PACKAGE
 * @example <!-- no-run: it starts a database -->
 * ```ts
 * import { openBroker } from "runlane/cluster";
 *
 * const broker = await openBroker("embedded:");
 * console.log((await broker.state()).workers.length); // 0
 * await broker.close();
 * ```
 */
export async function openBroker(url: string, options: BrokerOptions = {}): Promise<Broker> {
  const scheme = typeof url === "string" && URL.canParse(url) ? new URL(url).protocol : "";
  const open = Object.hasOwn(BROKERS, scheme) ? BROKERS[scheme] : undefined;
  if (open === undefined) throw runlaneError("RUNLANE_BROKER_URL", { received: withoutPassword(url) });
  return await open(url, options);
}

/** A URL as messages may show it, without its password. */
function withoutPassword(url: unknown): string {
  return describe(typeof url === "string" ? url.replace(/:\/\/[^@/]*@/, "://") : url);
}
