import { machineLoad } from "../platform.ts";
import { explainInput } from "../protocol/codec.ts";
import type { Transport } from "../protocol/transport.ts";
import type { StageRecords } from "../stage/stage-records.ts";
import type { WorkerHandle } from "../worker-handle/worker-handle.ts";
import { Autoscaler, type PoolLoad } from "./autoscaler.ts";
import type { Call } from "./call.ts";
import { Chunk } from "./chunk.ts";
import { oneLine } from "./faults.ts";
import type { PoolSettings } from "./pool-options.ts";
import type { Recovery, Waiting } from "./recovery.ts";
import { WorkStealing } from "./work-stealing.ts";
import type { Workers } from "./workers.ts";

/** What takes less, in milliseconds, is waited for. */
const QUICK_MS = 0.02;

/** What a dispatch works with: a pool's own. */
export interface DispatchParts {
  readonly workers: Workers;
  readonly records: StageRecords;
  readonly transport: Transport;
  readonly settings: PoolSettings;
  readonly recovery: Recovery;
  readonly waiting: Waiting;
}

/** Gives workers what waits, as far as they can take it, and sees to it that there are as many of them as are of use. */
export class Dispatch {
  /** When the current turn of the event loop began to make calls. */
  turnStartedAt = 0;
  private isScheduled = false;
  private nextChunk = 0;
  /** The chunk that was sent last, if it is a single input. */
  private single: Chunk | null = null;
  private readonly autoscaler: Autoscaler;
  private readonly stealing: WorkStealing;

  constructor(private readonly parts: DispatchParts) {
    const { workers, settings, waiting } = parts;
    this.autoscaler = new Autoscaler(
      settings,
      () => this.load,
      () => this.limitChanged(),
    );
    this.stealing = new WorkStealing(workers, (calls) => {
      waiting.lines.putBack(calls);
      this.now();
    });
  }

  /** Calls are sent at the end of this turn of the event loop, when all that it makes have been made. */
  soon(): void {
    if (this.isScheduled) return;
    this.isScheduled = true;
    this.turnStartedAt = performance.now();
    this.parts.workers.isBlocked = false;
    const nextTick = globalThis.process?.nextTick ?? queueMicrotask;
    queueMicrotask(() =>
      nextTick(() => {
        this.isScheduled = false;
        this.single = null;
        this.now();
        this.spinForReply();
      }),
    );
  }

  now(): void {
    const { workers } = this.parts;
    const { lines, suspects, streamQueue } = this.parts.waiting;
    suspects.assign(
      workers,
      (worker, calls) => this.sendChunk(worker, calls, true),
      (waiting) => this.startWorkers(() => workers.makeRoom(waiting)),
    );
    this.openStreams();
    let worker = workers.free();
    let line = worker === null ? null : lines.next();
    while (worker !== null && line !== null) {
      const size = line.record.meter.chunkSize(lines.waiting, Math.max(1, workers.all.size));
      const calls = lines.take(line, Math.min(size, worker.roomFor(line.record)));
      this.sendChunk(worker, calls, false);
      worker = workers.free();
      line = lines.next();
    }
    const { waiting } = lines;
    if (waiting === 0) this.stealing.check();
    if (waiting === 0 && streamQueue.size === 0) return;
    if (worker === null && workers.all.size >= workers.limit) this.autoscaler.watch();
    const next = line ?? lines.next();
    const streams = streamQueue.size;
    if (next !== null || streams > 0)
      this.startWorkers(() => workers.grow(waiting + streams, streams > 0 ? undefined : next?.record.meter.costMs));
  }

  /** Starting a worker may fail at once, where there are no workers or for an option that Node refuses. */
  startWorkers(start: () => void): void {
    try {
      start();
    } catch (cause) {
      this.parts.recovery.startFailed(oneLine(cause), cause);
    }
  }

  close(): void {
    this.autoscaler.close();
    this.stealing.close();
  }

  private sendChunk(worker: WorkerHandle, calls: Call[], isSuspect: boolean): void {
    const first = calls[0];
    if (first === undefined) return;
    const { record } = first;
    const chunk = new Chunk(this.nextChunk++, record, calls, isSuspect, worker);
    try {
      worker.run(chunk);
    } catch (error) {
      for (const call of calls) {
        call.release();
        call.moved = false;
      }
      if (calls.length === 1) first.reject(explainInput(first.input, record.where, error, worker.sharesMemory));
      // One input cannot be sent: find out which.
      else for (const call of calls) this.sendChunk(worker, [call], isSuspect);
      return;
    }
    const now = performance.now();
    for (const call of calls) record.meter.queueMs += now - call.queuedAt;
    this.single = calls.length === 1 && !isSuspect ? chunk : null;
  }

  /** Somebody makes one call after the other, of something quick: the answer is there sooner than the event loop could turn. */
  private spinForReply(): void {
    const { single } = this;
    const { workers, waiting, settings } = this.parts;
    if (single === null || settings.cores === 1 || workers.busy > 1 || waiting.lines.waiting > 0) return;
    const { costMs } = single.record.meter;
    if (costMs !== undefined && costMs < QUICK_MS) single.worker.spinForReply();
  }

  private openStreams(): void {
    const { workers, waiting } = this.parts;
    const { streamQueue } = waiting;
    while (streamQueue.size > 0) {
      const worker = workers.free();
      const stream = worker === null ? undefined : streamQueue.next();
      if (worker === null || stream === undefined) return;
      try {
        worker.open(stream);
      } catch (error) {
        stream.lost(error);
      }
    }
  }

  private get load(): PoolLoad {
    const { workers, waiting, records, transport } = this.parts;
    const isFull = waiting.lines.waiting > 0 && workers.free() === null;
    const { settled, cpuMs, runMs } = records;
    const { busy, starting } = workers;
    const used = transport.cpuMs === undefined ? { cpuMs, runMs } : { cpuMs: transport.cpuMs() };
    return { isFull, busy, starting, settled, ...used, ...machineLoad() };
  }

  private limitChanged(): void {
    const { workers } = this.parts;
    workers.limit = this.autoscaler.limit;
    workers.retire();
    this.now();
  }
}
