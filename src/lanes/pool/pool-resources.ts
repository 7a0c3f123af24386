import { listenToResources } from "../../resources/changes.ts";
import type { Declaration } from "../../resources/declaration.ts";
import type { Instance } from "../../resources/instance.ts";
import { endWithProcess } from "../../resources/process-end.ts";
import type { ResourceSlot } from "../../resources/slot.ts";
import type { ResourceStatus } from "../../resources/status.ts";
import { shipVersion } from "../../shipping/functions/function-ref.ts";
import type { ShippedResource } from "../../shipping/tree/ship-resource.ts";
import type { StageRecords } from "../stage/stage-record.ts";
import { STOP_SHARE, type WorkerHandle } from "../worker-handle/worker-handle.ts";
import type { KeepAlive } from "./keep-alive.ts";
import type { Workers } from "./workers.ts";

/** The resources in the workers of a pool: knows their states, renews them, and sees that they are disposed of. */
export class PoolResources {
  /** The states of resources in workers that have ended, by name. */
  private readonly past = new Map<string, ResourceStatus>();
  /** The values of resources that threads share, as they were sent last. */
  private readonly shared = new Map<string, Instance>();
  private stopListening: (() => void) | undefined;
  private stopEnding: (() => void) | undefined;
  private onEnded: (() => void) | undefined;

  constructor(
    private readonly lane: string,
    private readonly workers: Workers,
    private readonly records: StageRecords,
    private readonly keepAlive: KeepAlive,
  ) {}

  get statuses(): ResourceStatus[] {
    const rows = [...this.past.values()];
    for (const { number, loads } of this.workers.all)
      for (const status of loads.resources.statuses) rows.push({ ...status, where: this.lane, worker: number });
    return rows;
  }

  /** Has a worker that has become ready load the resources that are to be loaded before they are needed. */
  onWorkerReady(worker: WorkerHandle): void {
    this.stopListening ??= listenToResources({
      renewing: (slot, next) => this.renewing(slot, next),
      changed: (slot) => this.changed(slot),
    });
    for (const record of this.records.known())
      if (record.shipped !== undefined && record.resources.some(({ warm }) => warm)) worker.loads.teach(record);
  }

  /** Sees to it that the resources of a worker are disposed of when the process ends, once one of them has to be. */
  onResourceChanged({ loads }: WorkerHandle): void {
    if (loads.resources.isDisposable)
      this.stopEnding ??= endWithProcess({ end: () => this.endAll(), endNow: () => this.endNow() });
  }

  onWorkerEnded({ loads }: WorkerHandle): void {
    for (const status of loads.resources.statuses) {
      const loads = status.loads + (this.past.get(status.name)?.loads ?? 0);
      this.past.set(status.name, { ...status, state: "disposed", where: this.lane, worker: null, loads });
    }
    if (this.workers.all.size === 0) {
      this.stopListening?.();
      this.stopListening = undefined;
    }
    if (this.disposable.length > 0) return;
    this.onEnded?.();
    this.stopEnding?.();
    this.stopEnding = undefined;
  }

  private get disposable(): WorkerHandle[] {
    return [...this.workers.all].filter(({ loads }) => loads.resources.isDisposable);
  }

  /** Ends all workers, when the process has nothing more to do or got a signal. */
  private async endAll(): Promise<void> {
    const { workers, keepAlive } = this;
    if (this.disposable.length === 0) return;
    const ended = new Promise<void>((resolve) => {
      this.onEnded = resolve;
    });
    workers.freeze();
    keepAlive.hold();
    for (const worker of this.disposable) worker.end();
    await ended;
    keepAlive.letGo();
    workers.thaw();
  }

  private endNow(): void {
    const waits = this.disposable.map(({ connection, graceMs }) => {
      const wait = connection.endNow(graceMs * STOP_SHARE);
      return () => wait(graceMs);
    });
    for (const wait of waits) wait();
  }

  /** Puts the new version of a resource into the stages that use it, and sends it to workers. @throws When it cannot travel. */
  private renewing({ name }: ResourceSlot, next: Declaration): (() => void) | undefined {
    const uses = this.usesOf(name).filter(({ shipped }) => shipped.as === "resource");
    const [first] = uses;
    if (first === undefined) return undefined;
    const renewed = shipVersion(next, { where: first.where, shared: this.lane !== "process" });
    return () => {
      for (const { shipped } of uses) Object.assign(shipped, renewed);
      for (const worker of this.workers.all) worker.loads.renew(renewed);
    };
  }

  /** Sends a new value of a resource that threads share. */
  private changed(slot: ResourceSlot): void {
    const { live, name } = slot;
    if (live === null || live.declaration.scope !== "shared") return;
    const before = this.shared.get(name);
    if (before === live) return;
    const [first] = this.usesOf(name);
    if (first === undefined) return;
    this.shared.set(name, live);
    if (before !== undefined) for (const worker of this.workers.all) worker.loads.renew(first.shipped);
  }

  private usesOf(name: string): { readonly shipped: ShippedResource; readonly where: string }[] {
    return [...this.records.known()].flatMap(({ resources, where }) =>
      resources.filter((one) => one.name === name).map((shipped) => ({ shipped, where })),
    );
  }
}
