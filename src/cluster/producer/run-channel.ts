import { rejected } from "../../batching/outcome.ts";
import { runlaneError } from "../../core/errors/errors.ts";
import type { StageMeter } from "../../lanes/stage/stage-meter.ts";
import type { Broker, OutcomePart, RunAbout, RunRef } from "../broker.ts";
import { type ChunkHead, decodeHead, decodeInputs, encodeChunk } from "../wire/chunk-body.ts";
import { type ChunkReport, decodeOutcomes, type InputOutcome, type OutcomeMessage } from "../wire/outcome-body.ts";
import { MOST_BYTES, tooLarge } from "../wire/too-large.ts";
import { type ChunkRange, chunkId, firstId, idAgain, rangeOf } from "./chunk-id.ts";
import { ChunkSizer } from "./chunk-sizer.ts";
import { isComplete, type Outstanding, type Received } from "./outstanding.ts";
import { Speculation } from "./speculation.ts";
import { WorkerTally } from "./worker-tally.ts";

/** The time in milliseconds after which a chunk without an outcome is submitted again, which changes nothing where it is still there. */
const REMIND_MS = 10_000;
const MOST_REMIND_MS = 300_000;
/** The number of bytes that are submitted at once. */
const BATCH_BYTES = 4 * 1024 * 1024;
const BATCH_CHUNKS = 100;
/** A chunk of several inputs weighs so much at most. */
const CHUNK_BYTES = 1024 * 1024;
/** The number of bytes that are outstanding at most. */
const MOST_OUTSTANDING_BYTES = 64 * 1024 * 1024;
/** The number of outstanding chunks for each that workers run at a time. */
const CHUNKS_PER_SLOT = 4;
/** The number of chunks that may be outstanding however few workers there are. */
const LEAST_CHUNKS = 16;
/** The number of chunks that may be outstanding before it is known how large they should be. */
const FIRST_CHUNKS = 4;
/** Runs that somebody waits for come before those that wait for nobody. */
const LATER = 1;
/** The number of parts into which a chunk is split whose workers died. */
const SPLIT = 8;

/** The report on inputs that no worker has seen. */
const NOBODY: ChunkReport = { host: "", pid: 0, ranMs: 0, waits: false, earlierAttempts: 0 };

export interface RunChannelOptions {
  readonly broker: Broker;
  readonly run: RunRef;
  readonly about: RunAbout;
  /** The name of the pipeline in errors. */
  readonly where: string;
  readonly meter: StageMeter;
  /** Whether what is safe at the broker is none of this end's business any more. @default false */
  readonly detached?: boolean | undefined;
  readonly now?: (() => number) | undefined;
}

/**
 * The producer's end of a run: chunks go out, outcomes come in, of each input at least once. It keeps what is outstanding, so that nothing
 * is lost with a broker that loses what it has promised; and it splits chunks whose workers died until the guilty input is alone.
 */
export class RunChannel {
  readonly sizer: ChunkSizer;
  private readonly speculation = new Speculation();
  /** The counts of inputs by worker. */
  readonly tally = new WorkerTally();
  /** Called when chunks of a detached run are safe at the broker. */
  onSubmitted: (() => void) | undefined;
  /** The size of all outstanding chunks, in bytes. */
  private bytes = 0;
  private readonly outstanding = new Map<string, Outstanding>();
  private waiting: Outstanding[] = [];
  private submitting: Promise<void> | undefined;
  /** Whether the broker knows of the run, as far as is known here. */
  private hasBegun = false;
  /** The chunks that were submitted last. */
  private batch: { readonly ids: ReadonlySet<string>; readonly done: Promise<unknown> } | undefined;
  private readonly closing = new AbortController();
  private failure: { readonly error: unknown } | undefined;
  private readonly reminder: NodeJS.Timeout;
  private readonly now: () => number;

  constructor(private readonly options: RunChannelOptions) {
    this.sizer = new ChunkSizer(options.detached);
    this.now = options.now ?? (() => performance.now());
    this.reminder = setInterval(() => this.remind(), REMIND_MS / 4);
    this.reminder.unref();
  }

  /** The number of outstanding chunks. */
  private get chunks(): number {
    return this.outstanding.size;
  }

  /**
   * Whether more should be sent now: some chunks for each that workers run at a time, few before anything is known of them, and not more
   * bytes than fit into memory.
   *
   * @param slots The number of chunks that all workers together run at a time.
   */
  hasRoom(slots: number): boolean {
    const { chunks, bytes, sizer } = this;
    const most = sizer.isFound ? Math.max(LEAST_CHUNKS, CHUNKS_PER_SLOT * slots) : Math.max(FIRST_CHUNKS, slots);
    return chunks < most && bytes < MOST_OUTSTANDING_BYTES;
  }

  /** Whether a chunk has no outcome yet. */
  has(id: string): boolean {
    return this.outstanding.has(id);
  }

