import type pg from "pg";
import type { Db, PgBoss } from "pg-boss";
import type { Admission, AdmitRequest, SharedLimit } from "../../../batching/shared-limits.ts";
import { runlaneError } from "../../../core/errors/errors.ts";
import type {
  Broker,
  BrokerState,
  OutcomePart,
  RunAbout,
  RunRef,
  RunState,
  ServeOptions,
  Serving,
  SubmittedChunk,
  Work,
  WorkerState,
} from "../../broker.ts";
import { admit } from "./admit.ts";
import type { PgConnection } from "./connection.ts";
import { jobId } from "./job-id.ts";
import { asBuffer, PgServing } from "./pg-serving.ts";
import { CHANNEL, FLUSH, NEW_OUTCOMES, news, PUT_CHUNKS, RUN_STATES, WORKER_STATES } from "./schema.ts";

/** The time between two looks for outcomes when no news of them comes, in milliseconds. */
const LOOK_EVERY_MS = 500;
/** The number of jobs that one statement takes back. */
const SLICE = 1000;

/** The options of a queue of pg-boss: a chunk is run until it is done, however long it takes and how many workers are lost. */
const QUEUE = {
  retryLimit: 1_000_000,
  expireInSeconds: 86_000,
  retentionSeconds: 30 * 86_400,
  deleteAfterSeconds: 7 * 86_400,
};

/**
 * Chunks as jobs of pg-boss in a PostgreSQL database; their bodies and outcomes in tables of Runlane's own beside them. An outcome and the
 * completion of its job are one transaction, fenced by the number of the attempt: a worker that was given up says nothing any more.
 */
export class PgBroker implements Broker {
  private readonly queues = new Map<string, Promise<void>>();
  private readonly servings = new Set<PgServing>();
  /** For each run that is being read, the chunks of which parts were told, with those parts. */
  private readonly toldOf = new Map<string, Map<string, string[]>>();

  constructor(
    readonly name: string,
    private readonly connection: PgConnection,
    private readonly boss: PgBoss,
    private readonly leaseMs: number,
  ) {}

  async begin({ id, queue }: RunRef, about: RunAbout): Promise<void> {
    await this.connection.query(
      "insert into runlane.run (id, queue, about) values ($1, $2, $3) on conflict do nothing",
      [id, queue, JSON.stringify(about)],
    );
  }

  async submit({ id: run, queue }: RunRef, chunks: readonly SubmittedChunk[]): Promise<void> {
    await this.prepare(queue);
    const jobs = chunks.map(({ id, priority = 0 }) => ({
      id: jobId(run, id),
      // Here, a higher number leaves first.
      priority: -priority,
      data: { run, id },
    }));
    const [ids, bodies] = [chunks.map(({ id }) => id), chunks.map(({ body }) => asBuffer(body))];
    const put = { text: PUT_CHUNKS, values: [run, ids, bodies, CHANNEL, news.queue(queue)] };
    const { connection } = this;
    const executeSql = async (text: string, values?: unknown[]): Promise<pg.QueryResult> => {
      // Workers have them when they are committed. They are safe when what was written after them is.
      const [, inserted] = await connection.together([put, { text, values }], connection.quick, [{ text: FLUSH }]);
      return inserted!;
    };
    await this.boss.insert(queue, jobs, { db: { executeSql } });
  }

  async *outcomes(
    { id: run }: RunRef,
    { signal }: { readonly signal: AbortSignal },
  ): AsyncGenerator<readonly OutcomePart[]> {
    const told = this.told(run);
    const { bell } = this.connection;
    try {
      while (!signal.aborted) {
        const { rows } = await this.connection.query(NEW_OUTCOMES, [run, [...told].flatMap(([, keys]) => keys)]);
        for (const { id, part } of rows) told.set(id, [...(told.get(id) ?? []), `${id}/${part}`]);
        if (rows.length > 0) yield rows as OutcomePart[];
        else if (await this.isCancelled(run)) throw runlaneError("RUNLANE_RUN_CANCELLED", { run });
        else await bell.wait(news.run(run), LOOK_EVERY_MS, signal);
      }
    } finally {
      bell.forget(news.run(run));
      this.toldOf.delete(run);
    }
  }

  private told(run: string): Map<string, string[]> {
    let told = this.toldOf.get(run);
    if (told === undefined) {
      told = new Map();
      this.toldOf.set(run, told);
    }
    return told;
  }

