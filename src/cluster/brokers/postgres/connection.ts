import type pg from "pg";
import { Bell } from "../../bell.ts";
import { Patience } from "../../patience.ts";
import { CHANNEL, LOCK } from "./schema.ts";

/** The driver, which is loaded lazily. */
export type Driver = typeof pg;

/** The time in milliseconds after which a statement counts as lost: a network that drops packets says nothing. */
const STATEMENT_MS = 30_000;
const CONNECT_MS = 10_000;
const LISTEN_AGAIN_MS = 1000;

/** A statement with the values of its parameters. */
export interface Statement {
  readonly text: string;
  readonly values?: unknown[] | undefined;
}

/** Runs statements in one transaction. */
export type Statements = (text: string, values?: unknown[]) => Promise<pg.QueryResult>;

/** Connections to one database: statements that wait until the database is there, and news from others. */
export class PgConnection {
  /** Rings for the news of {@link CHANNEL}. */
  readonly bell = new Bell();
  readonly pool: pg.Pool;
  /** Connections whose commits do not wait for the disk: for what is done again when a server that was killed has lost it. */
  readonly quick: pg.Pool;
  private readonly patience: Patience;
  private listener: pg.Client | undefined;

  constructor(
    private readonly driver: Driver,
    private readonly url: string,
    onTrouble: ((reason: string | undefined) => void) | undefined,
  ) {
    this.pool = this.newPool();
    this.quick = this.newPool("set synchronous_commit = off");
    this.patience = new Patience(reasonToWait, onTrouble);
  }

  /** Does something once the database can be reached. It may be done several times until it is known to have happened. */
  insist<T>(attempt: () => Promise<T>): Promise<T> {
    return this.patience.insist(attempt);
  }

  /** One statement, see {@link insist}. */
  query(text: string, values?: unknown[]): Promise<pg.QueryResult> {
    return this.insist(() => this.pool.query(text, values));
  }

  /** Statements that happen together or not at all, see {@link insist}. */
  transaction<T>(run: (statements: Statements) => Promise<T>, pool = this.pool): Promise<T> {
    return this.insist(async () => {
      const client = await pool.connect();
      let failure: Error | undefined;
      const onError = (error: Error): void => {
        failure = error;
      };
      client.on("error", onError);
      try {
        await client.query("begin");
        const value = await run((text, values) => client.query(text, values));
        await client.query("commit");
        return value;
      } catch (error) {
        failure = error as Error;
        throw error;
      } finally {
        client.off("error", onError);
        // A connection with a transaction that failed is not worth keeping.
        client.release(failure);
      }
    });
  }

  /**
   * Statements that are known beforehand and happen together or not at all, see {@link insist}. They take one way to the server and back, where
   * the driver can pipeline.
   *
   * @param after Runs when they are committed, over the same connection.
   */
  together(
    statements: readonly Statement[],
    pool: pg.Pool,
    after: readonly Statement[] = [],
  ): Promise<pg.QueryResult[]> {
    return this.insist(async () => {
      const client = await pool.connect();
      let failure: Error | undefined;
      const onError = (error: Error): void => {
        failure = error;
      };
      client.on("error", onError);
      try {
        const results = await inOrder(client, [{ text: "begin" }, ...statements, { text: "commit" }, ...after]);
        return results.slice(1, 1 + statements.length);
      } catch (error) {
        failure = error as Error;
        throw error;
      } finally {
        client.off("error", onError);
        client.release(failure);
      }
    });
  }

  /** Does something that only one at a time may do, of all who use the database. */
  exclusively<T>(run: () => Promise<T>): Promise<T> {
    return this.insist(async () => {
      const client = await this.pool.connect();
      try {
        await client.query("select pg_advisory_lock($1)", [LOCK]);
        return await run();
      } finally {
        // The lock goes with its connection.
        client.release(true);
      }
    });
  }

  /** Begins to listen for news. Without them everything is found by looking, only later. */
  async listen(): Promise<void> {
    if (this.patience.signal.aborted) return;
    const listener = new this.driver.Client(this.options);
    this.listener = listener;
    let isOver = false;
    const again = (): void => {
      if (isOver) return;
      isOver = true;
      void listener.end().catch(() => {});
      if (!this.patience.signal.aborted) setTimeout(() => void this.listen(), LISTEN_AGAIN_MS).unref();
    };
    listener.on("error", again).on("end", again);
    listener.on("notification", ({ payload = "" }) => this.bell.ring(payload));
    try {
      await listener.connect();
      await listener.query(`listen ${CHANNEL}`);
      this.bell.ringAll();
    } catch {
      again();
    }
  }

  /** Statements that are on their way are finished, and none is tried again. */
  async close(): Promise<void> {
    this.patience.end();
    this.bell.ringAll();
    await Promise.allSettled([this.listener?.end(), this.pool.end(), this.quick.end()]);
  }

  /** @param first What each connection begins with. */
  private newPool(first?: string): pg.Pool {
    const onConnect =
      first === undefined ? undefined : async (client: pg.ClientBase) => void (await client.query(first));
    const pool = new this.driver.Pool({ ...this.options, max: 6, query_timeout: STATEMENT_MS, onConnect });
    // A connection that breaks while nobody uses it is replaced when somebody needs one.
    return pool.on("error", () => {});
  }

  private get options(): pg.ClientConfig {
    return {
      connectionString: this.url,
      application_name: "runlane",
      connectionTimeoutMillis: CONNECT_MS,
      keepAlive: true,
      ...PIPELINED,
    };
  }
}

/** Statements are sent without waiting for those before them. Drivers that cannot do that ignore it. */
const PIPELINED = { pipeline: true };

/** Runs statements one after the other. @throws The error of the first that fails, which is why the others do */
async function inOrder(client: pg.ClientBase, statements: readonly Statement[]): Promise<pg.QueryResult[]> {
  if ((client as { pipeline?: unknown }).pipeline === true)
    return await Promise.all(statements.map(({ text, values }) => client.query(text, values)));
  const results: pg.QueryResult[] = [];
  for (const { text, values } of statements) results.push(await client.query(text, values));
  return results;
}

/** The server is starting or ending, or has no connection left; two transactions met. */
const PASSING = /^(?:08...|57P0[1-5]|53300|40001|40P01)$/;
const NETWORK = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EAI_AGAIN",
  "ENOENT",
]);
/** The driver's messages, without a code, of a lost connection. */
const LOST =
  /Connection terminated|connection timeout|timeout exceeded|Query read timeout|Client has encountered a connection error|not queryable/i;

/** The reason why an error will pass; undefined for one that will not. */
export function reasonToWait(error: unknown): string | undefined {
  const code = String((error as { code?: unknown } | undefined)?.code ?? "");
  const message = error instanceof Error ? error.message || code : String(error);
  return PASSING.test(code) || NETWORK.has(code) || LOST.test(message) ? message : undefined;
}
