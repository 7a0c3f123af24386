import { runlaneError } from "../../core/errors/errors.ts";
import type { ShippedResource } from "../../shipping/tree/ship-resource.ts";
import { oneLine, startFailed } from "../pool/faults.ts";
import { laneChannel, publish } from "../pool/lane-events.ts";
import { unpackError } from "../protocol/codec.ts";
import type { FromWorker, ResourceMessage } from "../protocol/messages.ts";
import type { StageRecord } from "../stage/stage-record.ts";
import type { KnownStages } from "./known-stages.ts";
import type { Timers } from "./timers.ts";
import type { WorkerHandle } from "./worker-handle.ts";
import type { WorkerListener } from "./worker-listener.ts";
import { WorkerResources } from "./worker-resources.ts";

/** The messages of a worker about the loading of stages and their resources. */
export type LoadMessage = Extract<FromWorker, { type: "loading" | "loaded" | "unloadable" | "warmed" | "resource" }>;

/** The loads of one worker: stages, with their modules, and resources. Each has a time limit. */
export class WorkerLoads {
  readonly resources = new WorkerResources();
  /** The number of messages that the worker had been sent when it was last told to load resources. */
  private messagesAtWarm = 0;

  constructor(
    private readonly worker: WorkerHandle,
    private readonly listener: WorkerListener,
    private readonly stages: KnownStages,
    private readonly timers: Timers,
  ) {}

  /** Tells the worker to load a stage, if it has not been told. */
  teach(record: StageRecord): void {
    const { worker, stages } = this;
    if (stages.has(record)) return;
    worker.send({ type: "stage", stage: record.id, label: record.label, shipped: record.shipped!.data });
    stages.add(record);
    const { records } = worker.inFlight;
    const surplus = stages.surplus((one) => records.has(one));
    if (surplus !== undefined) worker.sendQuietly({ type: "forget", stage: surplus.id });
  }

  /** Has the worker load a stage and all its resources. */
  warm(record: StageRecord): void {
    const { worker, stages } = this;
    this.teach(record);
    if (stages.warming.has(record) || stages.warmed.has(record)) return;
    stages.warming.add(record);
    worker.sendQuietly({ type: "warm", stage: record.id });
    this.messagesAtWarm = worker.sent;
  }

  /** Has the worker take over a new version of a resource. */
  renew(shipped: ShippedResource): void {
    if (this.worker.state === "ready") this.worker.sendQuietly({ type: "renew", shipped });
  }

  /** Whether the worker, having received so many messages, loads something. */
  isLoading(received: number): boolean {
    const { importing, warming } = this.stages;
    if (importing.size > 0 || (warming.size > 0 && this.messagesAtWarm <= received)) return true;
    return this.waitingForResources.length > 0;
  }

  receive(message: LoadMessage): void {
    if (message.type === "resource") {
      this.resourceChanged(message);
      return;
    }
    const record = this.stages.get(message.stage);
    if (record === undefined) return;
    if (message.type === "loading") this.begun(record);
    else if (message.type === "loaded") this.loaded(record, message.resources);
    else if (message.type === "warmed") this.warmed(record, message.error);
    else {
      const error = unpackError(message.error);
      this.failed(record, oneLine(error), error);
    }
  }

  /** The stages that wait for a resource. */
  get waitingForResources(): StageRecord[] {
    return [...new Set([...this.stages.warming, ...this.worker.inFlight.records])].filter(
      (record) => this.resources.loadingOf(record) !== undefined,
    );
  }

  private begun(record: StageRecord): void {
    const { startTimeoutMs } = this.listener.settings;
    this.stages.importing.add(record);
    this.timers.set(record, startTimeoutMs, () => {
      this.failed(record, `its module was not loaded after ${startTimeoutMs} ms`);
      this.worker.kill(new Error("A stage in it was not loaded in time."));
    });
  }

  private loaded(record: StageRecord, resources: readonly string[]): void {
    record.used = resources;
    this.timers.clear(record);
    this.stages.onLoaded(record);
    this.worker.changed();
  }

  /** Refuses a stage that could not be loaded, and recycles the worker: a module that failed stays failed in it. */
  private failed(record: StageRecord, reason: string, cause?: unknown): void {
    const { worker } = this;
    this.timers.clear(record);
    this.stages.onLoadEnded(record);
    worker.isRecycled = true;
    worker.refuse(record, startFailed(record.label, this.listener.name, reason, cause));
    worker.changed();
  }

  private warmed(record: StageRecord, error: unknown): void {
    this.stages.warming.delete(record);
    if (error === undefined) this.stages.warmed.add(record);
    else this.listener.onWarmFailed(record, unpackError(error));
    this.worker.changed();
  }

  private resourceChanged(message: ResourceMessage): void {
    const { worker } = this;
    const { name, state } = message.status;
    const purpose = `the load of ${name}`;
    this.resources.receive(message);
    this.timers.clear(purpose);
    // The worker itself ends a load that takes too long, unless the loader keeps it busy.
    if (state === "loading")
      this.timers.set(purpose, message.timeoutMs + worker.graceMs, () => this.hangs(name, message.timeoutMs));
    if (laneChannel.hasSubscribers)
      publish({ event: "resource-changed", lane: this.listener.name, worker: worker.number, status: message.status });
    this.listener.onResourceChanged(worker);
  }

  private hangs(name: string, timeoutMs: number): void {
    const error = runlaneError("RUNLANE_RESOURCE_TIMEOUT", { name: JSON.stringify(name), timeoutMs });
    for (const record of this.waitingForResources) this.worker.refuse(record, error);
    this.worker.kill(error);
  }
}
