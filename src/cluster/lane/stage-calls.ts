import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import type { FeedHandle, InputSource } from "../../core/input-source.ts";
import { abortError, onAbort } from "../../core/signal.ts";
import type { LaneCallOptions } from "../../lanes/lane.ts";
import type { StageMeter } from "../../lanes/stage/stage-meter.ts";
import type { Broker, RunRef } from "../broker.ts";
import type { Received } from "../producer/outstanding.ts";
import { RunChannel } from "../producer/run-channel.ts";
import type { WorkerTally } from "../producer/worker-tally.ts";
import { type ChunkHead, packInput } from "../wire/chunk-body.ts";
import type { InputOutcome } from "../wire/outcome-body.ts";
import type { ModuleStage } from "./module-stage.ts";
import { SentInputs, type Tell, tellSource } from "./sent-inputs.ts";

/** The time in milliseconds in which chunks gather whose outcomes have been told, so that the broker forgets them together. */
const SETTLE_MS = 100;

/** Takes the outcome of one input. */
type Waiter = (outcome: InputOutcome) => void;

/** A call of one input that has not been sent. */
interface Call {
  readonly packed: unknown;
  readonly options: LaneCallOptions;
  readonly waiter: Waiter;
  /** The number of the input in the run, once it has been sent. */
  index?: number;
}

/** Inputs of a batch, and how they are to be run. */
interface Feed {
  readonly source: InputSource;
  readonly options: LaneCallOptions;
  isStopped: boolean;
}

export interface StageCallsOptions {
  readonly stage: ModuleStage;
  readonly label: string;
  readonly broker: Broker;
  readonly meter: StageMeter;
  /** Called when nothing is under way any more. */
  readonly onIdle: () => void;
}

/** The calls of one stage: a run of its own that goes on as long as the lane. */
export class StageCalls {
  private readonly channel: RunChannel;
  private readonly run: RunRef;
  private readonly where: string;
  private readonly calls: Call[] = [];
  private readonly feeds = new Set<Feed>();
  private readonly sent = new SentInputs();
  /** The number of chunks that all workers together run at a time, as far as is known. */
  slots = 0;
  private next = 0;
  private isPlanned = false;
  /** Chunks whose outcomes have been told. */
  private readonly told = new Set<string>();
  private isSettling = false;
  private failure: { readonly error: unknown } | undefined;

  constructor(private readonly options: StageCallsOptions) {
    const { stage, broker, label, meter } = options;
    this.run = { id: `lane-${randomUUID()}`, queue: stage.queue };
    this.where = `the step ${JSON.stringify(label)}`;
    const about = { pipeline: stage.pipeline, host: hostname() };
    this.channel = new RunChannel({ broker, run: this.run, about, where: this.where, meter });
    void this.receive();
  }

  /** Whether the run is over: the next call needs another one. */
  get isOver(): boolean {
    return this.failure !== undefined;
  }

  get tally(): WorkerTally {
    return this.channel.tally;
  }

  /** The number of inputs that have been sent, or wait to be. */
  get pending(): number {
    return this.sent.count + this.calls.length;
  }

