import type { ShippedResource } from "../../shipping/tree/ship-resource.ts";
import type { Call } from "../pool/call.ts";
import { type Chunk, runMessage } from "../pool/chunk.ts";
import { timedOut, withStack } from "../pool/faults.ts";
import type { PoolSettings } from "../pool/pool-options.ts";
import type { StreamCall } from "../pool/stream-call.ts";
import { packReason, unpackError } from "../protocol/codec.ts";
import type { FromWorker, ReportMessage, ToWorker } from "../protocol/messages.ts";
import { CLAIM_SLOTS } from "../protocol/shared-state.ts";
import type { Transport, WorkerConnection, WorkerEnd, WorkerProgress } from "../protocol/transport.ts";
import type { StageRecord } from "../stage/stage-record.ts";
import { InFlight } from "./in-flight.ts";
import { KnownStages } from "./known-stages.ts";
import { liveWorkers, stacks } from "./live-workers.ts";
import { Timers } from "./timers.ts";
import { Watchdog } from "./watchdog.ts";
import { WorkerLoads } from "./worker-loads.ts";

/** A worker that is to end has so much of graceMs to dispose of its resources, and the rest to exit. */
const STOP_SHARE = 0.8;

/** A worker that is in an endless loop tells its stack in 15 ms, if the machine is not busy with something else. */
const STACK_MS = 250;

/** What a worker tells its pool. */
export interface WorkerListener {
  readonly name: string;
  readonly settings: PoolSettings;
  /** It can take more, or has become idle. */
  onWorkerChanged(worker: WorkerHandle): void;
  /** It can take its first input. */
  onWorkerReady(worker: WorkerHandle): void;
  /** One of its resources has been loaded, or has not, or has been disposed of. */
  onResourceChanged(worker: WorkerHandle): void;
  /** What a stage uses could not be loaded in it before its first input. */
  onWarmFailed(record: StageRecord, error: unknown): void;
  /** A stage could not be loaded in it. */
  onStageFailed(worker: WorkerHandle, record: StageRecord, error: unknown): void;
  onWorkerEnded(worker: WorkerHandle, end: WorkerEnd): void;
}

/** The parent's view of one worker: what it has been given, and what it says. */
export class WorkerHandle {
  state: "starting" | "ready" | "ending" = "starting";
  /** Takes nothing new: it waits for suspects, or has run its share of inputs. */
  reserved: "suspects" | "recycling" | null = null;
  /** Why the pool ended it; undefined when it ended by itself. */
  killedFor: unknown;
  /** Inputs that it has been given. */
  served = 0;
  readonly inFlight = new InFlight();
  readonly stages = new KnownStages();
  readonly loads: WorkerLoads;
  readonly sharesMemory: boolean;
  private readonly watchdog: Watchdog;
  private readonly connection: WorkerConnection;
  private readonly timers = new Timers();
  private lastWords: Extract<FromWorker, { type: "dying" }> | undefined;
  private idleSince = 0;
  private nextClaimSlot = 0;

  /** @throws When the worker cannot be started at all. */
  constructor(
    transport: Transport,
    private readonly listener: WorkerListener,
    /** Tells it from the other workers of its lane. */
    readonly number: number,
  ) {
    const { graceMs, startTimeoutMs } = listener.settings;
    this.sharesMemory = transport.sharesMemory;
    this.watchdog = new Watchdog(this, graceMs);
    this.loads = new WorkerLoads(this, listener, this.stages, this.timers);
    this.connection = transport.start({
      onMessage: (message) => this.receive(message),
      onExit: (end) => this.exited(end),
    });
    liveWorkers.add(this);
    this.timers.set(this, startTimeoutMs, () => this.kill(new Error(`It was not ready after ${startTimeoutMs} ms.`)));
  }

  /** How long what it was told to end may still go on. */
  get graceMs(): number {
    return this.listener.settings.graceMs;
  }

  get isIdle(): boolean {
    return this.inFlight.isEmpty && this.stages.warming.size === 0;
  }

  /** Whether it could take a chunk now. */
  get isFree(): boolean {
    return this.state === "ready" && this.reserved === null && this.inFlight.hasRoom;
  }

  /** How many more inputs of a stage it may get. */
  roomFor({ meter }: StageRecord): number {
    const left = this.listener.settings.maxInputsPerWorker - this.served;
    return Math.max(1, meter.waits ? Math.min(left, this.inFlight.roomForWaiting) : left);
  }

  /**
   * Gives it a chunk.
   *
   * @throws When an input cannot be sent. Nothing has been sent then.
   */
  run(chunk: Chunk): void {
    const { calls, record } = chunk;
    this.teach(record);
    const transfer: unknown[] = [];
    chunk.claimSlot = this.nextClaimSlot++ % CLAIM_SLOTS;
    const message = runMessage(chunk, this.sharesMemory, transfer);
    this.connection.offer?.(chunk.claimSlot, chunk.id);
    this.connection.send(message, transfer);
    this.inFlight.chunks.set(chunk.id, chunk);
    this.serve(calls.length);
    if (message.timed) for (const call of calls) if (call.options.timeoutMs !== undefined) this.watchdog.watch(call);
  }

