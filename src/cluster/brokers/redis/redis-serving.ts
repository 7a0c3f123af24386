import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { Job, Worker } from "bullmq";
import type { Redis } from "ioredis";
import type { Bytes, Serving, Work } from "../../broker.ts";
import { JOBS_PREFIX, keys } from "./keys.ts";
import type { Engine } from "./redis-broker.ts";

/** The time between two looks for workers that have lost their leases, in milliseconds. */
const STALLED_MS = 1000;
/** The time between two reports of a worker in milliseconds; below, the seconds for which one counts. */
const TELL_EVERY_MS = 5000;
const TOLD_S = 20;
/** The number of lost workers that a chunk may have: without limit, because the one who runs it decides. */
const ENDLESS = 1_000_000;

/** The answer of {@link PUT_OUTCOME} for a chunk that nobody waits for. */
const GONE = -1;

/** Stores an outcome, unless the chunk has been settled or its run is over. */
const PUT_OUTCOME = `
  if redis.call("HEXISTS", KEYS[1], ARGV[1]) == 0 then return ${GONE} end
  for part = 2, #ARGV do
    redis.call("XADD", KEYS[2], "*", "i", ARGV[1], "p", part - 2, "n", #ARGV - 1, "b", ARGV[part])
  end
  return redis.call("SADD", KEYS[3], ARGV[1])`;

/** What the processor returns of a job whose body is gone, before or after it was run. */
const NO_BODY = 0;

/** The data of a job: its chunk. */
interface ChunkData {
  readonly run: string;
  readonly id: string;
  /** The body in base64, where it is small. */
  readonly body?: string;
}

export interface RedisServingOptions {
  readonly engine: Pick<Engine, "Worker">;
  readonly redis: Redis;
  readonly connect: () => Redis;
  readonly queue: string;
  readonly work: Work;
  readonly concurrency: number;
  readonly chunkMs?: (() => number | undefined) | undefined;
  readonly leaseMs: number;
}

interface InHand extends ChunkData {
  readonly stop: AbortController;
}

/** Takes chunks of one queue as long as there is room for them; BullMQ keeps their leases. */
export class RedisServing implements Serving {
  private readonly options: RedisServingOptions;
  private readonly id = randomUUID();
  private readonly inHand = new Set<InHand>();
  private readonly connections: Redis[] = [];
  private worker: Worker<ChunkData> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private isAbandoned = false;

  constructor(options: RedisServingOptions) {
    this.options = options;
  }

  get running(): number {
    return this.inHand.size;
  }

  async start(): Promise<void> {
    const { engine, queue, concurrency, leaseMs } = this.options;
    const subscriber = this.connect();
    subscriber.on("message", (_channel, run) => void this.look(run).catch(() => {}));
    await subscriber.subscribe(keys.cancels);
    this.worker = new engine.Worker<ChunkData>(queue, (job) => this.run(job), {
      connection: this.connect(),
      prefix: JOBS_PREFIX,
      concurrency,
      // BullMQ takes whole milliseconds only: with a fraction, lost workers are never found.
      lockDuration: Math.round(leaseMs),
      stalledInterval: STALLED_MS,
      maxStalledCount: ENDLESS,
      drainDelay: 2,
    });
    this.worker.on("error", () => {});
    // One that is submitted again later must not be taken for one that is done.
    this.worker.on("completed", (job, result) => {
      if ((result as unknown) === NO_BODY) void job.remove().catch(() => {});
    });
    await this.worker.waitUntilReady();
    this.timer = setInterval(() => void this.tell().catch(() => {}), TELL_EVERY_MS);
    await this.tell();
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.worker?.close();
    await this.options.redis.del(keys.worker(this.id)).catch(() => {});
    for (const connection of this.connections) connection.disconnect();
  }

  /** Gives chunks in hand up, because the connections are closed: they go to others. */
  async abandon(): Promise<void> {
    this.isAbandoned = true;
    clearInterval(this.timer);
    for (const { stop } of this.inHand) stop.abort(new Error("The worker was closed."));
    const closing = this.worker?.close(true).catch(() => {});
    for (const connection of this.connections) connection.disconnect();
    await closing;
  }

  private connect(): Redis {
    const connection = this.options.connect();
    this.connections.push(connection);
    return connection;
  }

  private async run(job: Job<ChunkData>): Promise<number> {
    const { redis, work } = this.options;
    const { run, id, body: inline } = job.data;
    const hand: InHand = { run, id, stop: new AbortController() };
    const { signal } = hand.stop;
    this.inHand.add(hand);
    try {
      const body = inline === undefined ? await redis.hgetBuffer(keys.bodies(run), id) : Buffer.from(inline, "base64");
      // Without one it has been settled or cancelled, its run is over, or the server has lost it.
      if (body === null) return NO_BODY;
      const parts = await work({ run, id, body, attempt: job.attemptsStarted, signal });
      if (this.isAbandoned) throw new Error("The worker was closed.");
      return signal.aborted || (await this.tellOutcome(run, id, parts)) ? 1 : NO_BODY;
    } finally {
      this.inHand.delete(hand);
    }
  }

  /** @returns Whether there is still a chunk to have an outcome. */
  private async tellOutcome(run: string, id: string, parts: readonly Bytes[]): Promise<boolean> {
    const names = [keys.bodies(run), keys.outcomes(run), keys.finished(run)];
    const { redis } = this.options;
    const told = await redis.call("EVAL", PUT_OUTCOME, names.length, ...names, id, ...parts.map(asBuffer));
    return told !== GONE;
  }

  /** Aborts chunks of a run that somebody has cancelled. */
  private async look(run: string): Promise<void> {
    const cancelled = new Set(await this.options.redis.smembers(keys.cancelled(run)));
    for (const hand of this.inHand)
      if (hand.run === run && (cancelled.has("") || cancelled.has(hand.id)))
        hand.stop.abort(new Error("The run was cancelled."));
  }

  private async tell(): Promise<void> {
    const { redis, queue, concurrency, chunkMs } = this.options;
    const state = {
      queue,
      host: hostname(),
      pid: process.pid,
      concurrency,
      running: this.inHand.size,
      chunkMs: chunkMs?.(),
    };
    await redis
      .multi()
      .set(keys.worker(this.id), JSON.stringify(state), "EX", TOLD_S)
      .sadd(keys.workers, this.id)
      .exec();
  }
}

/** The driver takes bytes as Buffers only. */
export function asBuffer({ buffer, byteOffset, byteLength }: Bytes): Buffer {
  return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
}
