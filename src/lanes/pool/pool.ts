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
} from "../lane.ts";
import type { Transport, WorkerEnd } from "../protocol/transport.ts";
import type { StageRecord } from "../stage/stage-record.ts";
import { StageRecords } from "../stage/stage-records.ts";
import type { WorkerHandle, WorkerListener } from "../worker-handle/worker-handle.ts";
import { type Call, PromisedCall } from "./call.ts";
import { CallQueue } from "./call-queue.ts";
import { Dispatch } from "./dispatch.ts";
import { laneClosed } from "./faults.ts";
import { KeepAlive } from "./keep-alive.ts";
import type { PoolSettings } from "./pool-options.ts";
import { PoolResources } from "./pool-resources.ts";
import { Recovery } from "./recovery.ts";
import { SourceLine, type SourceListener } from "./source-line.ts";
import { StreamCall } from "./stream-call.ts";
import { StreamQueue } from "./stream-queue.ts";
import { Suspects } from "./suspects.ts";
import { WarmUps } from "./warm-ups.ts";
import { Workers } from "./workers.ts";

/** One scheduler for workers of any kind. */
export class Pool implements Lane, SourceListener, WorkerListener {
  private readonly lines = new CallQueue();
  private readonly workers: Workers;
  private readonly records = new StageRecords();
  private readonly keepAlive = new KeepAlive();
  private readonly warmUps: WarmUps;
  private readonly recovery: Recovery;
  private readonly resourcesOfWorkers: PoolResources;
  private readonly dispatch: Dispatch;
  private readonly suspects = new Suspects();
  private readonly streamQueue = new StreamQueue();
  private nextStream = 0;
  private closing: Promise<void> | undefined;
  private isForced = false;
  private onDrained: (() => void) | undefined;

  constructor(
    readonly name: string,
    transport: Transport,
    readonly settings: PoolSettings,
  ) {
    this.workers = new Workers(transport, this, settings, captureContext());
    this.warmUps = new WarmUps(this.workers);
    this.resourcesOfWorkers = new PoolResources(name, this.workers, this.records, this.keepAlive);
    const { lines, suspects, streamQueue, warmUps, workers, records } = this;
    const waiting = { lines, suspects, streamQueue, warmUps };
    this.recovery = new Recovery(name, workers, waiting);
    this.dispatch = new Dispatch({ workers, records, transport, settings, recovery: this.recovery, waiting });
  }

  get capacity(): LaneCapacity {
    const { all, busy } = this.workers;
    return { workers: all.size, busy, queued: this.queued };
  }

  run(stage: LaneStage, input: unknown, options?: LaneCallOptions): Promise<unknown> {
    const refusal = this.refusal(stage, options);
    if (refusal !== undefined) return Promise.reject(refusal);
    const record = this.recordOf(stage);
    this.dispatch.soon();
    this.keepAlive.add();
    return new Promise((resolve, reject) => {
      this.lines.push(new PromisedCall(record, input, options, this.dispatch.turnStartedAt, this, resolve, reject));
    });
  }

  feed(stage: LaneStage, feed: InputSource, options?: LaneCallOptions): FeedHandle {
    const line = new SourceLine(this.recordOf(stage), feed, options, this);
    this.keepAlive.add();
    this.lines.addFeed(line);
    if (this.closing === undefined) this.dispatch.soon();
    else line.refuse(laneClosed(stage.label, this.name));
    return line;
  }

  async *stream(stage: LaneStage, input: unknown, options: LaneCallOptions = {}): AsyncGenerator<unknown> {
    const refusal = this.refusal(stage, options);
    if (refusal !== undefined) throw refusal;
    const record = this.recordOf(stage);
    this.keepAlive.add();
    const stream = new StreamCall(this.nextStream++, record, input, options, (over) => this.streamOver(over));
    this.streamQueue.push(stream);
    this.dispatch.soon();
    yield* stream.read();
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
    this.workers.isBlocked = false;
    try {
      const warmed = this.warmUps.add(record, options);
      this.dispatch.startWorkers(() => this.warmUps.update());
      await warmed;
    } finally {
      this.onCallSettled();
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
    if (call.chunk !== null) call.chunk.worker.stop(call, error);
    else this.lines.drop(call);
    call.reject(error);
  }

  onCallSettled(): void {
    if (this.keepAlive.remove()) this.onDrained?.();
  }

  onInputTaken(): void {
    this.keepAlive.add();
  }

  onSourceWoken(): void {
    this.dispatch.soon();
  }

  onSourceStopped(line: SourceLine): void {
    this.lines.removeFeed(line);
    this.onCallSettled();
  }

  onWorkerChanged(worker: WorkerHandle): void {
    if (worker.served === 0) this.workers.isBlocked = false;
    this.dispatch.now();
    this.workers.letIdle(worker);
    this.warmUps.update();
  }

  onWorkerReady(worker: WorkerHandle): void {
    this.resourcesOfWorkers.ready(worker);
  }

  onResourceChanged(worker: WorkerHandle): void {
    this.resourcesOfWorkers.told(worker);
  }

  onWarmFailed(record: StageRecord, error: unknown): void {
    this.warmUps.fail(record, error);
  }

  onStageFailed(worker: WorkerHandle, record: StageRecord, error: unknown): void {
    this.recovery.stageFailed(worker, record, error);
  }

  onWorkerEnded(worker: WorkerHandle, end: WorkerEnd): void {
    this.workers.all.delete(worker);
    this.resourcesOfWorkers.ended(worker);
    if (worker.wasReady) {
      if (this.isForced) this.recovery.abandon(worker);
      else this.recovery.workerLost(worker, end);
    } else if (!worker.wasAskedToEnd) {
      this.recovery.neverReady(worker, end);
    }
    this.dispatch.now();
    this.warmUps.update();
    if (this.workers.all.size === 0) this.onDrained?.();
  }

  private get queued(): number {
    return this.lines.waiting + this.suspects.size + this.streamQueue.size;
  }

  private refusal(stage: LaneStage, options: LaneCallOptions | undefined): unknown {
    if (this.closing !== undefined) return laneClosed(stage.label, this.name);
    if (options?.signal?.aborted === true) return abortError(options.signal);
    const { maxQueue } = this.settings;
    if (this.lines.size >= maxQueue && this.lines.size >= maxQueue + this.workers.vacancies)
      return runlaneError("RUNLANE_QUEUE_FULL", { where: stage.label, queued: maxQueue, lane: this.name });
    return undefined;
  }

  private recordOf(stage: LaneStage): StageRecord {
    const record = this.records.of(stage);
    if (record.shipped === undefined && !record.isAwaited) {
      record.isAwaited = true;
      record.shipping!.then(
        () => this.dispatch.now(),
        (error) => {
          this.records.forget(stage);
          for (const call of this.lines.drain(record)) call.reject(error);
          this.lines.refuseFeeds(() => error, record);
          this.streamQueue.fail(() => error, record);
        },
      );
    }
    return record;
  }

  private streamOver(stream: StreamCall): void {
    this.streamQueue.drop(stream);
    this.onCallSettled();
  }

  private async drain(): Promise<void> {
    this.keepAlive.hold();
    try {
      await this.until(() => this.keepAlive.isDrained);
      for (const worker of this.workers.all) worker.end();
      await this.until(() => this.workers.all.size === 0);
    } finally {
      this.dispatch.close();
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
    this.lines.refuseFeeds((label) => laneClosed(label, this.name));
    for (const worker of this.workers.all) {
      if (worker.isIdle) worker.end();
      else worker.stopAll((label) => laneClosed(label, this.name));
    }
  }
}
