import { runlaneError } from "../../core/errors/errors.ts";
import type {
  CloseOptions,
  FeedHandle,
  InputSource,
  Lane,
  LaneCallOptions,
  LaneCapacity,
  LaneStage,
  StageStatistics,
  WorkerStatus,
} from "../../lanes/lane.ts";
import { StageMeter } from "../../lanes/stage/stage-meter.ts";
import type { Broker, BrokerOptions, WorkerState } from "../broker.ts";
import { openBroker } from "../open-broker.ts";
import type { WorkerTally } from "../producer/worker-tally.ts";
import { type ModuleStage, moduleStage } from "./module-stage.ts";
import { StageCalls } from "./stage-calls.ts";
import { WorkerNumbers } from "./worker-numbers.ts";

/** The time between two counts of the workers while there is something to do, in milliseconds. */
const LOOK_EVERY_MS = 3000;

/** The options of a cluster lane. */
export interface ClusterOptions extends BrokerOptions {}

/** A stage of the lane, and its calls. */
interface OpenStage {
  readonly module: ModuleStage;
  readonly meter: StageMeter;
  readonly label: string;
  /** The calls of the stage; undefined until the first one has found the broker open. */
  calls: StageCalls | undefined;
  /** What workers did for it, where its inputs go past the lane. */
  tally?: WorkerTally;
}

/** Runs steps on workers of any number of machines, which get their work from a broker. */
export class ClusterLane implements Lane {
  readonly name = "cluster";
  private readonly stages = new Map<LaneStage, OpenStage>();
  private readonly numbers = new WorkerNumbers();
  private opening: Promise<Broker> | undefined;
  private workers: readonly WorkerState[] = [];
  private timer: NodeJS.Timeout | undefined;
  private isClosed = false;
  private onIdle: (() => void) | undefined;

  constructor(
    readonly url: string,
    private readonly options: ClusterOptions,
  ) {}

  ship(runnable: object, where: string): ModuleStage {
    return moduleStage(runnable, where);
  }

  /** The meter of a stage, for callers that send its inputs past the lane. */
  meterOf(stage: LaneStage): StageMeter {
    return this.open(stage).meter;
  }

  /** Notes the workers, and what they did for a stage, where somebody else has counted. */
  sees(workers: readonly WorkerState[], stage: LaneStage, tally: WorkerTally): void {
    this.workers = workers;
    this.open(stage).tally = tally;
  }

  /** The broker, opened by the first call that needs it. When that fails, the next call tries again. */
  broker(): Promise<Broker> {
    this.opening ??= openBroker(this.url, { ...this.options, onTrouble: (reason) => this.onTrouble(reason) }).catch(
      (error) => {
        this.opening = undefined;
        throw error;
      },
    );
    return this.opening;
  }

  async run(stage: LaneStage, input: unknown, options: LaneCallOptions = {}): Promise<unknown> {
    return await (await this.callsOf(stage)).call(input, options);
  }

  /** Gives the output as one chunk. */
  async *stream(stage: LaneStage, input: unknown, options?: LaneCallOptions): AsyncGenerator<unknown> {
    yield await this.run(stage, input, options);
  }

  feed(stage: LaneStage, source: InputSource, options: LaneCallOptions = {}): FeedHandle {
    let handle: FeedHandle | undefined;
    let failure: { readonly error: unknown } | undefined;
    let isStopped = false;
    const wake = (): void => {
      handle?.wake();
      if (failure !== undefined && !isStopped) rejectAll(source, failure.error);
    };
    this.callsOf(stage)
      .then(
        (calls) => {
          handle = calls.feed(source, options);
          if (isStopped) handle.stop();
        },
        (error) => {
          failure = { error };
        },
      )
      .finally(wake);
    return {
      wake,
      stop: () => {
        isStopped = true;
        handle?.stop();
      },
    };
  }

  get capacity(): LaneCapacity {
    const { workers } = this;
    const running = workers.reduce((sum, worker) => sum + worker.running, 0);
    const pending = [...this.stages.values()].reduce((sum, { calls }) => sum + (calls?.pending ?? 0), 0);
    return {
      workers: workers.length,
      busy: workers.filter((worker) => worker.running > 0).length,
      queued: running > 0 ? 0 : pending,
    };
  }

