import { captureContext } from "../../core/async-context.ts";
import { runlaneError } from "../../core/errors/errors.ts";
import { abortError } from "../../core/signal.ts";
import type { ResourceStatus } from "../../resources/status.ts";
import type {
  CloseOptions,
  FeedHandle,
  InputSource,
  Lane,
  LaneCallOptions,
  LaneCapacity,
  LaneStage,
  LaneWarmOptions,
  StageStatistics,
  WorkerStatus,
} from "../lane.ts";
import type { Transport, WorkerEnd } from "../protocol/transport.ts";
import { type StageRecord, StageRecords } from "../stage/stage-record.ts";
import { SilenceWatch } from "../worker-handle/silence-watch.ts";
import type { WorkerHandle } from "../worker-handle/worker-handle.ts";
import type { WorkerListener } from "../worker-handle/worker-listener.ts";
import { type Call, PromisedCall } from "./call.ts";
import { Dispatch } from "./dispatch.ts";
import { describeEnd, laneClosed, oneLine } from "./faults.ts";
import { KeepAlive } from "./keep-alive.ts";
import { laneChannel, printLaneEvents, publish } from "./lane-events.ts";
import { LostWorkers } from "./lost-workers.ts";
import type { PoolSettings } from "./pool-options.ts";
import { PoolResources } from "./pool-resources.ts";
import { PoolQueue } from "./queue.ts";
import { SourceLine, type SourceListener } from "./queue-lines.ts";
import { Recovery } from "./recovery.ts";
import { StreamCall } from "./stream-call.ts";
import { WarmUps } from "./warm-ups.ts";
import { LastLost, statusOf } from "./worker-status.ts";
import { Workers } from "./workers.ts";

/**
 * One scheduler for workers of any kind.
 *
 * The life of a call:
 *
 * 1. `run` puts it into the queue. At the end of the turn of the event loop, {@link Dispatch} gives chunks of calls of one stage to
 *    workers that are free: idle ones, and those whose chunk is little enough work to have a second one ahead. The size of a chunk
 *    follows what inputs of the stage have cost.
 * 2. When inputs wait and no worker is free, workers are started, up to the limit, which the {@link Autoscaler} moves.
 * 3. A worker runs the inputs of a chunk in order and reports outcomes, those of a long chunk every few milliseconds. A call settles with
 *    its outcome. A function that returns a promise leaves the worker free for the next chunk.
 * 4. When nothing waits and a worker is idle, it gets what others have been given and have not started ({@link WorkStealing}).
 * 5. A call that is aborted, or whose time is up, settles at once. The worker is told; if the function goes on for `graceMs`, the worker
 *    is ended, and the other calls that it had go back to the queue ({@link Watchdog}). So they do when the worker gives no sign of life
 *    ({@link SilenceWatch}).
 * 6. When a worker ends by itself, {@link Recovery} finds out who is to blame, and runs the others again.
 *
 * Draining, by `close()`:
 *
 * 1. New calls are refused. What waits and what runs goes on as usual, so workers may still start and be replaced.
 * 2. When nothing is pending any more, workers are asked to end: they dispose of their resources, and are ended after `graceMs`.
 * 3. When the last one is gone, `close` resolves.
 *
 * Force, by `close({ force: true })`, also after a polite one:
 *
 * 1. What no worker has is rejected.
 * 2. Workers are told to cancel what they have, and are ended after `graceMs`. What they still had then is rejected.
 * 3. From there on it is a drain in which nothing is run again.
 */
export class Pool implements Lane, SourceListener, WorkerListener {
  private readonly queue = new PoolQueue();
  private readonly workers: Workers;
  private readonly records = new StageRecords();
  private readonly keepAlive = new KeepAlive();
  private readonly silence: SilenceWatch;
  private readonly warmUps: WarmUps;
  private readonly recovery: Recovery;
  private readonly resourcesOfWorkers: PoolResources;
  private readonly dispatch: Dispatch;
  private readonly lost = new LastLost();
  private nextStream = 0;
  private closing: Promise<void> | undefined;
  private isForced = false;
  private onDrained: (() => void) | undefined;

