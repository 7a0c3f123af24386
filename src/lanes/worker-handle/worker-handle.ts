import { type Chunk, runMessage } from "../pool/chunk.ts";
import { laneChannel, publish } from "../pool/lane-events.ts";
import type { StreamCall } from "../pool/stream-call.ts";
import { packReason, unpackError } from "../protocol/codec.ts";
import type { FromWorker, ReportMessage, ToWorker } from "../protocol/messages.ts";
import { CLAIM_SLOTS } from "../protocol/shared-state.ts";
import type { Transport, WorkerConnection, WorkerEnd, WorkerEvents, WorkerProgress } from "../protocol/transport.ts";
import type { StageRecord } from "../stage/stage-record.ts";
import { InFlight } from "./in-flight.ts";
import { KnownStages } from "./known-stages.ts";
import { liveWorkers, stacks } from "./live-workers.ts";
import { Timers } from "./timers.ts";
import { Watchdog, type Watched } from "./watchdog.ts";
import type { WorkerListener } from "./worker-listener.ts";
import { WorkerLoads } from "./worker-loads.ts";

/** The share of `graceMs` in which a worker that is to end may dispose of its resources. The rest is for its exit. */
export const STOP_SHARE = 0.8;
/** The factor on `startTimeoutMs` for a worker that has given no sign of life yet: the machine may be starting many at once. */
const FIRST_SIGN_FACTOR = 6;

/** The parent's view of one worker: its state, its chunks and streams, and its messages. */
export class WorkerHandle implements WorkerEvents, Watched {
  state: "starting" | "ready" | "ending" = "starting";
  /** Whether the worker is given nothing new, so that suspects get it once it is idle. Set by {@link Workers}. */
  isHeld = false;
  /** Whether the worker is given nothing new, and ends once it has nothing to do. */
  isRecycled = false;
  /** The reason why the pool ended the worker; undefined when the worker ended by itself. */
  killedFor: unknown;
  /** Whether the pool ended the worker for its silence. */
  isSilent = false;
  /** Whether the worker has ever been ready. */
  wasReady = false;
  /** Whether the worker ends because it is not needed any more. */
  wasAskedToEnd = false;
  /** Whether the worker ends if it stays idle for long. */
  isIdling = false;
  /** The number of inputs that the worker has been given. */
  served = 0;
  /** The number of messages that the worker has been sent. */
  sent = 0;
  readonly inFlight = new InFlight();
  readonly stages = new KnownStages();
  readonly loads: WorkerLoads;
  readonly sharesMemory: boolean;
  readonly watchdog: Watchdog;
  readonly connection: WorkerConnection;
  private readonly timers = new Timers();
  private readonly startedAt = performance.now();
  private lastWords: Extract<FromWorker, { type: "dying" }> | undefined;
  private idleSince = 0;
  private nextClaimSlot = 0;

  /** @throws When the worker cannot be started at all. */
  constructor(
    transport: Transport,
    private readonly listener: WorkerListener,
    /** The worker's number in its lane, from 1 on. */
    readonly number: number,
  ) {
    const { startTimeoutMs } = listener.settings;
    this.sharesMemory = transport.sharesMemory;
    this.watchdog = new Watchdog(this);
    this.loads = new WorkerLoads(this, listener, this.stages, this.timers);
    this.connection = transport.start(this);
    liveWorkers.add(this);
    this.limitStart(FIRST_SIGN_FACTOR * startTimeoutMs);
    if (laneChannel.hasSubscribers) publish({ event: "worker-started", lane: listener.name, worker: number });
  }

  /** The time that a call may go on after it was told to end, in milliseconds. */
  get graceMs(): number {
    return this.listener.settings.graceMs;
  }

  /** The number of chunks and streams that the worker has. */
  get load(): number {
    return this.inFlight.chunks.size + this.inFlight.streams.size;
  }

  get isIdle(): boolean {
    return this.load === 0 && this.stages.warming.size === 0;
  }

  /** Whether the worker could take a chunk now. */
  get isFree(): boolean {
    if (this.state !== "ready" || this.isHeld || this.isRecycled) return false;
    return this.load === 0 || this.inFlight.hasRoom;
  }

  /** The number of inputs of a stage that the worker may still get. */
  roomFor({ meter }: StageRecord): number {
    const left = this.listener.settings.maxInputsPerWorker - this.served;
    return Math.max(1, meter.waits ? Math.min(left, this.inFlight.roomForWaiting) : left);
  }