  call(input: unknown, options: LaneCallOptions): Promise<unknown> {
    const { signal } = options;
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) throw abortError(signal);
      const packed = packInput(input, this.where);
      let stopWatching: (() => void) | undefined;
      const waiter: Waiter = (outcome) => {
        stopWatching?.();
        if (outcome.status === "fulfilled") resolve(outcome.value);
        else reject(outcome.reason);
      };
      const call: Call = { packed, options, waiter };
      if (signal !== undefined) stopWatching = onAbort(signal, () => this.abort(call, abortError(signal)));
      this.calls.push(call);
      this.plan();
    });
  }

  feed(source: InputSource, options: LaneCallOptions): FeedHandle {
    const { signal } = options;
    const feed: Feed = { source, options, isStopped: false };
    this.feeds.add(feed);
    const stopWatching =
      signal === undefined ? undefined : onAbort(signal, () => this.abortFeed(feed, abortError(signal)));
    return {
      wake: () => this.plan(),
      stop: () => {
        stopWatching?.();
        feed.isStopped = true;
        this.feeds.delete(feed);
      },
    };
  }

  remind(): void {
    this.channel.remindNow();
  }

  async close(reason: unknown): Promise<void> {
    const isBusy = this.sent.count > 0;
    this.fail(reason);
    this.channel.close();
    if (isBusy) await this.options.broker.cancel(this.run).catch(() => {});
    await this.channel.end().catch(() => {});
  }

  /** Calls of one turn travel together. */
  private plan(): void {
    if (this.isPlanned) return;
    this.isPlanned = true;
    queueMicrotask(() => {
      this.isPlanned = false;
      this.pump();
    });
  }

  private pump(): void {
    if (this.failure !== undefined) {
      this.fail(this.failure.error);
      return;
    }
    while (this.hasRoom && this.calls.length > 0) this.sendCalls();
    for (const feed of this.feeds)
      while (this.hasRoom && !feed.isStopped && feed.source.waiting > 0) this.sendFed(feed);
    if (this.pending === 0) this.options.onIdle();
  }

  private get hasRoom(): boolean {
    return this.channel.hasRoom(this.slots);
  }

  /** Sends calls that share a config, beginning with the oldest. */
  private sendCalls(): void {
    const { options } = this.calls[0]!;
    const count = this.share(this.calls.length);
    let end = 1;
    while (end < count && isAlike(this.calls[end]!.options, options)) end++;
    const calls = this.calls.splice(0, end);
    for (const [at, call] of calls.entries()) call.index = this.next + at;
    const inputs = calls.map(({ packed }) => packed);
    this.send(options, inputs, (at, outcome) => calls[at]!.waiter(outcome));
  }

  private sendFed(feed: Feed): void {
    const { source, options } = feed;
    const inputs: unknown[] = [];
    const keys: number[] = [];
    for (let left = this.share(source.waiting); left > 0 && source.waiting > 0; left--) {
      const key = source.take();
      try {
        inputs.push(packInput(source.inputOf(key), this.where));
        keys.push(key);
      } catch (error) {
        source.reject(key, error);
      }
    }
    if (inputs.length > 0) this.send(options, inputs, tellSource(source, keys), feed);
  }

  /** The number of inputs for one chunk, which leaves some for the other workers. */
  private share(waiting: number): number {
    const { count, least } = this.channel.sizer;
    return Math.min(count, waiting, Math.max(least, Math.ceil(waiting / Math.max(1, this.slots))));
  }

  private send({ config, timeoutMs }: LaneCallOptions, inputs: readonly unknown[], tell: Tell, owner?: object): void {
    const from = this.next;
    this.next += inputs.length;
    this.sent.add(from, inputs.length, tell, owner);
    const head: ChunkHead = { exportName: this.options.stage.exportName, config, timeoutMs };
    for (const refused of this.channel.send(from, head, inputs)) this.deliver(refused);
  }

  private async receive(): Promise<void> {
    try {
      for await (const all of this.channel.receive()) {
        for (const received of all) this.deliver(received);
        this.pump();
        for (const { id } of all) if (!this.channel.has(id)) this.told.add(id);
        void this.settleTold();
      }
    } catch (error) {
      this.fail(error);
    }
  }

  /** The outcomes have been told, so the broker may forget them. Nobody waits for that. */
  private async settleTold(): Promise<void> {
    if (this.isSettling) return;
    this.isSettling = true;
    try {
      while (this.told.size > 0) {
        await sleep(SETTLE_MS, undefined, { ref: false });
        const ids = [...this.told];
        this.told.clear();
        await this.channel.settle(ids);
      }
    } catch {
      // The end of the run takes what is left.
    } finally {
      this.isSettling = false;
    }
  }

  private deliver({ from, outcomes }: Received): void {
    this.sent.settle(from, outcomes);
  }

  private abort(call: Call, reason: unknown): void {
    if (call.index === undefined) this.calls.splice(this.calls.indexOf(call), 1);
    else this.sent.drop(call.index);
    call.waiter({ status: "rejected", reason });
    this.plan();
  }

  private abortFeed(feed: Feed, reason: unknown): void {
    this.sent.settleAll({ status: "rejected", reason }, feed);
    this.plan();
  }

  private fail(error: unknown): void {
    this.failure ??= { error };
    for (const { waiter } of this.calls.splice(0)) waiter({ status: "rejected", reason: error });
    this.sent.settleAll({ status: "rejected", reason: error });
    for (const { source } of this.feeds) {
      while (source.waiting > 0) {
        const key = source.take();
        source.inputOf(key);
        source.reject(key, error);
      }
    }
  }
}

/** Whether two calls can be in one chunk. */
function isAlike(one: LaneCallOptions, other: LaneCallOptions): boolean {
  return one.config === other.config && one.timeoutMs === other.timeoutMs;
}