  constructor(
    readonly name: string,
    transport: Transport,
    readonly settings: PoolSettings,
  ) {
    printLaneEvents();
    const { queue, records, keepAlive } = this;
    const workers = new Workers(transport, this, settings, captureContext());
    this.workers = workers;
    this.silence = new SilenceWatch(workers.all, settings.silenceMs);
    const { silence } = this;
    const warmUps = new WarmUps(workers, () => silence.isOn || silence.start());
    this.warmUps = warmUps;
    this.resourcesOfWorkers = new PoolResources(name, workers, records, keepAlive);
    const lostWorkers = new LostWorkers(name);
    const onBackedOff = () => this.onWorkersMayStart();
    const recovery = new Recovery({ lane: name, workers, queue, warmUps, lostWorkers, onBackedOff });
    this.recovery = recovery;
    this.dispatch = new Dispatch({ lane: name, workers, records, transport, settings, recovery, queue, silence });
  }

  get capacity(): LaneCapacity {
    const { all, busy } = this.workers;
    return { workers: all.size, busy, queued: this.queue.size };
  }

  run(stage: LaneStage, input: unknown, options?: LaneCallOptions): Promise<unknown> {
    if (this.closing !== undefined || options?.signal?.aborted === true || this.queue.calls >= this.settings.maxQueue) {
      const refusal = this.refusal(stage, options);
      if (refusal !== undefined) return Promise.reject(refusal);
    }
    const record = this.records.of(stage);
    if (record.shipped === undefined) this.awaitShipping(stage, record);
    this.dispatch.soon();
    this.keepAlive.add();
    return new Promise((resolve, reject) => {
      this.queue.push(new PromisedCall(record, input, options, this.dispatch.turnStartedAt, this, resolve, reject));
    });
  }

  feed(stage: LaneStage, source: InputSource, options?: LaneCallOptions): FeedHandle {
    const line = new SourceLine(this.recordOf(stage), source, options, this);
    this.keepAlive.add();
    this.queue.pushSource(line);
    if (this.closing === undefined) this.dispatch.soon();
    else line.refuse(laneClosed(stage.label, this.name));
    return line;
  }

  async *stream(stage: LaneStage, input: unknown, options: LaneCallOptions = {}): AsyncGenerator<unknown> {
    const refusal = this.refusal(stage, options);
    if (refusal !== undefined) throw refusal;
    const record = this.recordOf(stage);
    this.keepAlive.add();
    const stream = new StreamCall(this.nextStream++, record, input, options, (over) => this.onStreamOver(over));
    this.queue.pushStream(stream);
    this.dispatch.soon();
    yield* stream.read();
  }

  workerStatuses(): WorkerStatus[] {
    return [...Array.from(this.workers.all, statusOf), ...this.lost.statuses];
  }

  statisticsOf(stage: LaneStage): StageStatistics | undefined {
    return this.records.statisticsOf(stage);
  }

  statistics(): StageStatistics[] {
    return this.records.statistics();
  }

  resources(): ResourceStatus[] {
    return this.resourcesOfWorkers.statuses;
  }

  usedBy(stage: LaneStage): readonly string[] {
    return this.records.usedBy(stage);
  }

  async warm(stage?: LaneStage, options: LaneWarmOptions = {}): Promise<void> {
    if (this.closing !== undefined) throw laneClosed(stage?.label ?? "warm", this.name);
    const record = stage === undefined ? undefined : this.recordOf(stage);
    await record?.shipping;
    this.keepAlive.add();
    this.workers.onCallMade();
    try {
      const warmed = this.warmUps.add(record, options);
      this.dispatch.startWorkers(() => this.warmUps.update());
      await warmed;
    } finally {
      this.onCallSettled();
      for (const worker of this.workers.all) this.workers.letIdle(worker);
    }
  }

