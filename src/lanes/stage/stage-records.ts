import type { LaneStage, StageStatistics } from "../lane.ts";
import type { StageMeter } from "./stage-meter.ts";
import { StageRecord } from "./stage-record.ts";

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

  /** Inputs that have settled, of all stages that are still held. */
  get settled(): number {
    return this.sum(({ inputs }) => inputs);
  }

  /** The CPU time of those, in milliseconds, as far as workers can tell it. */
  get cpuMs(): number {
    return this.sum(({ cpuMs }) => cpuMs);
  }

  /** How long workers were busy with those, in milliseconds. */
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

  /** What has been measured of a stage; undefined where it has not run. */
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
