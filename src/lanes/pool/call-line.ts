import { knownBytes } from "../protocol/codec.ts";
import type { StageRecord } from "../stage/stage-record.ts";
import type { Call } from "./call.ts";

/** A chunk does not grow beyond this many bytes, as far as inputs tell theirs. */
export const MAX_BYTES = 1 << 20;

/** Inputs of one stage and one priority that wait. */
export interface QueueLine {
  readonly record: StageRecord;
  readonly priority: number;
  /** Since when the first of them waits, in milliseconds of `performance.now()`; undefined when there is none. */
  readonly since: number | undefined;
  /** Takes up to `count` of them out. */
  take(count: number): Call[];
  /** Takes all of them out. */
  drain(): Call[];
}

/** Calls of one stage and one priority, first come first served. */
export class CallLine implements QueueLine {
  private calls: Call[] = [];
  private head = 0;

  constructor(
    readonly record: StageRecord,
    readonly priority: number,
  ) {}

  /** Calls that have settled meanwhile are dropped. */
  get since(): number | undefined {
    const { calls } = this;
    while (this.head < calls.length && calls[this.head]!.settled) this.head++;
    if (this.head === calls.length) {
      this.calls = [];
      this.head = 0;
      return undefined;
    }
    return calls[this.head]!.queuedAt;
  }

  push(call: Call): void {
    this.calls.push(call);
  }

  /** Puts calls back to where they came from. */
  putBack(calls: readonly Call[]): void {
    this.calls = [...calls, ...this.calls.slice(this.head)];
    this.head = 0;
  }

  take(count: number): Call[] {
    const { calls } = this;
    const taken: Call[] = [];
    let bytes = 0;
    while (taken.length < count && this.head < calls.length && bytes < MAX_BYTES) {
      const call = calls[this.head++]!;
      if (call.settled) continue;
      bytes += knownBytes(call.input);
      taken.push(call);
    }
    // What was taken must not stay in memory until the line is empty.
    if (this.head > 8192 && this.head * 2 > calls.length) {
      this.calls = calls.slice(this.head);
      this.head = 0;
    }
    return taken;
  }

  drain(): Call[] {
    const rest = this.calls.slice(this.head).filter((call) => !call.settled);
    this.calls = [];
    this.head = 0;
    return rest;
  }
}