  /** Waits a moment for the answer to what it was given last. */
  spinForReply(): void {
    this.connection.spinForReply?.();
  }

  /** What it has been given and has not started, as far as another worker may have it. */
  get unstarted(): { readonly inputs: number; readonly ms: number } {
    return this.inFlight.unstarted(this.connection);
  }

  /** Takes that back. */
  stealUnstarted(): Call[] {
    return this.inFlight.stealUnstarted(this.connection);
  }

  private serve(inputs: number): void {
    this.served += inputs;
    if (this.served >= this.listener.settings.maxInputsPerWorker) this.reserved = "recycling";
  }

  open(stream: StreamCall): void {
    this.teach(stream.record);
    stream.start(this);
    this.inFlight.streams.set(stream.id, stream);
    this.serve(1);
  }

  send(message: ToWorker, transfer?: readonly unknown[]): void {
    this.connection.send(message, transfer);
  }

  /** Tells it to load a stage, if it has not been told. */
  teach(record: StageRecord): void {
    const { stages } = this;
    if (stages.has(record)) return;
    this.connection.send({ type: "stage", stage: record.id, label: record.label, shipped: record.shipped!.data });
    stages.add(record);
    const { records } = this.inFlight;
    const surplus = stages.surplus((one) => records.has(one));
    if (surplus !== undefined) this.sendQuietly({ type: "forget", stage: surplus.id });
  }

  /** Has it load all that a stage uses. */
  warm(record: StageRecord): void {
    this.teach(record);
    const { warming, warmed } = this.stages;
    if (warming.has(record) || warmed.has(record)) return;
    warming.add(record);
    this.sendQuietly({ type: "warm", stage: record.id });
  }

  /** Has it take over a new version of a resource. */
  renew(shipped: ShippedResource): void {
    if (this.state === "ready") this.sendQuietly({ type: "renew", shipped });
  }

  /** Has it dispose of its resources while the process ends. Returns what waits for that, without the event loop. */
  endNow(): () => void {
    const wait = this.connection.endNow(this.graceMs * STOP_SHARE);
    return () => wait(this.graceMs);
  }

  /** Asks a running call to end; the worker is ended when it does not. The call is settled already, or will be by its outcome. */
  stop(call: Call, reason: unknown): void {
    call.stoppedAt = Date.now();
    this.sendQuietly({ type: "cancel", chunk: call.chunk!.id, index: call.index, reason: packReason(reason) });
    this.watchdog.watch(call);
  }

  /** Asks all that runs to end, and ends the worker when it does not. */
  stopAll(errorOf: (label: string) => unknown): void {
    for (const chunk of this.inFlight.chunks.values()) {
      const reason = packReason(errorOf(chunk.record.label));
      for (const { index } of chunk.remaining()) this.sendQuietly({ type: "cancel", chunk: chunk.id, index, reason });
    }
    for (const stream of this.inFlight.streams.values()) stream.stop(errorOf(stream.record.label));
    this.timers.set(this, this.graceMs, () => this.kill(new Error("The lane was closed by force.")));
  }

  expire(call: Call): void {
    const error = timedOut(call.record.label, call.options.timeoutMs!);
    const stack = this.runs(call) ? this.stack(Math.min(STACK_MS, this.graceMs / 2)) : undefined;
    this.stop(call, error);
    if (stack === undefined) call.reject(error);
    else stack.then((lines) => call.reject(lines === undefined ? error : withStack(error, lines)));
  }

  /** Whether it is in the function of a call now, and does not wait for something. */
  private runs({ chunk, index }: Call): boolean {
    const progress = this.connection.progress();
    return progress?.running === true && progress.chunk === chunk?.id && progress.index === index;
  }

  /** The lines of the stack of what it runs, if it tells in time and somebody watches. */
  stack(withinMs: number): Promise<string[] | undefined> | undefined {
    const { threadId } = this.connection;
    return threadId === undefined ? undefined : stacks.read?.(threadId, withinMs);
  }

  /** What it runs now, where that can be seen: the function of one input. */
  get running(): { readonly label: string; readonly chunk: number; readonly index: number } | undefined {
    const progress = this.connection.progress();
    if (progress?.running !== true) return undefined;
    const { chunk, index } = progress;
    const label = this.inFlight.chunks.get(chunk)?.record.label;
    return label === undefined ? undefined : { label, chunk, index };
  }

  startOf(call: Call): number | undefined {
    if (call.startedAt > 0) return call.startedAt;
    const progress = this.connection.progress();
    const chunk = call.chunk!.id;
    // A process says when a chunk begins; it says when an input starts only if that has a timeout.
    if (progress === null) return call.stoppedAt > 0 && call.chunk!.newsAt > 0 ? call.chunk!.newsAt : undefined;
    if (chunk > progress.chunk || (chunk === progress.chunk && call.index > progress.index)) return undefined;
    const isAt = chunk === progress.chunk && call.index === progress.index;
    call.startedAt = isAt && progress.since > 0 ? progress.since : Date.now();
    return call.startedAt;
  }

