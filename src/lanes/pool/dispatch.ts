import { machineLoad } from "../platform.ts";
import { explainInput } from "../protocol/codec.ts";
import type { Transport } from "../protocol/transport.ts";
import type { StageRecords } from "../stage/stage-record.ts";
import type { SilenceWatch } from "../worker-handle/silence-watch.ts";
import type { WorkerHandle } from "../worker-handle/worker-handle.ts";
import { Autoscaler, type PoolLoad } from "./autoscaler.ts";
import type { Call } from "./call.ts";
import { Chunk } from "./chunk.ts";
import { oneLine } from "./faults.ts";
import { laneChannel, publish } from "./lane-events.ts";
import type { PoolSettings } from "./pool-options.ts";
import type { PoolQueue } from "./queue.ts";
import type { Recovery } from "./recovery.ts";
import { WorkStealing } from "./work-stealing.ts";
import type { Workers } from "./workers.ts";

/** Spin for the reply when a stage's mean cost is below this (ms): the reply is there before the event loop has turned. */
const SPIN_BELOW_MS = 0.02;

/** The parts of a pool that its dispatch works with. */
export interface DispatchParts {
  readonly lane: string;
  readonly workers: Workers;
  readonly records: StageRecords;
  readonly transport: Transport;
  readonly settings: PoolSettings;
  readonly recovery: Recovery;
  readonly queue: PoolQueue;
  readonly silence: SilenceWatch;
}

/** Sends waiting calls and streams to workers that have room, and starts as many workers as are of use. */
export class Dispatch {
  /** When the first call of this turn of the event loop was made, by `performance.now()`. */
  turnStartedAt = 0;
  private isScheduled = false;
  private nextChunk = 0;
  /** The chunk that was sent last, if it is a single input. */
  private single: Chunk | null = null;
  /** Whether a worker may have inputs that it has not started and that an idle one could take. */
  private mayShare = false;
  private readonly autoscaler: Autoscaler;
  private readonly stealing: WorkStealing;

  constructor(private readonly parts: DispatchParts) {
    const { workers, settings } = parts;
    this.autoscaler = new Autoscaler(
      settings,
      () => this.load,
      () => this.onLimitChanged(),
    );
    this.stealing = new WorkStealing(workers, (calls, worker) => this.onStolen(calls, worker));
  }

  /** Sends calls at the end of this turn of the event loop, when all calls of the turn have been made. */
  soon(): void {
    if (this.isScheduled) return;
    this.isScheduled = true;
    this.turnStartedAt = performance.now();
    const { workers } = this.parts;
    if (workers.isPaused) workers.onCallMade();
    queueMicrotask(this.afterMicrotasks);
  }

  private readonly afterMicrotasks = (): void => {
    (globalThis.process?.nextTick ?? queueMicrotask)(this.atEndOfTurn);
  };

  private readonly atEndOfTurn = (): void => {
    this.isScheduled = false;
    this.single = null;
    this.now();
    this.spinForReply();
  };

  now(): void {
    const { workers, queue } = this.parts;
    if (queue.suspects.length > 0) this.sendSuspects();
    else if (workers.isHolding) workers.release();
    if (queue.streams.length > 0) this.openStreams();
    let inputs = queue.inputs;
    if (inputs > 0) {
      let worker = workers.free();
      let line = worker === null ? null : queue.next();
      while (worker !== null && line !== null) {
        const size = line.record.meter.chunkSize(inputs, Math.max(1, workers.all.size));
        const calls = queue.take(line, Math.min(size, worker.roomFor(line.record)));
        this.sendChunk(worker, calls, false);
        inputs = queue.inputs;
        if (inputs === 0) break;
        worker = workers.free();
        line = queue.next();
      }
    }
    if (inputs > 0 || queue.streams.length > 0) this.growFor(inputs);
    else if (this.mayShare && workers.all.size > 1) this.mayShare = this.stealing.check();
  }

  /** Starts workers for inputs that no worker is free for. */
  private growFor(inputs: number): void {
    const { workers, queue } = this.parts;
    if (workers.isFull && workers.free() === null) this.autoscaler.watch();
    const unopened = queue.streams.length;
    const next = queue.next();
    if (next !== null || unopened > 0)
      this.startWorkers(() => workers.grow(inputs + unopened, unopened > 0 ? undefined : next?.record.meter.costMs));
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
    record.meter.sent(calls, performance.now());
    this.single = calls.length === 1 && !isSuspect ? chunk : null;
    if (calls.length > 1 || worker.load > 1) this.mayShare = true;
    if (!this.parts.silence.isOn) this.parts.silence.start();
    if (laneChannel.hasSubscribers) this.tellSent(chunk);
  }

  private tellSent({ id, record, calls, worker, isSuspect }: Chunk): void {
    const { lane } = this.parts;
    const { number } = worker;
    publish({
      event: "chunk-sent",
      lane,
      worker: number,
      stage: record.label,
      chunk: id,
      inputs: calls.length,
      isSuspect,
    });
  }

  /** Waits a moment for the reply to a single quick call: it is there before the event loop could turn. */
  private spinForReply(): void {
    const { single } = this;
    if (single === null) return;
    const { workers, queue, settings } = this.parts;
    const { costMs } = single.record.meter;
    if (costMs === undefined || costMs >= SPIN_BELOW_MS || settings.cores === 1) return;
    if (queue.calls === 0 && workers.busy <= 1) single.worker.connection.spinForReply?.();
  }

  private sendSuspects(): void {
    const { workers, queue } = this.parts;
    for (let group = queue.firstSuspects; group !== undefined; group = queue.firstSuspects) {
      const worker = workers.forSuspects(group.length === 1);
      if (worker === null) {
        this.startWorkers(() => workers.makeRoom(queue.suspects.length));
        return;
      }
      queue.takeSuspects();
      this.sendChunk(worker, group, true);
    }
    workers.release();
  }

  private openStreams(): void {
    const { workers, queue, silence } = this.parts;
    while (queue.streams.length > 0) {
      const worker = workers.free();
      const stream = worker === null ? undefined : queue.takeStream();
      if (worker === null || stream === undefined) return;
      try {
        worker.open(stream);
        if (!silence.isOn) silence.start();
      } catch (error) {
        stream.lost(error);
      }
    }
  }

  private get load(): PoolLoad {
    const { workers, queue, records, transport } = this.parts;
    const isFull = queue.inputs > 0 && workers.free() === null;
    const { settled, cpuMs, runMs } = records;
    const { busy, starting } = workers;
    const used = transport.cpuMs === undefined ? { cpuMs, runMs } : { cpuMs: transport.cpuMs() };
    return { isFull, busy, starting, settled, ...used, ...machineLoad() };
  }

  private onLimitChanged(): void {
    const { workers, lane } = this.parts;
    const { limit } = this.autoscaler;
    if (laneChannel.hasSubscribers) publish({ event: "limit-changed", lane, from: workers.limit, to: limit });
    workers.setLimit(limit);
    this.now();
  }

  private onStolen(calls: readonly Call[], worker: WorkerHandle): void {
    const { queue, lane } = this.parts;
    if (laneChannel.hasSubscribers)
      publish({ event: "calls-stolen", lane, worker: worker.number, inputs: calls.length });
    queue.putBack(calls);
    this.now();
  }
}
