import type { ChunkReport } from "../wire/outcome-body.ts";

/** The time that a chunk should keep a worker busy, in milliseconds: the way through a broker costs some of it. */
const TARGET_MS = 250;
/** The number of inputs that wait together in a worker. */
const WAITING_COUNT = 32;
const MOST_INPUTS = 5000;
/** The largest size of a chunk or its outcome, in bytes. */
const TARGET_BYTES = 512 * 1024;
/** The factor by which chunks grow at most from one to the next: a cost that was measured on few inputs may be far off. */
const GROWTH = 8;
/** The number of inputs in the first chunks: two tell whether they wait side by side. */
const FIRST = 2;
/** How many inputs travel together if nobody will ever know how long they take. */
const BLIND = 100;
/** The weight of an older measurement, compared with a newer one. */
const MEMORY = 0.5;

/** Finds the number of inputs in a chunk, by their time and by the size of inputs and outputs. */
export class ChunkSizer {
  /** Whether any chunk has come back. Until then, few should be under way. */
  isMeasured: boolean;
  private limit: number;
  private bytesIn = 0;
  private bytesOut = 0;

  /** @param isBlind Whether nothing will come back. */
  constructor(isBlind = false) {
    this.isMeasured = isBlind;
    this.limit = isBlind ? BLIND : FIRST;
  }

  /** The number of inputs for the next chunk. */
  get count(): number {
    const bytes = Math.max(this.bytesIn, this.bytesOut);
    return Math.max(1, Math.min(this.limit, bytes === 0 ? MOST_INPUTS : Math.floor(TARGET_BYTES / bytes)));
  }

  /** Counts a chunk that was made. */
  sent(count: number, bytes: number): void {
    this.bytesIn = mixed(this.bytesIn, bytes / count);
  }

  /** Counts a part of an outcome that has come. */
  received(count: number, bytes: number): void {
    this.bytesOut = mixed(this.bytesOut, bytes / count);
  }

  /** Counts a chunk of so many inputs that was run. */
  ran(count: number, { ranMs, waits }: ChunkReport): void {
    const fitting = (TARGET_MS * count) / Math.max(ranMs, 0.01);
    const wanted = waits ? Math.max(WAITING_COUNT, fitting) : fitting;
    this.isMeasured = true;
    this.limit = Math.max(1, Math.min(Math.floor(wanted), this.limit * GROWTH, MOST_INPUTS));
  }
}

function mixed(before: number, now: number): number {
  return before === 0 ? now : before * MEMORY + now * (1 - MEMORY);
}
