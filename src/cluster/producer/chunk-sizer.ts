import type { ChunkReport } from "../wire/outcome-body.ts";

/** How long a chunk should keep a worker busy: the way through a broker costs some milliseconds of it. */
const TARGET_MS = 250;
/** Inputs that wait do so together; a worker has so many in flight. */
const WAITING_COUNT = 32;
const MOST_INPUTS = 5000;
/** The most that a chunk should weigh, there or back. */
const TARGET_BYTES = 512 * 1024;
/** A cost that was measured on few inputs may be far off. */
const GROWTH = 8;
/** The first chunks: two inputs tell whether they wait side by side. */
const FIRST = 2;
/** How many inputs travel together if nobody will ever know how long they take. */
const BLIND = 100;
/** How much an older measurement counts, compared with a newer one. */
const MEMORY = 0.5;

/** Finds how many inputs travel together: by how long they take, and by what they and their outputs weigh. */
export class ChunkSizer {
  /** Whether any chunk has come back. Until then, few should be under way. */
  isMeasured: boolean;
  private limit: number;
  private recentMs = 0;
  private recentCount = 0;
  private bytesIn = 0;
  private bytesOut = 0;

  /** @param isBlind Whether nothing will come back. */
  constructor(isBlind = false) {
    this.isMeasured = isBlind;
    this.limit = isBlind ? BLIND : FIRST;
  }

  /** How many inputs the next chunk should have. */
  get count(): number {
    const bytes = Math.max(this.bytesIn, this.bytesOut);
    return Math.max(1, Math.min(this.limit, bytes === 0 ? MOST_INPUTS : Math.floor(TARGET_BYTES / bytes)));
  }

  /** A chunk was made. */
  sent(count: number, bytes: number): void {
    this.bytesIn = mixed(this.bytesIn, bytes / count);
  }

  /** A part of an outcome has come. */
  received(count: number, bytes: number): void {
    this.bytesOut = mixed(this.bytesOut, bytes / count);
  }

  /** A chunk of so many inputs was run. Large chunks tell more than small ones, most of whose time is that of the way. */
  ran(count: number, { ranMs, waits }: ChunkReport): void {
    this.recentMs = this.recentMs * MEMORY + ranMs;
    this.recentCount = this.recentCount * MEMORY + count;
    const fitting = (TARGET_MS * this.recentCount) / Math.max(this.recentMs, 0.01);
    const wanted = waits ? Math.max(WAITING_COUNT, fitting) : fitting;
    this.isMeasured = true;
    this.limit = Math.max(1, Math.min(Math.floor(wanted), this.limit * GROWTH, MOST_INPUTS));
  }
}

function mixed(before: number, now: number): number {
  return before === 0 ? now : before * MEMORY + now * (1 - MEMORY);
}
