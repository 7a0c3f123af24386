import { captureContext } from "../core/async-context.ts";
import { runlaneError } from "../core/errors.ts";
import { abortError } from "../core/signal.ts";
import type { ResourceStatus } from "../resources/status.ts";
import { Balance } from "./balance.ts";
import { type Call, PromisedCall } from "./call.ts";
import { Chunk } from "./chunk.ts";
import { explainInput } from "./codec.ts";
import { Crew } from "./crew.ts";
import { laneClosed, oneLine } from "./faults.ts";
import { FeedLine, type FeedOwner } from "./feed-line.ts";
import { Growth, type PoolLoad } from "./growth.ts";
import { KeepAlive } from "./keep-alive.ts";
import type {
  CallOptions,
  CloseOptions,
  Feed,
  Feeding,
  Lane,
  LaneCapacity,
  LaneWarmOptions,
  Stage,
  StageStatistics,
} from "./lane.ts";
import { Lines } from "./lines.ts";
import { Openings } from "./openings.ts";
import type { PoolSettings } from "./pool-options.ts";
import { PoolResources } from "./pool-resources.ts";
import type { PoolWorker, WorkerOwner } from "./pool-worker.ts";
import { Recovery } from "./recovery.ts";
import type { StageRecord } from "./stage-record.ts";
import { StageRecords } from "./stage-records.ts";
import { StreamCall } from "./stream-call.ts";
import { Suspects } from "./suspects.ts";
import type { Transport, WorkerEnd } from "./transport.ts";
import { WarmUps } from "./warm-ups.ts";

/** One scheduler for workers of any kind. */
export class Pool implements Lane, FeedOwner, WorkerOwner {
  private readonly lines = new Lines();
  private readonly crew: Crew;
  private readonly records = new StageRecords();
  private readonly keepAlive = new KeepAlive();
  private readonly warmUps: WarmUps;
  private readonly recovery: Recovery;
  private readonly resourcesOfWorkers: PoolResources;
  private readonly growth: Growth;
  private readonly balance: Balance;
  private readonly suspects = new Suspects();
  private readonly openings = new Openings();
  private isScheduled = false;
  private turnStartedAt = 0;
  private nextChunk = 0;
  private nextStream = 0;
  private closing: Promise<void> | undefined;
  private isForced = false;
  private onDrained: (() => void) | undefined;

  constructor(
    readonly name: string,
    private readonly transport: Transport,
    readonly settings: PoolSettings,
  ) {
    this.growth = new Growth(
      settings,
      () => this.load,
      () => this.limitChanged(),
    );
    this.crew = new Crew(transport, this, settings, captureContext());
    this.balance = new Balance(this.crew, (calls) => {
      this.lines.putBack(calls);
      this.dispatch();
    });
    this.warmUps = new WarmUps(this.crew);
    this.resourcesOfWorkers = new PoolResources(name, this.crew, this.records, this.keepAlive);
    const { lines, suspects, openings } = this;
    this.recovery = new Recovery(name, this.crew, { lines, suspects, openings, warmUps: this.warmUps });
  }

  get capacity(): LaneCapacity {
    const { workers, busy } = this.crew;
    return { workers: workers.size, busy, queued: this.queued };
  }

  run(stage: Stage, input: unknown, options?: CallOptions): Promise<unknown> {
    const refusal = this.refusal(stage, options);
    if (refusal !== undefined) return Promise.reject(refusal);
    const record = this.recordOf(stage);
    this.schedule();
    this.keepAlive.add();
    return new Promise((resolve, reject) => {
      this.lines.push(new PromisedCall(record, input, options, this.turnStartedAt, this, resolve, reject));
    });
  }

  feed(stage: Stage, feed: Feed, options?: CallOptions): Feeding {
    const line = new FeedLine(this.recordOf(stage), feed, options, this);
    this.keepAlive.add();
    this.lines.addFeed(line);
    if (this.closing === undefined) this.schedule();
    else line.refuse(laneClosed(stage.label, this.name));
    return line;
  }