  /** Where it was when it ended. */
  lastProgress(): Pick<WorkerProgress, "chunk" | "index" | "running"> | null {
    const progress = this.connection.progress();
    if (progress !== null || this.lastWords === undefined) return progress;
    const { chunk, index } = this.lastWords;
    // Between two inputs: those of the chunk have all started.
    return index >= 0 ? { chunk, index, running: true } : { chunk, index: Number.MAX_SAFE_INTEGER, running: false };
  }

  /** Whether it ends because it is not needed any more. */
  wasAskedToEnd = false;

  /** Lets it end, and sees to it that it does. */
  end(): void {
    if (this.state === "ending") return;
    this.state = "ending";
    this.wasAskedToEnd = true;
    this.sendQuietly({ type: "stop", withinMs: this.graceMs * STOP_SHARE });
    this.timers.set(this, this.listener.settings.graceMs, () => this.kill(new Error("It did not stop.")));
  }

  /** Ends it now. */
  kill(reason: unknown = new Error("A call in it did not end.")): void {
    if (this.killedFor !== undefined) return;
    this.killedFor = reason;
    this.wasReady ||= this.state !== "starting";
    this.state = "ending";
    this.connection.kill();
  }

  /** Whether it ever was ready. */
  wasReady = false;

  private receive(message: FromWorker): void {
    switch (message.type) {
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
      case "report":
        this.report(message);
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

  private hinted({ text, stage }: Extract<FromWorker, { type: "hint" }>): void {
    if (stage !== undefined) this.stages.get(stage)?.meter.hints.add(text);
    else for (const { record } of this.inFlight.chunks.values()) record.meter.hints.add(text);
  }

  private becameReady(): void {
    this.wasReady = true;
    this.timers.clear(this);
    if (this.state !== "starting") return;
    this.state = "ready";
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
    const { meter } = chunk.record;
    const { started: startedBefore, returned } = chunk;
    const failed = chunk.take(message);
    if (!this.stages.reported.has(chunk.record)) {
      this.stages.reported.add(chunk.record);
      // What a module's function loads as a resource is told of as such.
      const loadMs = this.loads.resources.loadMsOf(chunk.record);
      meter.firstReport(chunk.started - startedBefore, message.busyMs - loadMs);
    }
    meter.measured(chunk.started - startedBefore, message.values.length, message.busyMs, message.cpuMs);
    meter.inputs += message.values.length;
    meter.failed += failed;
    if (chunk.isWatched) this.follow(chunk, startedBefore, message);
    if (chunk.isDone) this.inFlight.chunks.delete(chunk.id);
    if (chunk.returned && !chunk.isDone) meter.waits = true;
    if (chunk.isDone || chunk.returned !== returned) this.changed();
  }

  /** Keeps the watchdog in step with what the worker says. */
  private follow(chunk: Chunk, startedBefore: number, { from, indices, values }: ReportMessage): void {
    const now = Date.now();
    chunk.newsAt = now;
    for (let index = startedBefore; index < chunk.started; index++) chunk.calls[index]!.startedAt ||= now;
    for (let at = 0; at < values.length; at++) this.watchdog.unwatch(chunk.calls[indices?.[at] ?? from + at]!);
  }

  /** A stage cannot run: its calls here are told, and the others by the listener. */
  refuse(record: StageRecord, error: unknown): void {
    this.inFlight.refuse(record, error);
    this.listener.onStageFailed(this, record, error);
  }

  private exited(end: WorkerEnd): void {
    liveWorkers.delete(this);
    this.timers.clearAll();
    this.watchdog.close();
    const lastError = this.lastWords?.error;
    const error = end.error ?? (lastError === undefined ? undefined : unpackError(lastError));
    this.listener.onWorkerEnded(this, error === end.error ? end : { ...end, error });
  }

  /** It can take more, or has become idle. */
  changed(): void {
    if (this.isIdle) {
      this.idleSince = performance.now();
      if (this.reserved === "recycling") this.end();
    }
    this.listener.onWorkerChanged(this);
  }

  /** Ends it when it has had nothing to do for so long; `mayEnd` decides then. */
  endWhenIdle(idleTimeoutMs: number, mayEnd: () => boolean): void {
    if (this.timers.has("idle") || idleTimeoutMs === Number.POSITIVE_INFINITY) return;
    const waitMs = Math.max(0, idleTimeoutMs - (performance.now() - this.idleSince));
    this.timers.set("idle", waitMs, () => {
      if (!this.isIdle || this.state !== "ready") return;
      if (performance.now() - this.idleSince < idleTimeoutMs - 1) this.endWhenIdle(idleTimeoutMs, mayEnd);
      else if (mayEnd()) this.end();
    });
  }

  private sendQuietly(message: ToWorker): void {
    try {
      this.connection.send(message);
    } catch {
      // It is ending, and will be told by its end.
    }
  }
}