  close({ force = false }: CloseOptions = {}): Promise<void> {
    this.closing ??= this.drain();
    if (force && !this.isForced) this.force();
    return this.closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  onCallCancelled(call: Call): void {
    const error = call.abortError;
    if (call.chunk !== null) call.chunk.worker.watchdog.cancel(call, error);
    else this.queue.drop(call);
    call.reject(error);
  }

  onCallSettled(): void {
    if (this.keepAlive.remove() && this.onDrained !== undefined) this.onDrained();
  }

  onInputTaken(): void {
    this.keepAlive.add();
  }

  onSourceWoken(): void {
    this.dispatch.soon();
  }

  onSourceStopped(line: SourceLine): void {
    this.queue.dropSource(line);
    this.onCallSettled();
  }

  onWorkerChanged(worker: WorkerHandle): void {
    this.dispatch.now();
    // A warm-up that waits for all workers would wait for ever for one that ends meanwhile.
    if (this.warmUps.waiting.length > 0) this.dispatch.startWorkers(() => this.warmUps.update());
    else if (worker.isIdle && !worker.isIdling) this.workers.letIdle(worker);
  }

  onWorkerReady(worker: WorkerHandle): void {
    this.workers.onReady();
    this.resourcesOfWorkers.onWorkerReady(worker);
  }

  onResourceChanged(worker: WorkerHandle): void {
    this.resourcesOfWorkers.onResourceChanged(worker);
  }

  onWarmFailed(record: StageRecord, error: unknown): void {
    this.warmUps.fail(record, error);
  }

  onStageFailed(worker: WorkerHandle, record: StageRecord, error: unknown): void {
    this.recovery.stageFailed(worker, record, error);
  }

  onWorkerEnded(worker: WorkerHandle, end: WorkerEnd): void {
    const reason = worker.killedFor === undefined ? describeEnd(end) : oneLine(worker.killedFor);
    if (!worker.wasAskedToEnd) this.lost.add(worker, reason);
    if (laneChannel.hasSubscribers) publish({ event: "worker-ended", lane: this.name, worker: worker.number, reason });
    this.workers.onEnded(worker);
    this.resourcesOfWorkers.onWorkerEnded(worker);
    if (worker.wasReady) {
      if (this.isForced) this.recovery.abandon(worker);
      else this.recovery.workerLost(worker, end);
    } else if (!worker.wasAskedToEnd) {
      this.recovery.neverReady(worker, end);
    }
    this.onWorkersMayStart();
    if (this.workers.all.size === 0) this.onDrained?.();
  }

  private onWorkersMayStart(): void {
    this.dispatch.now();
    this.dispatch.startWorkers(() => this.warmUps.update());
  }

  private onStreamOver(stream: StreamCall): void {
    this.queue.dropStream(stream);
    this.onCallSettled();
  }

  private refusal(stage: LaneStage, options: LaneCallOptions | undefined): unknown {
    if (this.closing !== undefined) return laneClosed(stage.label, this.name);
    if (options?.signal?.aborted === true) return abortError(options.signal);
    const { maxQueue } = this.settings;
    if (this.queue.calls >= maxQueue && this.queue.calls >= maxQueue + this.workers.vacancies)
      return runlaneError("RUNLANE_QUEUE_FULL", { where: stage.label, queued: maxQueue, lane: this.name });
    return undefined;
  }

  private recordOf(stage: LaneStage): StageRecord {
    const record = this.records.of(stage);
    if (record.shipped === undefined) this.awaitShipping(stage, record);
    return record;
  }

  private awaitShipping(stage: LaneStage, record: StageRecord): void {
    if (record.isAwaited) return;
    record.isAwaited = true;
    record.shipping!.then(
      () => this.dispatch.now(),
      (error) => {
        this.records.forget(stage);
        this.queue.refuse(() => error, record);
      },
    );
  }

  private async drain(): Promise<void> {
    this.keepAlive.hold();
    try {
      await this.until(() => this.keepAlive.isDrained);
      for (const worker of this.workers.all) worker.end();
      await this.until(() => this.workers.all.size === 0);
    } finally {
      this.dispatch.close();
      this.silence.close();
      this.workers.close();
      this.keepAlive.letGo();
    }
  }

  private until(isReached: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.onDrained = () => {
        if (isReached()) resolve();
      };
      this.onDrained();
    });
  }

  private force(): void {
    this.isForced = true;
    this.recovery.closed();
    for (const worker of this.workers.all) {
      if (worker.isIdle) worker.end();
      else worker.stopAll((label) => laneClosed(label, this.name));
    }
  }
}
