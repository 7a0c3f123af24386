import { runlaneError } from "../../core/errors/errors.ts";
import type { WorkerEnd } from "../protocol/transport.ts";
import type { StageRecord } from "../stage/stage-record.ts";
import type { WorkerHandle } from "../worker-handle/worker-handle.ts";
import type { Call } from "./call.ts";
import type { CallQueue } from "./call-queue.ts";
import type { Chunk } from "./chunk.ts";
import { crashed, describeEnd, judge, laneClosed, oneLine, startFailed } from "./faults.ts";
import type { StreamQueue } from "./stream-queue.ts";
import type { Suspects } from "./suspects.ts";
import type { WarmUps } from "./warm-ups.ts";
import type { Workers } from "./workers.ts";

/** Where calls are that no worker has. */
export interface Waiting {
  readonly lines: CallQueue;
  readonly suspects: Suspects;
  readonly streamQueue: StreamQueue;
  readonly warmUps: WarmUps;
}

/** Decides what becomes of calls and streams when a worker ends, or a stage or a worker cannot be started. */
export class Recovery {
  constructor(
    private readonly lane: string,
    private readonly workers: Workers,
    private readonly waiting: Waiting,
  ) {}

  /** A worker that was ready has ended. */
  workerLost(worker: WorkerHandle, end: WorkerEnd): void {
    if (worker.killedFor === undefined) this.blameLoads(worker, end);
    if (worker.killedFor !== undefined) {
      for (const chunk of worker.inFlight.chunks.values()) this.retry(chunk.remaining(), chunk.isSuspect, end);
    } else if (worker.inFlight.chunks.size > 0) {
      this.crashed(worker, end);
    }
    for (const stream of worker.inFlight.streams.values()) {
      if (worker.killedFor !== undefined && stream.canRestart) {
        stream.detach();
        this.waiting.streamQueue.push(stream);
      } else {
        stream.lost(crashed(stream.record.label, end));
      }
    }
  }

  /** A worker has ended before it was ready. */
  neverReady({ killedFor }: WorkerHandle, end: WorkerEnd): void {
    this.startFailed(killedFor === undefined ? describeEnd(end) : oneLine(killedFor), end.error ?? killedFor);
  }

  /** While other workers work there is hope; without any, all that wait are told. */
  startFailed(reason: string, cause: unknown): void {
    for (const { wasReady, state } of this.workers.all) {
      if (!wasReady && state !== "starting") continue;
      this.workers.isBlocked = true;
      return;
    }
    this.refuseAll((label) => startFailed(label, this.lane, reason, cause));
  }

  /** A stage cannot be loaded: nothing that waits for it can run. */
  stageFailed(worker: WorkerHandle, record: StageRecord, error: unknown): void {
    const { lines, streamQueue, warmUps } = this.waiting;
    for (const call of lines.drain(record)) call.reject(error);
    lines.refuseFeeds(() => error, record);
    for (const stream of worker.inFlight.streams.values()) {
      if (stream.record !== record) continue;
      worker.inFlight.streams.delete(stream.id);
      stream.lost(error);
    }
    streamQueue.fail(() => error, record);
    warmUps.fail(record, error);
  }

  /** The lane was closed by force. */
  closed(): void {
    this.refuseAll((label) => laneClosed(label, this.lane));
  }

  /** What a worker still had when the lane was closed by force. */
  abandon(worker: WorkerHandle): void {
    for (const chunk of worker.inFlight.chunks.values())
      for (const call of chunk.remaining()) call.reject(laneClosed(call.record.label, this.lane));
    for (const stream of worker.inFlight.streams.values()) stream.lost(laneClosed(stream.record.label, this.lane));
  }

  private refuseAll(errorOf: (label: string) => unknown): void {
    const { lines, suspects, streamQueue, warmUps } = this.waiting;
    for (const call of [...suspects.drain(), ...lines.drain()]) call.reject(errorOf(call.record.label));
    streamQueue.fail(errorOf);
    warmUps.fail(undefined, errorOf("warm"));
  }

  /** It died while it loaded a resource, and in no function that has nothing to do with that. */
  private blameLoads(worker: WorkerHandle, end: WorkerEnd): void {
    const records = worker.loads.waitingForResources;
    const progress = worker.lastProgress();
    const running = progress?.running === true ? worker.inFlight.chunks.get(progress.chunk)?.record : undefined;
    if (records.length === 0 || (running !== undefined && !records.includes(running))) return;
    for (const record of records) {
      const name = JSON.stringify(worker.loads.resources.loadingOf(record));
      const details = { name, reason: `its loader ended the worker: ${describeEnd(end)}` };
      worker.refuse(record, runlaneError("RUNLANE_RESOURCE_LOAD", details, { cause: end.error }));
    }
  }

  private crashed(worker: WorkerHandle, end: WorkerEnd): void {
    const loading: Chunk[] = [];
    const others: Chunk[] = [];
    for (const chunk of worker.inFlight.chunks.values())
      (worker.stages.loading.has(chunk.record) ? loading : others).push(chunk);
    const unstarted = loading.flatMap((chunk) => chunk.remaining());
    // It died while it imported a module, and nothing else had begun.
    if (loading.length > 0 && others.length === 0 && worker.inFlight.streams.size === 0) {
      for (const call of unstarted) call.reject(this.loadError(call.record, end));
      for (const { record } of loading) this.stageFailed(worker, record, this.loadError(record, end));
      return;
    }
    const { guilty, suspects, innocent } = judge(others, worker.lastProgress(), worker.served);
    guilty?.reject(crashed(guilty.record.label, end));
    this.retry(suspects, true, end);
    this.retry([...innocent, ...unstarted], false, end);
  }

  private loadError({ label }: StageRecord, end: WorkerEnd): unknown {
    return startFailed(label, this.lane, describeEnd(end), end.error);
  }

  /** Runs calls again. Those whose buffers were moved to the worker cannot be. */
  private retry(calls: Call[], areSuspects: boolean, end: WorkerEnd): void {
    const again: Call[] = [];
    for (const call of calls) {
      call.release();
      if (call.moved) call.reject(crashed(call.record.label, end));
      else again.push(call);
    }
    if (again.length === 0) return;
    if (areSuspects) this.waiting.suspects.add(again);
    else this.waiting.lines.putBack(again);
  }
}