  /**
   * Sends a chunk to the worker.
   *
   * @throws When an input cannot be sent. Nothing has been sent then.
   */
  run(chunk: Chunk): void {
    if (!this.stages.known.has(chunk.record.id)) this.loads.teach(chunk.record);
    const transfer: unknown[] = [];
    chunk.claimSlot = this.nextClaimSlot++ % CLAIM_SLOTS;
    const message = runMessage(chunk, this.sharesMemory, transfer);
    this.connection.offer?.(chunk.claimSlot, chunk.id);
    this.send(message, transfer);
    this.inFlight.chunks.set(chunk.id, chunk);
    this.served += chunk.calls.length;
    if (message.timed)
      for (const call of chunk.calls) if (call.options.timeoutMs !== undefined) this.watchdog.watch(call);
    if (this.served >= this.listener.settings.maxInputsPerWorker) this.isRecycled = true;
  }

  /** @throws When the input cannot be sent. */
  open(stream: StreamCall): void {
    if (!this.stages.has(stream.record)) this.loads.teach(stream.record);
    stream.start(this);
    stream.messagesBefore = this.sent;
    this.inFlight.streams.set(stream.id, stream);
    if (++this.served >= this.listener.settings.maxInputsPerWorker) this.isRecycled = true;
  }

  send(message: ToWorker, transfer?: readonly unknown[]): void {
    this.connection.send(message, transfer);
    this.sent++;
  }

  /** Asks all running calls to end, and ends the worker when they do not. */
  stopAll(errorOf: (label: string) => unknown): void {
    for (const chunk of this.inFlight.chunks.values()) {
      const reason = packReason(errorOf(chunk.record.label));
      for (const { index } of chunk.remaining()) this.sendQuietly({ type: "cancel", chunk: chunk.id, index, reason });
    }
    for (const stream of this.inFlight.streams.values()) stream.stop(errorOf(stream.record.label));
    this.timers.set(this, this.graceMs, () => this.kill(new Error("The lane was closed by force.")));
  }

  /** The lines of the worker's stack, if it tells them in time and somebody watches. */
  stack(withinMs: number): Promise<string[] | undefined> | undefined {
    const { threadId } = this.connection;
    return threadId === undefined ? undefined : stacks.read?.(threadId, withinMs);
  }

  /** The input whose function the worker runs now, where that can be seen. */
  get running(): { readonly label: string; readonly chunk: number; readonly index: number } | undefined {
    const progress = this.connection.progress();
    if (progress?.running !== true) return undefined;
    const { chunk, index } = progress;
    const label = this.inFlight.chunks.get(chunk)?.record.label;
    return label === undefined ? undefined : { label, chunk, index };
  }

  /** The point that the worker had reached when it ended. */
  lastProgress(): Pick<WorkerProgress, "chunk" | "index" | "running"> | null {
    const progress = this.connection.progress();
    if (progress !== null || this.lastWords === undefined) return progress;
    const { chunk, index } = this.lastWords;
    // Between two inputs: those of the chunk have all started.
    return index >= 0 ? { chunk, index, running: true } : { chunk, index: Number.MAX_SAFE_INTEGER, running: false };
  }

  /** Gives the worker nothing new, and ends it once it has nothing to do. */
  recycle(): void {
    this.isRecycled = true;
    if (this.isIdle) this.end();
  }

  /** Asks the worker to end, and kills it when it does not. */
  end(): void {
    if (this.state === "ending") return;
    this.state = "ending";
    this.wasAskedToEnd = true;
    this.sendQuietly({ type: "stop", withinMs: this.graceMs * STOP_SHARE });
    this.timers.set(this, this.graceMs, () => this.kill(new Error("It did not stop.")));
  }

  /** Ends the worker now. */
  kill(reason: unknown = new Error("A call in it did not end.")): void {
    if (this.killedFor !== undefined) return;
    this.killedFor = reason;
    this.wasReady ||= this.state !== "starting";
    this.state = "ending";
    this.connection.kill();
  }

  /** Whether the worker, having received so many messages, has begun something that is not finished. */
  isAtWork(received: number): boolean {
    return this.loads.isLoading(received) || this.inFlight.hasBegun(received, this.connection.progress());
  }

  /** Ends the worker for its silence. */
  killSilent(silenceMs: number): void {
    this.isSilent = true;
    this.kill(new Error(`It gave no sign of life for ${silenceMs} ms.`));
  }

  onAlive(): void {
    if (this.state === "starting") this.limitStart(this.listener.settings.startTimeoutMs);
  }

