import { sharedLimits } from "../batching/shared-limits.ts";
import { describe, runlaneError } from "../core/errors/errors.ts";
import type { Broker, BrokerOptions } from "./broker.ts";
import { openLimitKeeper } from "./limit-keeper.ts";
import type { LimitConnection } from "./limits.ts";

/** An engine: how its brokers are opened, and connections that serve for limits alone. */
interface Engine {
  open(url: string, options: BrokerOptions): Promise<Broker>;
  openLimits(url: string, options: BrokerOptions): Promise<LimitConnection>;
}

const postgres: Engine = {
  open: async (...given) => (await import("./brokers/postgres/open.ts")).openPostgres(...given),
  openLimits: async (...given) => (await import("./brokers/postgres/open.ts")).openPostgresLimits(...given),
};
const redis: Engine = {
  open: async (...given) => (await import("./brokers/redis/open.ts")).openRedis(...given),
  openLimits: async (...given) => (await import("./brokers/redis/open.ts")).openRedisLimits(...given),
};
const embedded: Engine = {
  open: async (...given) => (await import("./brokers/embedded/open.ts")).openEmbedded(...given),
  openLimits: async (...given) => (await import("./brokers/embedded/open.ts")).openEmbeddedLimits(...given),
};

/** The brokers, by the schemes of their URLs. None of them is loaded before it is used, nor are the packages that it needs. */
const BROKERS: Readonly<Record<string, Engine>> = {
  "postgres:": postgres,
  "postgresql:": postgres,
  "redis:": redis,
  "rediss:": redis,
  "embedded:": embedded,
};

// Whoever imports this has limits that machines share.
sharedLimits.open = (broker) =>
  openLimitKeeper(brokerUrl(broker), (url, options) => engineOf(url).openLimits(url, options));

/**
 * Connects to a broker.
 *
 * @param url `redis://user:password@host:6379` or `rediss://` for Redis and Valkey, `postgres://user:password@host:5432/database`, or
 * `embedded:` for a database that is started in the folder of the project.
 * @throws RUNLANE_BROKER_URL, RUNLANE_BROKER, RUNLANE_MISSING_PACKAGE
 * @example
 * <!-- no-run: it starts a database -->
 * ```ts
 * import { openBroker } from "runlane/cluster";
 *
 * const broker = await openBroker("embedded:");
 * console.log((await broker.state()).workers.length); // 0
 * await broker.close();
 * ```
 */
export async function openBroker(url: string, options: BrokerOptions = {}): Promise<Broker> {
  return await engineOf(url).open(url, options);
}

/** The URL of the broker: the one that is given, that of RUNLANE_BROKER, or the embedded one. */
export function brokerUrl(given: string | undefined): string {
  return given ?? process.env.RUNLANE_BROKER ?? "embedded:";
}

/** @throws RUNLANE_BROKER_URL */
function engineOf(url: string): Engine {
  const scheme = typeof url === "string" && URL.canParse(url) ? new URL(url).protocol : "";
  const engine = Object.hasOwn(BROKERS, scheme) ? BROKERS[scheme] : undefined;
  if (engine === undefined) throw runlaneError("RUNLANE_BROKER_URL", { received: withoutPassword(url) });
  return engine;
}

/** A URL as messages may show it, without its password. */
function withoutPassword(url: unknown): string {
  return describe(typeof url === "string" ? url.replace(/:\/\/[^@/]*@/, "://") : url);
}
