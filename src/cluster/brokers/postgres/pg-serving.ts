import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type pg from "pg";
import type { Db, Job, PgBoss } from "pg-boss";
import type { Bytes, Serving, Work } from "../../broker.ts";
import type { PgConnection } from "./connection.ts";
import { CHANNEL, news, PUT_OUTCOME, PUT_WORKER, withBodies } from "./schema.ts";

/** The time between two looks for chunks when no news of them comes, in milliseconds. */
const LOOK_EVERY_MS = 1000;
/** The time between two reports of a worker, in milliseconds. */
const TELL_EVERY_MS = 5000;

export interface PgServingOptions {
  readonly connection: PgConnection;
  readonly boss: PgBoss;
  readonly queue: string;
  readonly work: Work;
  readonly concurrency: number;
  readonly chunkMs?: (() => number | undefined) | undefined;
  readonly leaseMs: number;
}

/** A job, and the body of its chunk where that is still there. */
type ChunkJob = Job<{ readonly run: string; readonly id: string }> & { readonly body: Bytes | null };

interface InHand {
  readonly job: ChunkJob;
  readonly stop: AbortController;
}

/** Takes chunks of one queue as long as there is room for them, and keeps their leases. */
export class PgServing implements Serving {
  private readonly options: PgServingOptions;
  private readonly id = randomUUID();
  private readonly inHand = new Map<string, InHand>();
  private readonly timers: NodeJS.Timeout[] = [];
  private isStopping = false;
  private isAbandoned = false;
  private taking: Promise<void> | undefined;

  constructor(options: PgServingOptions) {
    this.options = options;
  }

  /** What is lost of it with a server that is killed is found by the lease: the chunk runs again. */
  private get db(): Db {
    return { executeSql: (text, values) => this.options.connection.quick.query(text, values) };
  }

  get running(): number {
    return this.inHand.size;
  }

  start(): void {
    const { leaseMs } = this.options;
    this.timers.push(
      setInterval(() => void this.keepLeases().catch(() => {}), leaseMs / 4),
      setInterval(() => void this.tell().catch(() => {}), TELL_EVERY_MS),
    );
    void this.tell().catch(() => {});
    this.taking = this.take();
  }

  async stop(): Promise<void> {
    this.isStopping = true;
    this.wake();
    await this.taking;
    this.end();
    await this.options.connection.pool.query("delete from runlane.worker where id = $1", [this.id]).catch(() => {});
  }

  /** Gives chunks in hand up, because the connection is closed: they go to others. */
  abandon(): void {
    this.isStopping = true;
    this.isAbandoned = true;
    for (const { stop } of this.inHand.values()) stop.abort(new Error("The worker was closed."));
    this.end();
    this.wake();
  }

  private end(): void {
    for (const timer of this.timers) clearInterval(timer);
  }

  private wake(): void {
    this.options.connection.bell.ring(news.queue(this.options.queue));
  }

  private async take(): Promise<void> {
    const { connection, queue, concurrency } = this.options;
    const name = news.queue(queue);
    while (!this.isAbandoned && !(this.isStopping && this.inHand.size === 0)) {
      const room = this.isStopping ? 0 : concurrency - this.inHand.size;
      // What cannot be had now is there at the next look.
      const count = room > 0 ? await this.fetch(room).catch(() => 0) : 0;
      // Where there was less than there is room for, nothing is left.
      if (count < room || room === 0) await connection.bell.wait(name, LOOK_EVERY_MS);
    }
    connection.bell.forget(name);
  }

  /** Begins with so many chunks at most. Returns with how many. */
  private async fetch(room: number): Promise<number> {
    const { connection, boss, queue } = this.options;
    const executeSql: Db["executeSql"] = (text, values) => connection.quick.query(withBodies(text), values);
    const jobs = await connection.insist(() => boss.fetch(queue, { batchSize: room, db: { executeSql } }));
    // They are in hand from now on: their leases run.
    for (const job of jobs as ChunkJob[]) {
      const hand = { job, stop: new AbortController() };
      this.inHand.set(job.id, hand);
      void this.run(hand);
    }
    return jobs.length;
  }

  private async run({ job, stop }: InHand): Promise<void> {
    const { body } = job;
    try {
      // Without one it has been settled, or its run is over.
      const parts =
        body === null
          ? []
          : await this.options.work({ ...job.data, body, attempt: job.retryCount + 1, signal: stop.signal });
      if (!stop.signal.aborted) await this.complete(job, parts);
    } catch (error) {
      if (!this.isAbandoned) await this.putBack(job, error);
    } finally {
      this.inHand.delete(job.id);
      this.wake();
    }
  }

  /** The outcome and the completion at once: an attempt that was given up meanwhile leaves neither. */
  private async complete({ id, retryCount, data }: ChunkJob, parts: readonly Bytes[]): Promise<void> {
    const { connection, boss, queue } = this.options;
    const outcome = [data.run, data.id, parts.map(asBuffer), CHANNEL, news.run(data.run)];
    const put = { text: PUT_OUTCOME, values: [...outcome, queue, id, retryCount] };
    const executeSql = async (text: string, values?: unknown[]): Promise<pg.QueryResult> => {
      const [done] = await connection.together([{ text, values }, put], connection.quick);
      return done!;
    };
    await boss.complete(queue, { id, retryCount }, null, { db: { executeSql } });
  }

  private async putBack({ id, retryCount }: ChunkJob, error: unknown): Promise<void> {
    const { connection, boss, queue } = this.options;
    const why = { message: error instanceof Error ? error.message : String(error) };
    await connection.insist(() => boss.fail(queue, { id, retryCount }, why)).catch(() => {});
  }

  /** Chunks that were cancelled are told so, and the others are kept. */
  private async keepLeases(): Promise<void> {
    const { connection, boss, queue } = this.options;
    const hands = [...this.inHand.values()];
    if (hands.length === 0) return;
    await boss.touch(
      queue,
      hands.map(({ job: { id, retryCount } }) => ({ id, retryCount })),
      { db: this.db },
    );
    const { rows } = await connection.pool.query(
      "select run, chunk from runlane.cancelled where run = any($1::text[])",
      [hands.map(({ job }) => job.data.run)],
    );
    const cancelled = new Set(rows.map(({ run, chunk }) => `${run}/${chunk}`));
    for (const { job, stop } of hands)
      if (cancelled.has(`${job.data.run}/`) || cancelled.has(keyOf(job)))
        stop.abort(new Error("The run was cancelled."));
  }

  private async tell(): Promise<void> {
    const { connection, queue, concurrency, chunkMs } = this.options;
    const figures = [concurrency, this.inHand.size, chunkMs?.() ?? null];
    await connection.quick.query(PUT_WORKER, [this.id, queue, hostname(), process.pid, ...figures]);
  }
}

function keyOf({ data }: ChunkJob): string {
  return `${data.run}/${data.id}`;
}

/** The driver takes bytes as Buffers only. */
export function asBuffer({ buffer, byteOffset, byteLength }: Bytes): Buffer {
  return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
}