  private async isCancelled(run: string): Promise<boolean> {
    const { rowCount } = await this.connection.query("select 1 from runlane.cancelled where run = $1 and chunk = ''", [
      run,
    ]);
    return rowCount! > 0;
  }

  async settle({ id: run, queue }: RunRef, ids: readonly string[]): Promise<void> {
    await this.prepare(queue);
    await this.connection.transaction(async (statements) => {
      await statements("delete from runlane.outcome where run = $1 and id = any($2::text[])", [run, ids]);
      await statements("delete from runlane.chunk where run = $1 and id = any($2::text[])", [run, ids]);
      await this.takeBack(run, queue, ids, { executeSql: statements });
    });
    for (const id of ids) this.toldOf.get(run)?.delete(id);
  }

  async cancel({ id: run, queue }: RunRef, ids?: readonly string[]): Promise<void> {
    await this.prepare(queue);
    await this.connection.transaction(async (statements) => {
      const marks = ids ?? [""];
      const mark = "insert into runlane.cancelled (run, chunk) select $1, unnest($2::text[]) on conflict do nothing";
      await statements(mark, [run, marks]);
      const all = "select id from runlane.chunk where run = $1";
      const taken = ids ?? (await statements(all, [run])).rows.map(({ id }) => id as string);
      await this.takeBack(run, queue, taken, { executeSql: statements });
      await statements("delete from runlane.chunk where run = $1 and id = any($2::text[])", [run, taken]);
      await statements("select pg_notify($1, $2), pg_notify($1, $3)", [CHANNEL, news.queue(queue), news.run(run)]);
    });
  }

  async end(run: RunRef): Promise<void> {
    const { rows } = await this.connection.query("select id from runlane.chunk where run = $1", [run.id]);
    if (rows.length > 0)
      await this.settle(
        run,
        rows.map(({ id }) => id as string),
      );
    await this.connection.query("delete from runlane.run where id = $1", [run.id]);
  }

  async serve(queue: string, work: Work, options: ServeOptions): Promise<Serving> {
    await this.prepare(queue);
    const serving = new PgServing({
      ...options,
      connection: this.connection,
      boss: this.boss,
      leaseMs: this.leaseMs,
      queue,
      work,
    });
    this.servings.add(serving);
    serving.start();
    return serving;
  }

  admit(limit: SharedLimit, request: AdmitRequest): Promise<Admission> {
    return admit(this.connection, this.leaseMs, limit, request);
  }

  async state(): Promise<BrokerState> {
    const runs = await this.connection.query(RUN_STATES);
    const workers = await this.connection.query(WORKER_STATES);
    return { runs: runs.rows.map(runState), workers: workers.rows.map(workerState) };
  }

  async close(): Promise<void> {
    for (const serving of this.servings) serving.abandon();
    await this.boss.stop({ graceful: false, close: false }).catch(() => {});
    await this.connection.close();
  }

  /** Makes a queue where there is none yet. */
  private prepare(queue: string): Promise<void> {
    let made = this.queues.get(queue);
    if (made === undefined) {
      made = this.connection.insist(() =>
        this.boss.createQueue(queue, { ...QUEUE, heartbeatSeconds: this.leaseMs / 1000 }),
      );
      this.queues.set(queue, made);
      made.catch(() => this.queues.delete(queue));
    }
    return made;
  }

  private async takeBack(run: string, queue: string, ids: readonly string[], db: Db): Promise<void> {
    for (let from = 0; from < ids.length; from += SLICE) {
      const jobs = ids.slice(from, from + SLICE).map((id) => jobId(run, id));
      await this.boss.deleteJob(queue, jobs, { db });
    }
  }
}

function workerState({
  chunkMs,
  ...rest
}: Omit<WorkerState, "chunkMs"> & { readonly chunkMs: number | null }): WorkerState {
  return chunkMs === null ? rest : { ...rest, chunkMs };
}

interface RunRow {
  readonly id: string;
  readonly queue: string;
  readonly about: string;
  readonly started: string;
  readonly cancelled: boolean;
  readonly chunks: number;
  readonly finished: number;
}

function runState({ id, queue, about, started, cancelled, chunks, finished }: RunRow): RunState {
  return {
    id,
    queue,
    about: JSON.parse(about),
    startedAt: started,
    isCancelled: cancelled,
    outstanding: chunks - finished,
    finished,
  };
}
