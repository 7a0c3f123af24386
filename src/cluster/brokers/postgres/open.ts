import { runlaneError } from "../../../core/errors/errors.ts";
import { missingPackage } from "../../../core/optional-package.ts";
import type { Broker, BrokerOptions } from "../../broker.ts";
import type { LimitConnection } from "../../limits.ts";
import { Patience } from "../../patience.ts";
import { admit } from "./admit.ts";
import { PgConnection, reasonToWait } from "./connection.ts";
import { PgBroker } from "./pg-broker.ts";
import { CLEAN_UP, IS_SET_UP, JOBS_SCHEMA, SET_UP } from "./schema.ts";

/** The oldest version of a server that has all that pg-boss needs. */
const OLDEST = 13;
const LEAST_LEASE_MS = 10_000;

/**
 * Connects to a PostgreSQL database, and makes the tables where there are none.
 *
 * @throws RUNLANE_MISSING_PACKAGE, RUNLANE_BROKER
 */
export async function openPostgres(url: string, options: BrokerOptions, name = nameOf(url)): Promise<Broker> {
  const { PgBoss } = await import("pg-boss").catch(missingPackage("A broker on PostgreSQL", "pg-boss"));
  const connection = await connectTo(url, options, name);
  const boss = new PgBoss({
    db: { executeSql: (text, values) => connection.pool.query(text, values) },
    schema: JOBS_SCHEMA,
    // Who finds that a worker is lost looks every second, once for all.
    superviseIntervalSeconds: 1,
    monitorIntervalSeconds: 1,
    schedule: false,
  });
  // The statements that fail say so themselves; what pg-boss does by the way is done again.
  boss.on("error", () => {});
  boss.on("warning", () => {});
  await orClose(connection, name, async () => {
    await connection.exclusively(async () => {
      await setUp(connection);
      await boss.start();
    });
    await connection.listen();
    await connection.query(CLEAN_UP);
  });
  return new PgBroker(name, connection, boss, leaseOf(options));
}

/** Connects to the limits of a PostgreSQL database alone, see {@link openPostgres}. */
export async function openPostgresLimits(
  url: string,
  options: BrokerOptions,
  name = nameOf(url),
): Promise<LimitConnection> {
  const connection = await connectTo(url, options, name);
  await orClose(connection, name, () => connection.exclusively(() => setUp(connection)));
  return {
    admit: (limit, request) => admit(connection, leaseOf(options), limit, request),
    close: () => connection.close(),
  };
}

async function connectTo(url: string, { onTrouble }: BrokerOptions, name: string): Promise<PgConnection> {
  const { default: driver } = await import("pg").catch(missingPackage("A broker on PostgreSQL", "pg"));
  await new Patience(reasonStarting, onTrouble)
    .insist(() => check(driver, url))
    .catch((error) => {
      throw unusable(name, error);
    });
  return new PgConnection(driver, url, onTrouble);
}

/** Does something with a connection, which is closed when that fails. */
async function orClose(connection: PgConnection, name: string, run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    await connection.close();
    throw unusable(name, error);
  }
}

function leaseOf({ leaseMs = 0 }: BrokerOptions): number {
  return Math.max(LEAST_LEASE_MS, Math.ceil(leaseMs / 1000) * 1000);
}

/** Only the first of all needs the right to create something. */
async function setUp({ pool }: PgConnection): Promise<void> {
  const { rows } = await pool.query(IS_SET_UP);
  if (rows[0].there !== true) await pool.query(SET_UP);
}

/** The state of a server that will be there in a moment. */
const CANNOT_CONNECT_NOW = "57P03";

function reasonStarting(error: unknown): string | undefined {
  return (error as { code?: unknown } | undefined)?.code === CANNOT_CONNECT_NOW ? (error as Error).message : undefined;
}

/** Looks at the server, before anything waits for it. @throws What makes it unusable. */
async function check(driver: typeof import("pg").default, url: string): Promise<void> {
  const client = new driver.Client({ connectionString: url, connectionTimeoutMillis: LEAST_LEASE_MS });
  client.on("error", () => {});
  try {
    await client.connect();
    const { rows } = await client.query("show server_version_num");
    const version = Math.floor(Number(rows[0].server_version_num) / 10_000);
    if (version < OLDEST) throw new Error(`it is PostgreSQL ${version}, and ${OLDEST} or newer is needed`);
  } finally {
    await client.end().catch(() => {});
  }
}

/** The codes of PostgreSQL in words, for who starts a run. */
const REASONS: Readonly<Record<string, string>> = {
  "28P01": "the password is wrong; put user and password into the URL",
  "28000":
    "the server refuses this user, or wants TLS; add sslmode=verify-full to the URL, or let pg_hba.conf allow it",
  "3D000": "it has no such database; create it first",
  "42501":
    "the user may not create schemas; GRANT CREATE ON DATABASE to it, or open the broker once with a user who may",
  ECONNREFUSED: "nothing listens there",
  ENOTFOUND: "there is no such host",
};

const UNTRUSTED = /certificate|altnames/i;

function unusable(name: string, error: unknown): Error {
  const { code = "", message = String(error) } = (error ?? {}) as { code?: string; message?: string };
  const known = Object.hasOwn(REASONS, code) ? REASONS[code] : undefined;
  const denied = /^permission denied for (?:schema|table|sequence|function) \S+/.exec(message)?.[0];
  const rights =
    denied === undefined
      ? undefined
      : `the user may not use Runlane's tables (${denied}); GRANT it all rights on the schemas runlane and runlane_jobs, and on their tables`;
  const untrusted = UNTRUSTED.test(message)
    ? `its certificate is not trusted here (${message}); name the file of its authority in NODE_EXTRA_CA_CERTS`
    : undefined;
  const tls = /does not support SSL/.test(message)
    ? "it speaks no TLS; leave sslmode out of the URL, or set TLS up there"
    : undefined;
  const reason = rights ?? known ?? tls ?? untrusted ?? (message || code).replace(/\.$/, "");
  const isGone = reasonToWait(error) !== undefined;
  return runlaneError(
    isGone ? "RUNLANE_BROKER_UNREACHABLE" : "RUNLANE_BROKER",
    { broker: name, reason },
    { cause: error },
  );
}

function nameOf(url: string): string {
  const { hostname, port } = new URL(url);
  return `PostgreSQL at ${hostname || "localhost"}${port === "" ? "" : `:${port}`}`;
}