  /**
   * Sends inputs, which {@link packInput} has made ready.
   *
   * @returns The outcomes of those that are too large: RUNLANE_VALUE_TOO_LARGE.
   */
  send(from: number, head: ChunkHead, inputs: readonly unknown[]): Received[] {
    const body = encodeChunk({ ...head, mayReturn: this.options.detached !== true }, inputs);
    const { byteLength } = body;
    const range = { from, count: inputs.length };
    if (byteLength > CHUNK_BYTES && inputs.length > 1) {
      const half = Math.ceil(inputs.length / 2);
      return [...this.send(from, head, inputs.slice(0, half)), ...this.send(from + half, head, inputs.slice(half))];
    }
    if (byteLength > MOST_BYTES) {
      const reason = tooLarge(`The input of ${this.options.where}`, byteLength);
      return [{ ...range, id: chunkId(range), outcomes: [rejected(reason)], report: NOBODY }];
    }
    this.sizer.sent(inputs.length, byteLength);
    this.options.meter.carried(byteLength);
    this.put(range, body);
    return [];
  }

  /** Resolves when all inputs that were sent are safe at the broker. */
  async flushed(): Promise<void> {
    while (this.submitting !== undefined) await this.submitting;
    if (this.failure !== undefined) throw this.failure.error;
  }

  /** The outcomes as they come in. @throws The errors of the broker, RUNLANE_RUN_CANCELLED above all. */
  async *receive(): AsyncGenerator<Received[]> {
    const { broker, run } = this.options;
    try {
      for await (const parts of broker.outcomes(run, { signal: this.closing.signal })) {
        const received = parts.flatMap((part) => this.take(part));
        if (received.length > 0) yield received;
      }
    } catch (error) {
      this.failure ??= { error };
    }
    if (this.failure !== undefined) throw this.failure.error;
  }

  /** The records of these chunks are safe. What is being submitted again at this moment is there first, or it would stay. */
  async settle(ids: readonly string[]): Promise<void> {
    const { broker, run } = this.options;
    if (this.batch !== undefined && ids.some((id) => this.batch!.ids.has(id))) await this.batch.done;
    await broker.settle(run, ids);
  }

  /** Nobody wants anything of the run any more. */
  async end(): Promise<void> {
    const { broker, run } = this.options;
    this.close();
    await this.submitting;
    // Of two attempts at a chunk, the slower one is in vain.
    const vain = [...this.speculation.decided].flatMap((id) => [id, idAgain(id)]);
    if (vain.length > 0) await broker.cancel(run, vain);
    await broker.end(run);
  }

  /**
   * Sends chunks a second time that take long, where workers have nothing else to do.
   *
   * @param slots The number of chunks that all workers together run at a time.
   */
  speculate(slots: number): void {
    const picked = this.speculation.pick(this.outstanding.values(), slots - this.chunks, this.now());
    for (const chunk of picked) this.waiting.push({ ...chunk, id: idAgain(chunk.id) });
    this.tally.sentAgain(picked.reduce((sum, { count }) => sum + count, 0));
    this.submit();
  }

  /** Forgets everything up to an index, whose outcomes are not needed any more. */
  passed(index: number): void {
    for (const chunk of this.outstanding.values()) if (chunk.from + chunk.count <= index) this.drop(chunk);
  }

  /** Sends chunks again that the broker has lost while it was away. */
  remindNow(): void {
    for (const chunk of this.outstanding.values()) chunk.remindAt = 0;
    this.remind();
  }

  /** Stops to send and to receive. */
  close(): void {
    clearInterval(this.reminder);
    this.closing.abort();
  }

  private put(range: ChunkRange, body: Uint8Array): void {
    const id = chunkId(range);
    if (this.outstanding.has(id)) return;
    const sentAt = this.now();
    const chunk: Outstanding = { ...range, id, body, sentAt, remindMs: REMIND_MS, remindAt: sentAt + REMIND_MS };
    this.outstanding.set(id, chunk);
    this.bytes += body.byteLength;
    this.waiting.push(chunk);
    this.submit();
  }

  private submit(): void {
    if (this.submitting !== undefined || this.waiting.length === 0) return;
    // In a moment there may be more.
    this.submitting = Promise.resolve()
      .then(() => this.submitWaiting())
      .catch((error) => this.fail(error))
      .finally(() => {
        this.submitting = undefined;
        if (this.failure === undefined) this.submit();
      });
  }

  private async submitWaiting(): Promise<void> {
    const { broker, run, about, detached = false } = this.options;
    if (!this.hasBegun) await broker.begin(run, about);
    this.hasBegun = true;
    while (this.waiting.length > 0 && !this.closing.signal.aborted) {
      let count = 0;
      for (let bytes = 0; count < this.waiting.length && count < BATCH_CHUNKS && bytes < BATCH_BYTES; count++)
        bytes += this.waiting[count]!.body.byteLength;
      const chunks = this.waiting.splice(0, count);
      const batch = broker.submit(
        run,
        detached ? chunks.map(({ id, body }) => ({ id, body, priority: LATER })) : chunks,
      );
      this.batch = { ids: new Set(chunks.map(({ id }) => id)), done: batch.catch(() => {}) };
      await batch;
      if (!detached) continue;
      for (const chunk of chunks) this.drop(chunk);
      this.onSubmitted?.();
    }
  }