  workerStatuses(): WorkerStatus[] {
    const stages = Array.from(this.stages.values(), ({ module, label, calls, tally = calls?.tally }) => ({
      queue: module.queue,
      label,
      tally,
    }));
    return this.numbers.statuses(this.workers, stages);
  }

  statisticsOf(stage: LaneStage): StageStatistics | undefined {
    const open = this.stages.get(stage);
    return open === undefined ? undefined : this.figuresOf(open);
  }

  statistics(): StageStatistics[] {
    return Array.from(this.stages.values(), (open) => this.figuresOf(open));
  }

  private figuresOf({ module, meter, calls, tally = calls?.tally }: OpenStage): StageStatistics {
    const own = this.workers.filter(({ queue }) => queue === module.queue);
    return { ...meter.statistics(), remarks: tally?.lines(own) ?? [] };
  }

  /** Workers warm up by themselves (`runlane worker --warm`); this finds out whether the broker can be used. */
  async warm(): Promise<void> {
    await this.broker();
  }

  async close({ force = false }: CloseOptions = {}): Promise<void> {
    this.isClosed = true;
    const { opening } = this;
    if (opening === undefined) return;
    const broker = await opening.catch(() => undefined);
    if (!force && this.pending > 0) await new Promise<void>((resolve) => (this.onIdle = resolve));
    clearInterval(this.timer);
    const closed = runlaneError("RUNLANE_LANE_CLOSED", { where: "The call", lane: this.name });
    await Promise.all(Array.from(this.stages.values(), ({ calls }) => calls?.close(closed)));
    await broker?.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private get pending(): number {
    let pending = 0;
    for (const { calls } of this.stages.values()) pending += calls?.pending ?? 0;
    return pending;
  }

  private async callsOf(stage: LaneStage): Promise<StageCalls> {
    if (this.isClosed) throw runlaneError("RUNLANE_LANE_CLOSED", { where: stage.label, lane: this.name });
    const open = this.open(stage);
    if (isUsable(open.calls)) return open.calls;
    const broker = await this.broker();
    if (!isUsable(open.calls)) {
      const { module, meter, label } = open;
      const onIdle = (): void => {
        if (this.pending === 0) this.onIdle?.();
      };
      open.calls = new StageCalls({ stage: module, label, broker, meter, onIdle });
      this.look(broker);
    }
    return open.calls;
  }

  private open(stage: LaneStage): OpenStage {
    let open = this.stages.get(stage);
    if (open === undefined) {
      open = {
        module: stage.shipped as ModuleStage,
        meter: new StageMeter(stage.label),
        label: stage.label,
        calls: undefined,
      };
      this.stages.set(stage, open);
    }
    return open;
  }

  /** Counts the workers now and then, as long as somebody waits for them or there are none. */
  private look(broker: Broker): void {
    const count = async (): Promise<void> => {
      this.workers = (await broker.state()).workers;
      for (const { module, calls } of this.stages.values()) {
        const own = this.workers.filter(({ queue }) => queue === module.queue);
        if (calls !== undefined) calls.slots = own.reduce((sum, { concurrency }) => sum + concurrency, 0);
      }
    };
    void count().catch(() => {});
    this.timer ??= setInterval(() => {
      if (this.pending > 0 || this.workers.length === 0) void count().catch(() => {});
    }, LOOK_EVERY_MS).unref();
  }

  private onTrouble(reason: string | undefined): void {
    this.options.onTrouble?.(reason);
    if (reason === undefined) for (const { calls } of this.stages.values()) calls?.remind();
  }
}

function isUsable(calls: StageCalls | undefined): calls is StageCalls {
  return calls !== undefined && !calls.isOver;
}

function rejectAll(source: InputSource, error: unknown): void {
  while (source.waiting > 0) {
    const key = source.take();
    source.inputOf(key);
    source.reject(key, error);
  }
}
