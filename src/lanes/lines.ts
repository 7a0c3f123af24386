import type { Call } from "./call.ts";
import { knownBytes } from "./codec.ts";
import type { StageRecord } from "./stage-record.ts";

/** A chunk does not grow beyond this many bytes, as far as inputs tell theirs. */
const MAX_BYTES = 1 << 20;

/** Calls of one stage and one priority, first come first served. */
export class Line {
  private calls: Call[] = [];
  private head = 0;

  constructor(
    readonly record: StageRecord,
    readonly priority: number,
  ) {}

  /** The call that waits longest. Calls that have settled meanwhile are dropped. */
  first(): Call | undefined {
    const { calls } = this;
    while (this.head < calls.length && calls[this.head]!.settled) this.head++;
    if (this.head === calls.length) {
      this.calls = [];
      this.head = 0;
      return undefined;
    }
    return calls[this.head];
  }

  push(call: Call): void {
    this.calls.push(call);
  }

  /** Puts calls back to where they came from. */
  putBack(calls: readonly Call[]): void {
    this.calls = [...calls, ...this.calls.slice(this.head)];
    this.head = 0;
  }

  /** Takes up to `count` calls out. */
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

  /** Takes all calls out. */
  drain(): Call[] {
    const rest = this.calls.slice(this.head).filter((call) => !call.settled);
    this.calls = [];
    this.head = 0;
    return rest;
  }
}

/** The queue of a pool: a line for each stage and priority that has calls waiting. */
export class Lines {
  /** Calls that wait. */
  size = 0;
  private lines: Line[] = [];
  private last: Line | undefined;

  push(call: Call): void {
    this.size++;
    call.inLine = true;
    this.lineOf(call).push(call);
  }

  putBack(calls: readonly Call[]): void {
    this.size += calls.length;
    const groups = new Map<Line, Call[]>();
    for (const call of calls) {
      call.inLine = true;
      const line = this.lineOf(call);
      const group = groups.get(line);
      if (group === undefined) groups.set(line, [call]);
      else group.push(call);
    }
    for (const [line, group] of groups) line.putBack(group);
  }

  /** The line to serve next: of those with the highest priority, the one whose first call waits longest. */
  next(): Line | null {
    let best: Line | null = null;
    let bestCall: Call | undefined;
    let emptied = false;
    for (const line of this.lines) {
      const call = line.first();
      if (call === undefined) {
        emptied = true;
        continue;
      }
      if (line.record.shipped === undefined) continue;
      if (
        best === null ||
        line.priority > best.priority ||
        (line.priority === best.priority && call.queuedAt < bestCall!.queuedAt)
      ) {
        best = line;
        bestCall = call;
      }
    }
    if (emptied) {
      this.lines = this.lines.filter((line) => line.first() !== undefined);
      this.last = undefined;
    }
    return best;
  }

  take(line: Line, count: number): Call[] {
    const taken = line.take(count);
    for (const call of taken) call.inLine = false;
    this.size -= taken.length;
    return taken;
  }

  /** A call settled while it waited. */
  drop(call: Call): void {
    if (!call.inLine) return;
    call.inLine = false;
    this.size--;
  }

  /** Takes out all calls, or those of one stage. */
  drain(record?: StageRecord): Call[] {
    const drained: Call[] = [];
    for (const line of this.lines) if (record === undefined || line.record === record) drained.push(...line.drain());
    for (const call of drained) call.inLine = false;
    this.size -= drained.length;
    return drained;
  }

  private lineOf({ record, options: { priority = 0 } }: Call): Line {
    const { last } = this;
    if (last !== undefined && last.record === record && last.priority === priority) return last;
    let line = this.lines.find((other) => other.record === record && other.priority === priority);
    if (line === undefined) {
      line = new Line(record, priority);
      this.lines.push(line);
    }
    this.last = line;
    return line;
  }
}