  private fail(error: unknown): void {
    this.failure ??= { error };
    this.closing.abort();
  }

  private remind(): void {
    const now = this.now();
    const queued = new Set(this.waiting);
    for (const chunk of this.outstanding.values()) {
      if (chunk.remindAt > now || queued.has(chunk)) continue;
      chunk.remindMs = Math.min(chunk.remindMs * 2, MOST_REMIND_MS);
      chunk.remindAt = now + chunk.remindMs;
      this.waiting.push(chunk);
      // A broker that has lost the chunk has lost the run as well.
      this.hasBegun = false;
    }
    this.submit();
  }

  private take({ id, body }: OutcomePart): Received[] {
    const range = rangeOf(id);
    // Somebody else's chunk.
    if (range === undefined) return [];
    const message = decodeOutcomes(body);
    const chunk = this.outstanding.get(firstId(id));
    if (message.crashed === true) return this.split(id, range, chunk, message);
    const { from, outcomes, report } = message;
    this.sizer.received(outcomes.length, body.byteLength);
    const { left = 0 } = report;
    if (from === 0) this.sizer.ran(range.count - left, report);
    this.tally.add(report, outcomes.length, chunk !== undefined);
    this.measure(outcomes, report, chunk?.sentAt, body.byteLength);
    if (chunk !== undefined && isComplete(chunk, from, outcomes.length, left)) {
      this.speculation.took(chunk.id, this.now() - chunk.sentAt);
      this.drop(chunk);
      if (left > 0) this.sendRest(chunk, left);
    }
    // As with a crash: whoever reads on sends the chunk afresh.
    if (chunk === undefined && left > 0) void this.settle([id]).catch(() => {});
    return [{ id, from: range.from + from, count: outcomes.length, outcomes, report }];
  }

  private measure(
    outcomes: readonly InputOutcome[],
    { ranMs }: ChunkReport,
    sentAt: number | undefined,
    bytes: number,
  ): void {
    const { meter } = this.options;
    const count = outcomes.length;
    const failed = outcomes.filter(({ status }) => status === "rejected").length;
    meter.carried(bytes);
    if (sentAt !== undefined)
      meter.sent(new Array(count).fill({ queuedAt: sentAt }), Math.max(sentAt, this.now() - ranMs));
    meter.reported(count, count, failed, ranMs, 0);
  }

  /** Splits a chunk whose workers died, to run again in parts; an input that is alone in it is to blame. */
  private split(id: string, range: ChunkRange, chunk: Outstanding | undefined, { report }: OutcomeMessage): Received[] {
    // What this end does not know of yet is submitted afresh when it does.
    void this.settle([id]).catch(() => {});
    if (chunk === undefined) return [];
    this.drop(chunk);
    if (range.count === 1) {
      const reason = `the process or the machine of each of the ${report.earlierAttempts} workers that had it was gone`;
      const error = runlaneError("RUNLANE_WORKER_CRASHED", { where: this.options.where, reason });
      return [{ ...range, id, outcomes: [{ status: "rejected", reason: error }], report }];
    }
    // One death more is enough to look closer, but not to blame an input.
    this.cut(chunk, 0, Math.ceil(range.count / SPLIT), (count) => ({ deaths: count > 1 ? 1 : undefined }));
    return [];
  }

  /** Sends the inputs that a worker has given back, in chunks of the size that suits them by now. */
  private sendRest(chunk: Outstanding, left: number): void {
    this.cut(chunk, chunk.count - left, this.sizer.count, () => ({}));
  }

  /** Sends the inputs of a chunk from a place on in smaller ones. @param headOf What is new about one of so many inputs. */
  private cut(chunk: Outstanding, start: number, size: number, headOf: (count: number) => Partial<ChunkHead>): void {
    const [head, inputs] = [decodeHead(chunk.body), decodeInputs(chunk.body)];
    for (let at = start; at < inputs.length; at += size) {
      const some = inputs.slice(at, at + size);
      this.put({ from: chunk.from + at, count: some.length }, encodeChunk({ ...head, ...headOf(some.length) }, some));
    }
  }

  private drop(chunk: Outstanding): void {
    if (!this.outstanding.delete(chunk.id)) return;
    this.bytes -= chunk.body.byteLength;
    this.speculation.forget(chunk.id);
    const at = this.waiting.findIndex(({ id }) => firstId(id) === chunk.id);
    if (at >= 0) this.waiting.splice(at, 1);
  }
}
