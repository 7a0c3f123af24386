import type { Queue, Worker } from "bullmq";
import type { Redis } from "ioredis";
import type { Admission, AdmitRequest, SharedLimit } from "../../../batching/shared-limits.ts";
import { runlaneError } from "../../../core/errors/errors.ts";
import type {
  Broker,
  BrokerState,
  Bytes,
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
import { JOBS_PREFIX, jobId, keys } from "./keys.ts";
import { asBuffer, RedisServing } from "./redis-serving.ts";

/** The part of BullMQ that is used. */
export interface Engine {
  readonly Queue: typeof Queue;
  readonly Worker: typeof Worker;
}

/** The time that a read waits for news of its stream, in milliseconds. */
const BLOCK_MS = 1000;
/** The number of entries that are read at once; an entry has a megabyte, as a rule. */
const READ_COUNT = 16;
/** The time in seconds after which keys are dropped that nobody settles or ends. */
const FORGET_S = 7 * 86_400;
const CANCELLED_S = 2 * 86_400;

/** A body of so many bytes stands in its job as well, so that a worker need not ask for it: a call on its own is there sooner. */
const INLINE_BYTES = 2048;

/** The options of a job: it is run until it is done, however often that fails and however many workers are lost. */
const JOB = { attempts: 1_000_000, removeOnComplete: { age: FORGET_S }, removeOnFail: { age: FORGET_S } };

/**
 * Chunks as jobs of BullMQ in Redis or Valkey. Bodies and outcomes are keys of Runlane's own beside them, because jobs are JSON, and because
 * the events of a queue are read by all who listen. An outcome is there before its job is done: a worker that is lost in between leaves two.
 */
export class RedisBroker implements Broker {
  private readonly queues = new Map<string, Queue>();
  private readonly servings = new Set<RedisServing>();
  private readonly readers = new Set<Redis>();
  /** For each run that was read, the entries of its stream by chunk. */
  private readonly entriesOf = new Map<string, Map<string, string[]>>();
  private isClosed = false;

  /** @param connect Opens another connection. */
  constructor(
    readonly name: string,
    private readonly engine: Engine,
    private readonly redis: Redis,
    private readonly connect: () => Redis,
    private readonly leaseMs: number,
  ) {}

  async begin({ id, queue }: RunRef, about: RunAbout): Promise<void> {
    const [seconds] = await this.redis.time();
    const startedAt = new Date(Number(seconds) * 1000).toISOString();
    const note = JSON.stringify({ queue, about, startedAt });
    await this.redis.multi().set(keys.run(id), note, "EX", FORGET_S, "NX").sadd(keys.runs, id).exec();
  }

  async submit({ id: run, queue }: RunRef, chunks: readonly SubmittedChunk[]): Promise<void> {
    const bodies = this.redis.multi();
    for (const { id, body } of chunks) bodies.hsetnx(keys.bodies(run), id, asBuffer(body));
    bodies.expire(keys.bodies(run), FORGET_S);
    // They go out on one connection, the bodies first. A job whose body did not get there is dropped by who takes it.
    const stored = bodies.exec();
    const added = this.queue(queue).addBulk(
      chunks.map(({ id, body, priority }) => ({
        name: "chunk",
        data: { run, id, ...(body.byteLength <= INLINE_BYTES && { body: asBuffer(body).toString("base64") }) },
        opts: { ...JOB, jobId: jobId(run, id), ...(priority !== undefined && priority > 0 && { priority }) },
      })),
    );
    await Promise.all([stored, added]);
  }

  async *outcomes(
    { id: run }: RunRef,
    { signal }: { readonly signal: AbortSignal },
  ): AsyncGenerator<readonly OutcomePart[]> {
    const reader = this.connect();
    this.readers.add(reader);
    const entries = this.entriesOf.get(run) ?? new Map<string, string[]>();
    this.entriesOf.set(run, entries);
    const leave = (): void => reader.disconnect();
    signal.addEventListener("abort", leave, { once: true });
    try {
      for (let last = "0"; !signal.aborted && !this.isClosed; ) {
        const found = await reader
          .xreadBuffer("COUNT", READ_COUNT, "BLOCK", BLOCK_MS, "STREAMS", keys.outcomes(run), last)
          .catch(() => null);
        const read = entriesIn(found);
        for (const { entry, part } of read) {
          last = entry;
          entries.set(part.id, [...(entries.get(part.id) ?? []), entry]);
        }
        if (read.length > 0) yield read.map(({ part }) => part);
        else if (await this.isCancelled(run)) throw runlaneError("RUNLANE_RUN_CANCELLED", { run });
      }
    } finally {
      signal.removeEventListener("abort", leave);
      this.readers.delete(reader);
      reader.disconnect();
    }
  }

  private async isCancelled(run: string): Promise<boolean> {
    return !this.isClosed && (await this.redis.sismember(keys.cancelled(run), "")) === 1;
  }

  async settle({ id: run, queue }: RunRef, ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    const known = this.entriesOf.get(run);
    const entries = ids.flatMap((id) => known?.get(id) ?? []);
    const forget = this.redis.multi();
    if (entries.length > 0) forget.xdel(keys.outcomes(run), ...entries);
    forget.hdel(keys.bodies(run), ...ids).srem(keys.finished(run), ...ids);
    await forget.exec();
    for (const id of ids) known?.delete(id);
    await this.removeJobs(run, queue, ids);
  }

  async cancel({ id: run, queue }: RunRef, ids?: readonly string[]): Promise<void> {
    await this.redis
      .multi()
      .sadd(keys.cancelled(run), ...(ids ?? [""]))
      .expire(keys.cancelled(run), CANCELLED_S)
      .exec();
    const taken = ids ?? (await this.redis.hkeys(keys.bodies(run)));
    if (taken.length > 0) await this.redis.hdel(keys.bodies(run), ...taken);
    await this.removeJobs(run, queue, taken);
    // Who is told ends what runs, and would take the next one if it were still there.
    await this.redis.publish(keys.cancels, run);
  }

  async end({ id: run, queue }: RunRef): Promise<void> {
    const left = await this.redis.hkeys(keys.bodies(run));
    await this.redis
      .multi()
      .del(keys.run(run), keys.bodies(run), keys.outcomes(run), keys.finished(run))
      .srem(keys.runs, run)
      .exec();
    this.entriesOf.delete(run);
    await this.removeJobs(run, queue, left);
  }

  async serve(queue: string, work: Work, options: ServeOptions): Promise<Serving> {
    const { engine, redis, connect, leaseMs } = this;
    const serving = new RedisServing({ ...options, engine, redis, connect, queue, work, leaseMs });
    this.servings.add(serving);
    await serving.start();
    return serving;
  }

  admit(limit: SharedLimit, request: AdmitRequest): Promise<Admission> {
    return admit(this.redis, this.leaseMs, limit, request);
  }

  async state(): Promise<BrokerState> {
    const runs = await Promise.all((await this.redis.smembers(keys.runs)).map((id) => this.runState(id)));
    const ids = await this.redis.smembers(keys.workers);
    const told = ids.length === 0 ? [] : await this.redis.mget(ids.map(keys.worker));
    const gone = ids.filter((_, at) => told[at] === null);
    if (gone.length > 0) await this.redis.srem(keys.workers, ...gone);
    const workers = told.flatMap((text) => (typeof text === "string" ? (JSON.parse(text) as WorkerState) : []));
    return {
      runs: runs.filter((run) => run !== undefined).sort((a, b) => (a.startedAt < b.startedAt ? -1 : 1)),
      workers: workers.sort((a, b) => (a.host === b.host ? a.pid - b.pid : a.host < b.host ? -1 : 1)),
    };
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await Promise.allSettled(Array.from(this.servings, (serving) => serving.abandon()));
    await Promise.allSettled(Array.from(this.queues.values(), (queue) => queue.close()));
    for (const reader of this.readers) reader.disconnect();
    this.redis.disconnect();
  }

  private async runState(id: string): Promise<RunState | undefined> {
    const [note, chunks, finished, cancelled] = await Promise.all([
      this.redis.get(keys.run(id)),
      this.redis.hlen(keys.bodies(id)),
      this.redis.scard(keys.finished(id)),
      this.redis.sismember(keys.cancelled(id), ""),
    ]);
    if (note === null) {
      await this.redis.srem(keys.runs, id);
      return undefined;
    }
    const { queue, about, startedAt } = JSON.parse(note) as Pick<RunState, "queue" | "about" | "startedAt">;
    return { id, queue, about, startedAt, isCancelled: cancelled === 1, outstanding: chunks - finished, finished };
  }

  /** Removes jobs. Those that run now stay until they are done, and their outcomes are dropped. */
  private async removeJobs(run: string, queue: string, ids: readonly string[]): Promise<void> {
    const jobs = this.queue(queue);
    await Promise.all(ids.map((id) => jobs.remove(jobId(run, id)).catch(() => 0)));
  }

  private queue(name: string): Queue {
    let queue = this.queues.get(name);
    if (queue === undefined) {
      // The events of a queue are for people who look at it.
      queue = new this.engine.Queue(name, {
        connection: this.redis,
        prefix: JOBS_PREFIX,
        streams: { events: { maxLen: 100 } },
      });
      queue.on("error", () => {});
      this.queues.set(name, queue);
    }
    return queue;
  }
}

/** The entries in the answer to XREAD, which is a list in RESP2 and a map in RESP3. */
function entriesIn(found: unknown): { entry: string; part: OutcomePart }[] {
  const streams = found instanceof Map ? [...found] : ((found ?? []) as [Buffer, [Buffer, Buffer[]][]][]);
  return streams.flatMap(([, list]) =>
    (list as [Buffer, Buffer[]][]).map(([entry, [, id, , part, , parts, , body]]) => ({
      entry: String(entry),
      part: { id: String(id), part: Number(part), parts: Number(parts), body: body as Bytes },
    })),
  );
}
