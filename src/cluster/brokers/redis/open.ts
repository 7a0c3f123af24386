import type { Redis, RedisOptions } from "ioredis";
import { runlaneError } from "../../../core/errors/errors.ts";
import { missingPackage } from "../../../core/optional-package.ts";
import type { Broker, BrokerOptions } from "../../broker.ts";
import type { LimitConnection } from "../../limits.ts";
import { admit } from "./admit.ts";
import { RedisBroker } from "./redis-broker.ts";

/** The oldest version of a server that has all commands of BullMQ. */
const OLDEST = [6, 2] as const;
const LEASE_MS = 10_000;
const LONGEST_DELAY_MS = 2000;

type Driver = Pick<typeof import("ioredis"), "Redis">;

/**
 * Connects to Redis or Valkey.
 *
 * @param url `redis://user:password@host:6379/0`, or `rediss://` for TLS. With `?aof=no` a server is taken that loses what it has when it is
 *   killed: runs then submit again what was lost, later.
 * @throws RUNLANE_MISSING_PACKAGE, RUNLANE_BROKER
 */
export async function openRedis(url: string, options: BrokerOptions): Promise<Broker> {
  const engine = await import("bullmq").catch(missingPackage("A broker on Redis", "bullmq"));
  const { name, connect, redis } = await connectTo(url, options);
  return new RedisBroker(name, engine, redis, connect, options.leaseMs ?? LEASE_MS);
}

/** Connects to the limits of Redis or Valkey alone, see {@link openRedis}. */
export async function openRedisLimits(url: string, options: BrokerOptions): Promise<LimitConnection> {
  const { redis } = await connectTo(url, options);
  return {
    admit: (limit, request) => admit(redis, options.leaseMs ?? LEASE_MS, limit, request),
    close: async () => redis.disconnect(),
  };
}

interface Connected {
  readonly name: string;
  readonly redis: Redis;
  /** Opens another connection. */
  readonly connect: () => Redis;
}

async function connectTo(url: string, options: BrokerOptions): Promise<Connected> {
  const driver = await import("ioredis").catch(missingPackage("A broker on Redis", "ioredis"));
  const address = new URL(url);
  const mayLose = address.searchParams.get("aof") === "no";
  address.searchParams.delete("aof");
  const name = `Redis at ${address.hostname}:${address.port || 6379}`;
  await check(driver, address.href, name, mayLose);
  const connect = (): Redis =>
    open(driver, address.href, {
      maxRetriesPerRequest: null,
      retryStrategy: (times) => Math.min(times * 100, LONGEST_DELAY_MS),
    });
  const redis = connect();
  tellTrouble(redis, options.onTrouble);
  return { name, redis, connect };
}

function open({ Redis: Client }: Driver, url: string, options: RedisOptions): Redis {
  const redis = new Client(url, options);
  // What goes wrong is told by commands that fail, or is waited for.
  redis.on("error", () => {});
  return redis;
}

function tellTrouble(redis: Redis, onTrouble: BrokerOptions["onTrouble"]): void {
  let isTroubled = false;
  let reason = "the connection was closed";
  redis.on("error", (error: Error) => {
    reason = error.message || reason;
  });
  redis.on("reconnecting", () => {
    if (!isTroubled) onTrouble?.(reason);
    isTroubled = true;
  });
  redis.on("ready", () => {
    if (isTroubled) onTrouble?.(undefined);
    isTroubled = false;
  });
}

/** Looks at the server once, before anything is submitted. @throws RUNLANE_BROKER */
async function check(driver: Driver, url: string, name: string, mayLose: boolean): Promise<void> {
  const redis = open(driver, url, {
    lazyConnect: true,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    connectTimeout: 10_000,
  });
  let reason: string | undefined;
  redis.on("error", (error: Error) => {
    reason = error.message;
  });
  try {
    await redis.connect();
    const problem = problemOf(await redis.info(), mayLose);
    if (problem !== undefined) throw new Error(problem);
  } catch (error) {
    const said = reason ?? (error as Error).message;
    const code = GONE.test(said) ? "RUNLANE_BROKER_UNREACHABLE" : "RUNLANE_BROKER";
    const isTls = url.startsWith("rediss:");
    throw runlaneError(code, { broker: name, reason: explain(said, isTls) }, { cause: error });
  } finally {
    redis.disconnect();
  }
}

/** The problem of a server, by its own account; undefined when there is none. */
export function problemOf(info: string, mayLose: boolean): string | undefined {
  const field = (name: string): string | undefined => new RegExp(`^${name}:(.*)$`, "m").exec(info)?.[1]?.trim();
  const version = field("valkey_version") === undefined ? field("redis_version") : undefined;
  const [major = 99, minor = 0] = (version ?? "99").split(".").map(Number);
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]))
    return `it is Redis ${version}, and ${OLDEST.join(".")} or newer is needed`;
  const policy = field("maxmemory_policy");
  if (policy !== undefined && policy !== "noeviction")
    return `it throws keys away when it is full (maxmemory-policy ${policy}); CONFIG SET maxmemory-policy noeviction`;
  if (!mayLose && field("aof_enabled") === "0")
    return "it loses what it has when it is killed (appendonly no); CONFIG SET appendonly yes, or add ?aof=no to the URL to live with that";
  if (field("role") === "slave") return "it is a replica, which takes no writes; use the address of its primary";
  return undefined;
}

/** The messages of errors that will pass: a server that is not up yet, a network that is down. */
const GONE = /ECONNREFUSED|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN|LOADING/;

/** The message of a client of Redis in words, for who starts a run. */
function explain(message: string, isTls: boolean): string {
  if (/WRONGPASS/.test(message))
    return "user or password is wrong; put them into the URL, as redis://user:password@host";
  if (/NOAUTH/.test(message)) return "it wants a password; put it into the URL, as redis://:password@host";
  if (/NOPERM/.test(message))
    return `the user may not do everything that is needed (${message}); allow it all commands on keys runlane:*`;
  if (/ECONNREFUSED/.test(message)) return "nothing listens there";
  if (/ENOTFOUND|EAI_AGAIN/.test(message)) return "there is no such host";
  if (/ETIMEDOUT/.test(message) && isTls)
    return "nothing answers there in TLS; if the server is up and speaks none, use redis:// instead of rediss://";
  if (/certificate|altnames/i.test(message))
    return `its certificate is not trusted here (${message}); name the file of its authority in NODE_EXTRA_CA_CERTS`;
  if (/wrong version number|packet length too long|SSL routines/i.test(message))
    return "it speaks no TLS; use redis:// instead of rediss://";
  if (/Connection is closed|ECONNRESET/.test(message))
    return "it closes the connection at once; if it wants TLS, use rediss:// instead of redis://";
  return message.replace(/\.$/, "");
}
