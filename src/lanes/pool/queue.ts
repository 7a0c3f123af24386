import type { StageRecord } from "../stage/stage-record.ts";
import type { Call } from "./call.ts";
import { CallLine, type QueueLine, type SourceLine } from "./queue-lines.ts";
import type { StreamCall } from "./stream-call.ts";

/** The number of lines up to which empty ones are kept: a caller who makes one call after the other needs the same one again. */
const MAX_LINES = 4;

/**
 * Everything of a pool that no worker has. An input that has not settled is either in a chunk or stream of one worker, or here, in
 * exactly one of four places:
 *
 * 1. a line of single calls, one for each stage and priority;
 * 2. a source, which keeps its inputs until a worker has room for them, and gets those back that a lost worker had not finished as
 *    single calls;
 * 3. the streams that have not been opened;
 * 4. the suspects: groups of calls of which one may have ended a worker. Each group runs in a worker of its own.
 */
export class PoolQueue {
  /** The number of single calls that wait in lines. */
  calls = 0;
  private lines: CallLine[] = [];
  private lastLine: CallLine | undefined;
  private readonly sources = new Set<SourceLine>();
  /** Streams that wait for a worker. */
  streams: readonly StreamCall[] = [];
  /** Groups of suspects that wait for a worker of their own. */
  suspects: readonly (readonly Call[])[] = [];

  /** The number of inputs that wait for a worker with room for a chunk. */
  get inputs(): number {
    let count = this.calls;
    for (const source of this.sources) count += source.waiting;
    return count;
  }

  /** The number of all inputs that wait. */
  get size(): number {
    let count = this.inputs + this.streams.length;
    for (const group of this.suspects) for (const call of group) if (!call.settled) count++;
    return count;
  }

  push(call: Call): void {
    this.calls++;
    call.inLine = true;
    this.lineOf(call).push(call);
  }

  /** Takes calls back from a worker: they are the next of their lines. */
  putBack(calls: readonly Call[]): void {
    this.calls += calls.length;
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

  pushSource(source: SourceLine): void {
    this.sources.add(source);
  }

  dropSource(source: SourceLine): void {
    this.sources.delete(source);
  }

  pushStream(stream: StreamCall): void {
    this.streams = [...this.streams, stream];
  }

  dropStream(stream: StreamCall): void {
    this.streams = this.streams.filter((other) => other !== stream);
  }

  /** Adds calls of which one may have ended their worker: they run again in halves. */
  pushSuspects(calls: Call[]): void {
    for (const call of calls) call.suspicions++;
    const middle = Math.ceil(calls.length / 2);
    const halves = [calls.slice(0, middle), calls.slice(middle)];
    this.suspects = [...this.suspects, ...halves.filter(({ length }) => length > 0)];
  }

  /** Takes out a call that has settled while it waited in its line. */
  drop(call: Call): void {
    if (!call.inLine) return;
    call.inLine = false;
    this.calls--;
  }

  /** The line to serve next: of those with the highest priority, the one whose first input waits longest. */
  next(): QueueLine | null {
    let best: QueueLine | null = null;
    let bestSince = 0;
    if (this.lines.length > MAX_LINES) this.dropEmptyLines();
    for (const lines of this.sources.size > 0 ? [this.lines, this.sources] : [this.lines]) {
      for (const line of lines) {
        const { since, priority } = line;
        if (since === undefined || line.record.shipped === undefined) continue;
        if (best !== null && (priority < best.priority || (priority === best.priority && since >= bestSince))) continue;
        best = line;
        bestSince = since;
      }
    }
    return best;
  }

  take(line: QueueLine, count: number): Call[] {
    const taken = line.take(count);
    if (line instanceof CallLine) this.tookOut(taken);
    return taken;
  }

  /** Takes out the stream that waits longest and whose stage can be sent. */
  takeStream(): StreamCall | undefined {
    const stream = this.streams.find(({ record }) => record.shipped !== undefined);
    if (stream !== undefined) this.dropStream(stream);
    return stream;
  }

  /** The first group of suspects that have not settled; undefined when there is none. {@link takeSuspects} takes it out. */
  get firstSuspects(): Call[] | undefined {
    for (;;) {
      const [first] = this.suspects;
      if (first === undefined) return undefined;
      const group = first.filter((call) => !call.settled);
      if (group.length > 0) return group;
      this.takeSuspects();
    }
  }

  takeSuspects(): void {
    this.suspects = this.suspects.slice(1);
  }

  /** Fails all inputs that wait now. Sources may go on with inputs that come later. */
  fail(errorOf: (label: string) => unknown): void {
    this.failMeant(errorOf, () => true);
    for (const source of this.sources) for (const call of source.drain()) call.reject(errorOf(source.record.label));
  }

  /** Fails all inputs that wait for a stage, or for any, and those that sources have later. */
  refuse(errorOf: (label: string) => unknown, stage?: StageRecord): void {
    const isMeant = ({ record }: { readonly record: StageRecord }): boolean => stage === undefined || record === stage;
    this.failMeant(errorOf, isMeant);
    for (const source of [...this.sources]) if (isMeant(source)) source.refuse(errorOf(source.record.label));
  }

  private failMeant(
    errorOf: (label: string) => unknown,
    isMeant: (one: { readonly record: StageRecord }) => boolean,
  ): void {
    const calls = this.lines.filter(isMeant).flatMap((line) => line.drain());
    this.tookOut(calls);
    const suspects = this.suspects.flat().filter(isMeant);
    const others = this.suspects.map((group) => group.filter((call) => !isMeant(call)));
    this.suspects = others.filter(({ length }) => length > 0);
    for (const call of [...suspects, ...calls]) call.reject(errorOf(call.record.label));
    const streams = this.streams.filter(isMeant);
    this.streams = this.streams.filter((stream) => !isMeant(stream));
    for (const stream of streams) stream.lost(errorOf(stream.record.label));
  }

  private dropEmptyLines(): void {
    this.lines = this.lines.filter((line) => line.since !== undefined);
    this.lastLine = undefined;
  }

  private tookOut(calls: readonly Call[]): void {
    for (const call of calls) call.inLine = false;
    this.calls -= calls.length;
  }

  private lineOf({ record, options: { priority = 0 } }: Call): CallLine {
    const { lastLine } = this;
    if (lastLine !== undefined && lastLine.record === record && lastLine.priority === priority) return lastLine;
    let line = this.lines.find((other) => other.record === record && other.priority === priority);
    if (line === undefined) {
      line = new CallLine(record, priority);
      this.lines.push(line);
    }
    this.lastLine = line;
    return line;
  }
}