  onMessage(message: FromWorker): void {
    switch (message.type) {
      case "report":
        this.report(message);
        break;
      case "ready":
        this.becameReady();
        break;
      case "loading":
      case "loaded":
      case "unloadable":
      case "warmed":
      case "resource":
        this.loads.receive(message);
        break;
      case "hint":
        this.hinted(message);
        break;
      case "chunks":
        this.inFlight.streams.get(message.stream)?.receive(message.values);
        break;
      case "end":
        this.streamEnded(message);
        break;
      case "dying":
        this.lastWords ??= message;
    }
  }

  private limitStart(ms: number): void {
    this.timers.set(this, ms, () => this.kill(new Error(`It was not ready after ${ms} ms.`)));
  }

  private hinted({ text, stage }: Extract<FromWorker, { type: "hint" }>): void {
    if (stage !== undefined) this.stages.get(stage)?.meter.hint(text);
    else for (const { record } of this.inFlight.chunks.values()) record.meter.hint(text);
  }

  private becameReady(): void {
    this.wasReady = true;
    this.timers.clear(this);
    if (this.state !== "starting") return;
    this.state = "ready";
    const { name } = this.listener;
    if (laneChannel.hasSubscribers)
      publish({ event: "worker-ready", lane: name, worker: this.number, startMs: performance.now() - this.startedAt });
    this.listener.onWorkerReady(this);
    this.changed();
  }

  private streamEnded({ stream: id, failed, error }: Extract<FromWorker, { type: "end" }>): void {
    const stream = this.inFlight.streams.get(id);
    if (stream === undefined) return;
    this.inFlight.streams.delete(id);
    stream.ended(failed, error);
    this.changed();
  }

  private report(message: ReportMessage): void {
    const chunk = this.inFlight.chunks.get(message.chunk);
    if (chunk === undefined) return;
    const { record, started: startedBefore, returned } = chunk;
    const { meter } = record;
    const failed = chunk.take(message);
    const started = chunk.started - startedBefore;
    const settled = message.values.length;
    if (!this.stages.reported.has(record)) {
      this.stages.reported.add(record);
      // Resources that a module's function loads report by themselves.
      meter.firstReport(started, message.busyMs - this.loads.resources.loadMsOf(record));
    }
    meter.reported(started, settled, failed, message.busyMs, message.cpuMs);
    if (chunk.isWatched) this.watchdog.onReport(chunk, startedBefore, message);
    if (laneChannel.hasSubscribers) this.tellReported(chunk, settled, failed, message.busyMs);
    if (chunk.pending === 0) this.inFlight.chunks.delete(chunk.id);
    else if (chunk.returned) meter.returnedPromises();
    if (chunk.pending === 0 || chunk.returned !== returned) this.changed();
  }

  private tellReported({ id, record, pending }: Chunk, settled: number, failed: number, busyMs: number): void {
    const at = { lane: this.listener.name, worker: this.number, stage: record.label, chunk: id };
    publish({ event: "chunk-reported", ...at, settled, failed, pending, busyMs });
  }

  /** Fails the calls of a stage that cannot run: those of this worker here, the others by the pool. */
  refuse(record: StageRecord, error: unknown): void {
    this.inFlight.refuse(record, error);
    this.listener.onStageFailed(this, record, error);
  }

  onExit(end: WorkerEnd): void {
    liveWorkers.delete(this);
    this.timers.clearAll();
    this.watchdog.close();
    const lastError = this.lastWords?.error;
    const error = end.error ?? (lastError === undefined ? undefined : unpackError(lastError));
    this.listener.onWorkerEnded(this, error === end.error ? end : { ...end, error });
  }

  /** Takes note that the worker can take more, or has become idle. */
  changed(): void {
    if (this.isIdle) {
      this.idleSince = performance.now();
      if (this.isRecycled) this.end();
    }
    this.listener.onWorkerChanged(this);
  }

  /** Ends the worker when it has had nothing to do for so long; `mayEnd` decides then. */
  endWhenIdle(idleTimeoutMs: number, mayEnd: () => boolean): void {
    if (this.isIdling || idleTimeoutMs === Number.POSITIVE_INFINITY) return;
    this.isIdling = true;
    const waitMs = Math.max(0, idleTimeoutMs - (performance.now() - this.idleSince));
    this.timers.set("idle", waitMs, () => {
      this.isIdling = false;
      if (!this.isIdle || this.state !== "ready") return;
      if (performance.now() - this.idleSince < idleTimeoutMs - 1) this.endWhenIdle(idleTimeoutMs, mayEnd);
      else if (mayEnd()) this.end();
    });
  }

  /** Sends a message that need not arrive when the worker is ending: its end tells as much. */
  sendQuietly(message: ToWorker): void {
    try {
      this.send(message);
    } catch {
      // It is ending.
    }
  }
}
