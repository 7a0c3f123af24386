import type { StageRecord } from "../stage/stage-record.ts";

/** The number of stages that a worker keeps; the one it has known longest is forgotten first. */
const MAX_STAGES = 256;

/** The stages that a worker has been told of. */
export class KnownStages {
  /** The stages that the worker has been told of and has not loaded. */
  readonly loading = new Set<StageRecord>();
  /** The stages whose modules the worker imports now, as it has said. */
  readonly importing = new Set<StageRecord>();
  readonly loaded = new Set<StageRecord>();
  /** The stages whose resources the worker has been told to load. */
  readonly warming = new Set<StageRecord>();
  /** The stages whose resources the worker has loaded. */
  readonly warmed = new Set<StageRecord>();
  /** The stages whose first inputs in the worker have been measured. */
  readonly reported = new WeakSet<StageRecord>();
  /** All stages that the worker knows, by id. */
  readonly known = new Map<number, StageRecord>();

  get all(): Iterable<StageRecord> {
    return this.known.values();
  }

  has(record: StageRecord): boolean {
    return this.known.has(record.id);
  }

  get(id: number): StageRecord | undefined {
    return this.known.get(id);
  }

  add(record: StageRecord): void {
    this.known.set(record.id, record);
    this.loading.add(record);
  }

  onLoaded(record: StageRecord): void {
    this.onLoadEnded(record);
    this.loaded.add(record);
  }

  onLoadEnded(record: StageRecord): void {
    this.loading.delete(record);
    this.importing.delete(record);
  }

  /** Takes out a stage that can be forgotten, when there are too many. */
  surplus(isUsed: (record: StageRecord) => boolean): StageRecord | undefined {
    if (this.known.size <= MAX_STAGES) return undefined;
    for (const record of this.loaded) {
      if (isUsed(record)) continue;
      this.known.delete(record.id);
      this.loaded.delete(record);
      this.warmed.delete(record);
      return record;
    }
    return undefined;
  }
}
