import type { ChunkReport } from "../wire/outcome-body.ts";

/** How long a chunk should keep a worker busy: the way through a broker costs some milliseconds of it. */
const TARGET_MS = 250;
/** Inputs that wait do so together; a worker has so many in flight. */
const WAITING_COUNT = 32;
/** What a batch has at hand when it takes inputs in. */
const MOST_INPUTS = 16_384;
/** How much work is worth a chunk, where there is not enough for all workers otherwise. */
const LEAST_MS = 25;
/** The most that a chunk should weigh, there or back. */
const TARGET_BYTES = 512 * 1024;
/** A cost that was measured on few inputs may be far off. */
const GROWTH = 32;
/** The first chunks: two inputs tell whether they wait side by side. */
const FIRST = 2;
/** How many inputs travel together if nobody will ever know how long they take. */
const BLIND = 100;
/** How much an older measurement counts, compared with a newer one. */
const MEMORY = 0.5;

/** Finds how many inputs travel together: by how long they take, and by what they and their outputs weigh. */
export class ChunkSizer {
  /** Whether the size follows from what was measured. Until then, few chunks should be under way, because they are too small. */
  isFound: boolean;
  private limit: number;
  private recentMs = 0;
  private recentCount = 0;
  private bytesIn = 0;
  private bytesOut = 0;

  /** @param isBlind Whether nothing will come back. */
  constructor(isBlind = false) {
    this.isFound = isBlind;
    this.limit = isBlind ? BLIND : FIRST;
  }

  /** How many inputs the next chunk should have. */
  get count(): number {
    return this.within(this.limit);
  }

  /** How many inputs a chunk should have at least, however few there are for each worker. */
  get least(): number {
    return this.within(Math.ceil((LEAST_MS * this.recentCount) / Math.max(this.recentMs, 0.01)));
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
    const wanted = Math.min(MOST_INPUTS, Math.floor(waits ? Math.max(WAITING_COUNT, fitting) : fitting));
    this.isFound = wanted <= this.limit * GROWTH;
    this.limit = Math.max(1, Math.min(wanted, this.limit * GROWTH));
  }

  /** So many inputs, or as many as are not too heavy. */
  private within(count: number): number {
    const bytes = Math.max(this.bytesIn, this.bytesOut);
    const most = bytes === 0 ? this.limit : Math.min(this.limit, Math.floor(TARGET_BYTES / bytes));
    return Math.max(1, Math.min(count, most));
  }
}

function mixed(before: number, now: number): number {
  return before === 0 ? now : before * MEMORY + now * (1 - MEMORY);
}
