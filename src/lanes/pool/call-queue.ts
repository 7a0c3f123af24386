import type { StageRecord } from "../stage/stage-record.ts";
import type { Call } from "./call.ts";
import { CallLine, type QueueLine } from "./call-line.ts";
import type { SourceLine } from "./source-line.ts";

/** The queue of a pool: a line for each stage and priority that has calls waiting, and for each feed. */
export class CallQueue {
  /** Calls that wait. */
  size = 0;
  private lines: CallLine[] = [];
  private last: CallLine | undefined;
  private readonly feeds = new Set<SourceLine>();

  /** Inputs that wait: calls, and what feeds could give. */
  get waiting(): number {
    let { size } = this;
    for (const feed of this.feeds) size += feed.waiting;
    return size;
  }

  addFeed(feed: SourceLine): void {
    this.feeds.add(feed);
  }

  removeFeed(feed: SourceLine): void {
    this.feeds.delete(feed);
  }

  /** Fails all inputs of feeds, or of the feeds of one stage, now and later. */
  refuseFeeds(errorOf: (label: string) => unknown, meant?: StageRecord): void {
    for (const feed of [...this.feeds])
      if (meant === undefined || feed.record === meant) feed.refuse(errorOf(feed.record.label));
  }

  push(call: Call): void {
    this.size++;
    call.inLine = true;
    this.lineOf(call).push(call);
  }

  putBack(calls: readonly Call[]): void {
    this.size += calls.length;
    const groups = new Map<CallLine, Call[]>();
    for (const call of calls) {
      call.inLine = true;
      const line = this.lineOf(call);
      const group = groups.get(line);
      if (group === undefined) groups.set(line, [call]);
      else group.push(call);
    }
    for (const [line, group] of groups) line.putBack(group);
  }

  /** The line to serve next: of those with the highest priority, the one whose first input waits longest. */
  next(): QueueLine | null {
    let best: QueueLine | null = null;
    let bestSince = 0;
    let emptied = false;
    const look = (line: QueueLine): boolean => {
      const { since } = line;
      if (since === undefined) return false;
      if (line.record.shipped === undefined) return true;
      if (best === null || line.priority > best.priority || (line.priority === best.priority && since < bestSince)) {
        best = line;
        bestSince = since;
      }
      return true;
    };
    for (const line of this.lines) if (!look(line)) emptied = true;
    for (const feed of this.feeds) look(feed);
    if (emptied) {
      this.lines = this.lines.filter((line) => line.since !== undefined);
      this.last = undefined;
    }
    return best;
  }

  take(line: QueueLine, count: number): Call[] {
    const taken = line.take(count);
    if (line instanceof CallLine) this.tookOut(taken);
    return taken;
  }

  /** A call settled while it waited. */
  drop(call: Call): void {
    if (!call.inLine) return;
    call.inLine = false;
    this.size--;
  }

  /** Takes out all that wait, or those of one stage. */
  drain(record?: StageRecord): Call[] {
    const isMeant = (line: QueueLine) => record === undefined || line.record === record;
    const calls = this.lines.filter(isMeant).flatMap((line) => line.drain());
    this.tookOut(calls);
    return [...calls, ...[...this.feeds].filter(isMeant).flatMap((feed) => feed.drain())];
  }

  private tookOut(calls: readonly Call[]): void {
    for (const call of calls) call.inLine = false;
    this.size -= calls.length;
  }

  private lineOf({ record, options: { priority = 0 } }: Call): CallLine {
    const { last } = this;
    if (last !== undefined && last.record === record && last.priority === priority) return last;
    let line = this.lines.find((other) => other.record === record && other.priority === priority);
    if (line === undefined) {
      line = new CallLine(record, priority);
      this.lines.push(line);
    }
    this.last = line;
    return line;
  }
}