  async *stream(stage: Stage, input: unknown, options: CallOptions = {}): AsyncGenerator<unknown> {
    const refusal = this.refusal(stage, options);
    if (refusal !== undefined) throw refusal;
    const record = this.recordOf(stage);
    this.keepAlive.add();
    const stream = new StreamCall(this.nextStream++, record, input, options, (over) => this.streamOver(over));
    this.openings.push(stream);
    this.schedule();
    yield* stream.read();
  }

  statisticsOf(stage: Stage): StageStatistics | undefined {
    return this.records.statisticsOf(stage);
  }

  statistics(): StageStatistics[] {
    return this.records.statistics();
  }

  resources(): ResourceStatus[] {
    return this.resourcesOfWorkers.statuses;
  }

  async warm(stage?: Stage, options: LaneWarmOptions = {}): Promise<void> {
    if (this.closing !== undefined) throw laneClosed(stage?.label ?? "warm", this.name);
    const record = stage === undefined ? undefined : this.recordOf(stage);
    await record?.shipping;
    this.keepAlive.add();
    this.crew.isBlocked = false;
    try {
      const warmed = this.warmUps.add(record, options);
      this.startWorkers(() => this.warmUps.look());
      await warmed;
    } finally {
      this.settled();
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

  cancelled(call: Call): void {
    const error = call.abortError;
    if (call.chunk !== null) call.chunk.worker.stop(call, error);
    else this.lines.drop(call);
    call.reject(error);
  }

  settled(): void {
    if (this.keepAlive.remove()) this.onDrained?.();
  }

  began(): void {
    this.keepAlive.add();
  }

  woken(): void {
    this.schedule();
  }

  fed(line: FeedLine): void {
    this.lines.removeFeed(line);
    this.settled();
  }

  workerChanged(worker: PoolWorker): void {
    if (worker.served === 0) this.crew.isBlocked = false;
    this.dispatch();
    this.crew.letIdle(worker);
    this.warmUps.look();
  }

  workerReady(worker: PoolWorker): void {
    this.resourcesOfWorkers.ready(worker);
  }

  resourceChanged(worker: PoolWorker): void {
    this.resourcesOfWorkers.told(worker);
  }

  warmFailed(record: StageRecord, error: unknown): void {
    this.warmUps.fail(record, error);
  }

  stageFailed(worker: PoolWorker, record: StageRecord, error: unknown): void {
    this.recovery.stageFailed(worker, record, error);
  }

  workerEnded(worker: PoolWorker, end: WorkerEnd): void {
    this.crew.workers.delete(worker);
    this.resourcesOfWorkers.ended(worker);
    if (worker.wasReady) {
      if (this.isForced) this.recovery.abandon(worker);
      else this.recovery.workerLost(worker, end);
    } else if (!worker.wasAskedToEnd) {
      this.recovery.neverReady(worker, end);
    }
    this.dispatch();
    this.warmUps.look();
    if (this.crew.workers.size === 0) this.onDrained?.();
  }

  private get load(): PoolLoad {
    const { crew, lines, records, transport } = this;
    const isFull = lines.waiting > 0 && crew.free() === null;
    const { settled, cpuMs, runMs } = records;
    const { busy, starting } = crew;
    const used = transport.cpuMs === undefined ? { cpuMs, runMs } : { cpuMs: transport.cpuMs() };
    return { isFull, busy, starting, settled, ...used };
  }

  private limitChanged(): void {
    this.crew.limit = this.growth.limit;
    this.crew.retire();
    this.dispatch();
  }

  private get queued(): number {
    return this.lines.waiting + this.suspects.size + this.openings.size;
  }

  private refusal(stage: Stage, options: CallOptions | undefined): unknown {
    if (this.closing !== undefined) return laneClosed(stage.label, this.name);
    if (options?.signal?.aborted === true) return abortError(options.signal);
    const { maxQueue } = this.settings;
    if (this.lines.size >= maxQueue && this.lines.size >= maxQueue + this.crew.vacancies)
      return runlaneError("RUNLANE_QUEUE_FULL", { where: stage.label, queued: maxQueue, lane: this.name });
    return undefined;
  }

  private recordOf(stage: Stage): StageRecord {
    const record = this.records.of(stage);
    if (record.shipped === undefined && !record.isAwaited) {
      record.isAwaited = true;
      record.shipping!.then(
        () => this.dispatch(),
        (error) => {
          this.records.forget(stage);
          for (const call of this.lines.drain(record)) call.reject(error);
          this.lines.refuseFeeds(() => error, record);
          this.openings.fail(() => error, record);
        },
      );
    }
    return record;
  }

  /** Calls are sent at the end of this turn of the event loop, when all that it makes have been made. */
  private schedule(): void {
    if (this.isScheduled) return;
    this.isScheduled = true;
    this.turnStartedAt = performance.now();
    this.crew.isBlocked = false;
    const nextTick = globalThis.process?.nextTick ?? queueMicrotask;
    queueMicrotask(() =>
      nextTick(() => {
        this.isScheduled = false;
        this.dispatch();
      }),
    );
  }

  /** Gives workers what waits, as far as they can take it, and starts workers for the rest. */
  private dispatch(): void {
    this.placeSuspects();
    this.openStreams();
    const { crew, lines } = this;
    let worker = crew.free();
    let line = worker === null ? null : lines.next();
    while (worker !== null && line !== null) {
      const size = line.record.meter.chunkSize(lines.waiting, Math.max(1, crew.workers.size));
      const calls = lines.take(line, Math.min(size, worker.roomFor(line.record)));
      this.sendChunk(worker, calls, false);
      worker = crew.free();
      line = lines.next();
    }
    const { waiting } = lines;
    if (waiting === 0) this.balance.look();
    if (waiting === 0 && this.openings.size === 0) return;
    if (worker === null && crew.workers.size >= crew.limit) this.growth.watch();
    const next = line ?? lines.next();
    const streams = this.openings.size;
    if (next !== null || streams > 0)
      this.startWorkers(() => crew.grow(waiting + streams, streams > 0 ? undefined : next?.record.meter.costMs));
  }

  private sendChunk(worker: PoolWorker, calls: Call[], isSuspect: boolean): void {
    const first = calls[0];
    if (first === undefined) return;
    const { record } = first;
    try {
      worker.run(new Chunk(this.nextChunk++, record, calls, isSuspect, worker));
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
  }

  private placeSuspects(): void {
    this.suspects.place(
      this.crew,
      (worker, calls) => this.sendChunk(worker, calls, true),
      (waiting) => this.startWorkers(() => this.crew.makeRoom(waiting)),
    );
  }

  private openStreams(): void {
    while (this.openings.size > 0) {
      const worker = this.crew.free();
      const stream = worker === null ? undefined : this.openings.next();
      if (worker === null || stream === undefined) return;
      try {
        worker.open(stream);
      } catch (error) {
        stream.lost(error);
      }
    }
  }

  /** Starting a worker may fail at once, where there are no workers or for an option that Node refuses. */
  private startWorkers(start: () => void): void {
    try {
      start();
    } catch (cause) {
      this.recovery.startFailed(oneLine(cause), cause);
    }
  }

  private streamOver(stream: StreamCall): void {
    this.openings.drop(stream);
    this.settled();
  }

  private async drain(): Promise<void> {
    this.keepAlive.hold();
    try {
      await this.until(() => this.keepAlive.isDrained);
      for (const worker of this.crew.workers) worker.end();
      await this.until(() => this.crew.workers.size === 0);
    } finally {
      this.growth.close();
      this.balance.close();
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
    for (const worker of this.crew.workers) {
      if (worker.isIdle) worker.end();
      else worker.stopAll((label) => laneClosed(label, this.name));
    }
  }
}
