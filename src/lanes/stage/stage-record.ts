import { packingWithHints } from "../../shipping/data/foreign-hint.ts";
import type { PackOptions } from "../../shipping/data/format.ts";
import { loadShared, type ShippedResource, shippedResources } from "../../shipping/tree/ship-resource.ts";
import type { LaneStage, StageStatistics } from "../lane.ts";
import { StageMeter } from "./stage-meter.ts";

/** A pool's record of one stage: its data, once that is there, its resources and its figures. */
export class StageRecord {
  readonly meter: StageMeter;
  /** The data that workers need; undefined until it is there. */
  shipped: { readonly data: unknown } | undefined;
  /** Settles when {@link shipped} is there. */
  readonly shipping: PromiseLike<unknown> | undefined;

  /** The resources that workers load for the stage, or share. */
  resources: readonly ShippedResource[] = [];

  /** The names of the resources that the stage uses, as its workers have told. */
  used: readonly string[] = [];

  private packingMade: PackOptions | undefined;

  /** Whether the pool waits for {@link shipping}. */
  isAwaited = false;
  readonly label: string;
  /** The name of the stage in errors about its data. */
  readonly where: string;

  constructor(
    readonly id: number,
    stage: LaneStage,
  ) {
    this.label = stage.label;
    this.where = `the step ${JSON.stringify(stage.label)}`;
    this.meter = new StageMeter(stage.label);
    const { shipped } = stage;
    this.shipping = shipped instanceof Promise ? shipped.then((data) => this.prepare(data)) : this.prepare(shipped);
  }

  /** The options for packing inputs. They are made once: a pool has workers of one kind. */
  packing(shared: boolean): PackOptions {
    this.packingMade ??= packingWithHints(shared, "input", (text) => this.meter.hint(text));
    return this.packingMade;
  }

  /** Loads the resources that threads share: they are loaded here before they can be sent. */
  private prepare(data: unknown): Promise<unknown> | undefined {
    this.resources = shippedResources(data);
    const loading = loadShared(this.resources);
    if (loading !== undefined) return loading.then(() => (this.shipped = { data }));
    this.shipped = { data };
    return undefined;
  }
}

/** The stages that a pool has run. A stage that nobody holds any more is forgotten, however many there have been. */
export class StageRecords {
  private readonly byStage = new WeakMap<LaneStage, StageRecord>();
  private readonly all = new Map<number, WeakRef<StageRecord>>();
  private readonly registry = new FinalizationRegistry<number>((id) => this.all.delete(id));
  private nextId = 0;

  of(stage: LaneStage): StageRecord {
    let record = this.byStage.get(stage);
    if (record === undefined) {
      record = new StageRecord(this.nextId++, stage);
      this.byStage.set(stage, record);
      this.all.set(record.id, new WeakRef(record));
      this.registry.register(record, record.id);
    }
    return record;
  }

  /** The number of inputs that have settled, of all stages that are still held. */
  get settled(): number {
    return this.sum(({ inputs }) => inputs);
  }

  /** The CPU time of all stages that are still held, in milliseconds, as far as workers can tell it. */
  get cpuMs(): number {
    return this.sum(({ cpuMs }) => cpuMs);
  }

  /** The time that workers were busy with all stages that are still held, in milliseconds. */
  get runMs(): number {
    return this.sum(({ runMs }) => runMs);
  }

  private sum(part: (meter: StageMeter) => number): number {
    let sum = 0;
    for (const reference of this.all.values()) {
      const record = reference.deref();
      if (record !== undefined) sum += part(record.meter);
    }
    return sum;
  }

  /** The figures of a stage; undefined where it has not run. */
  statisticsOf(stage: LaneStage): StageStatistics | undefined {
    return this.byStage.get(stage)?.meter.statistics();
  }

  /** The names of the resources that a stage uses, as its workers have told. */
  usedBy(stage: LaneStage): readonly string[] {
    return this.byStage.get(stage)?.used ?? [];
  }

  forget(stage: LaneStage): void {
    this.byStage.delete(stage);
  }

  statistics(): StageStatistics[] {
    return Array.from(this.known(), ({ meter }) => meter.statistics());
  }

  *known(): Generator<StageRecord, void> {
    for (const reference of this.all.values()) {
      const record = reference.deref();
      if (record !== undefined) yield record;
    }
  }
}
