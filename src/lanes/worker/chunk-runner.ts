import { afterTurn } from "../../core/platform.ts";
import { isThenable } from "../../core/thenable.ts";
import type { StepMeter } from "../../observe/step-meter.ts";
import type { RunMessage } from "../protocol/messages.ts";
import type { StageStep, StepCall } from "../stage/stage-step.ts";
import { Claims } from "./claims.ts";
import { type BusyClock, now } from "./clock.ts";
import { type OutputPacking, unpackInput } from "./codec.ts";
import type { WorkerPort } from "./port.ts";
import { Reporter } from "./reporter.ts";
import type { WorkerStages } from "./stages.ts";
import { WatchedCall } from "./watched-call.ts";

/** The time in milliseconds after which outcomes are reported, although the chunk is not finished. */
const REPORT_EVERY_MS = 4;

/** One chunk: its inputs start one after the other, and wait for promises together. */
class RunningChunk {
  private readonly reporter: Reporter;
  private readonly watched: Map<number, WatchedCall> | undefined;
  /** The call that cancels all inputs together. */
  private readonly all: WatchedCall | undefined;
  private flushPlanned = false;

  constructor(
    readonly message: RunMessage,
    private readonly port: WorkerPort,
    private readonly clock: BusyClock,
    packing: OutputPacking,
    private readonly onEnd: (chunk: number) => void,
  ) {
    const { chunk, inputs, watched, together, config, configs } = message;
    this.reporter = new Reporter(chunk, inputs.length, packing, port, clock);
    const attend = (): void => port.attend();
    if (together === true) this.all = new WatchedCall(unpackInput(config), attend);
    if (watched !== undefined)
      this.watched = new Map(
        watched.map((index) => [index, new WatchedCall(unpackInput(configs?.[index] ?? config), attend)]),
      );
  }

  cancel(index: number, reason: unknown): void {
    (this.all ?? this.watched?.get(index))?.cancel(reason);
  }

  run(step: StageStep): void {
    const { reporter, port, clock, watched, all } = this;
    const { chunk, inputs, timed, measured } = this.message;
    const meter = measured === true ? step.meter() : undefined;
    reporter.meter = meter;
    for (const call of [all, ...(watched?.values() ?? [])]) if (call !== undefined) call.meter = meter;
    const shared = this.message.configs === undefined ? this.callOf(-1, meter) : null;
    const tells = (watched !== undefined || all !== undefined) && !port.sharesMemory;
    const claims = new Claims(this.message, port);
    for (let index = 0; index < inputs.length; index++) {
      if (index === claims.end && !claims.claim()) {
        reporter.cut(index);
        break;
      }
      port.attend();
      const call = all ?? watched?.get(index);
      if (call?.isCancelled === true) {
        reporter.started = index + 1;
        reporter.fulfil(index, undefined);
        continue;
      }
      reporter.started = index + 1;
      if (tells && (timed || index === 0)) reporter.announce();
      port.enter(chunk, index, timed);
      try {
        const output = step.run(unpackInput(inputs[index]), call ?? shared ?? this.callOf(index, meter));
        if (isThenable(output)) this.follow(index, output);
        else reporter.fulfil(index, output);
      } catch (error) {
        reporter.reject(index, error);
      }
      if (now() - clock.since > REPORT_EVERY_MS && index < inputs.length - 1) reporter.flush();
    }
    port.leave();
    reporter.returned = true;
    reporter.flush();
    if (reporter.isComplete) this.onEnd(chunk);
  }

  private callOf(index: number, meter: StepMeter | undefined): StepCall {
    const { config, configs } = this.message;
    return { signal: undefined, config: unpackInput(configs === undefined ? config : configs[index]), meter };
  }

  private follow(index: number, output: PromiseLike<unknown>): void {
    output.then(
      (value) => {
        this.reporter.fulfil(index, value);
        this.planFlush();
      },
      (error) => {
        this.reporter.reject(index, error);
        this.planFlush();
      },
    );
  }

  /** Plans a report: outcomes of one turn of the event loop are reported together. */
  private planFlush(): void {
    if (this.reporter.isComplete) {
      this.reporter.flush();
      this.onEnd(this.message.chunk);
    } else if (!this.flushPlanned) {
      this.flushPlanned = true;
      afterTurn(() => {
        this.flushPlanned = false;
        if (!this.reporter.isComplete) this.reporter.flush();
      });
    }
  }
}

/** Runs the chunks of this worker in the order in which they came. */
export class ChunkRunner {
  private readonly queue: RunningChunk[] = [];
  private readonly chunks = new Map<number, RunningChunk>();
  private busy = false;

  constructor(
    private readonly port: WorkerPort,
    private readonly stages: WorkerStages,
    private readonly clock: BusyClock,
    private readonly onIdle: () => void,
  ) {}

  get isIdle(): boolean {
    return this.chunks.size === 0;
  }

  accept(message: RunMessage): void {
    const chunk = new RunningChunk(message, this.port, this.clock, this.stages.packing(message.stage), (id) =>
      this.ended(id),
    );
    this.chunks.set(message.chunk, chunk);
    this.queue.push(chunk);
    this.pump();
  }

  cancel(chunk: number, index: number, reason: unknown): void {
    this.chunks.get(chunk)?.cancel(index, reason);
  }

  private ended(chunk: number): void {
    this.chunks.delete(chunk);
    if (this.chunks.size === 0) this.onIdle();
  }

  private pump(): void {
    if (this.busy) return;
    this.busy = true;
    for (let chunk = this.queue.shift(); chunk !== undefined; chunk = this.queue.shift()) {
      const step = this.stages.get(chunk.message.stage);
      if (step instanceof Promise) {
        this.wait(chunk, step);
        return;
      }
      chunk.run(step);
    }
    this.busy = false;
  }

  private async wait(chunk: RunningChunk, loading: Promise<StageStep>): Promise<void> {
    const step = await loading.catch(() => undefined);
    if (step === undefined) {
      // The parent has been told that the stage cannot be loaded, and settles its calls.
      this.ended(chunk.message.chunk);
    } else {
      // How long the module took to load says nothing about its inputs.
      this.clock.take();
      chunk.run(step);
    }
    this.busy = false;
    this.pump();
  }
}
