import { captureContext } from "../core/async-context.ts";
import type { RunContext } from "../core/context.ts";
import type { FeedHandle, InputSource } from "../core/input-source.ts";
import type { PipelineObserver, StageObserver } from "../core/observer.ts";
import { startStep } from "../core/start-step.ts";
import type { Step } from "../core/step.ts";
import { isThenable } from "../core/thenable.ts";
import { loopPacer } from "./pacer.ts";

/** The number of values that wait for a stage before the stages in front of it stop: several chunks for each of several workers. */
const HIGH_WATER = 16_384;

/** Receives the outputs of the last stage, and the failures of all stages. */
export interface PipelineSink {
  /** Takes an output. Either this or {@link onError} is called once for each input. */
  onValue(index: number, value: unknown): void;
  onError(index: number, error: unknown): void;
  /** Called when there is room again after {@link StagePipeline.isFull}. */
  onRoom(): void;
}

/** The values that wait for a stage, with the indices of their inputs: first in, first out. */
class StageBuffer {
  private indices: number[] = [];
  private values: unknown[] = [];
  private head = 0;

  get size(): number {
    return this.indices.length - this.head;
  }

  get nextIndex(): number {
    return this.indices[this.head]!;
  }

  push(index: number, value: unknown): void {
    this.indices.push(index);
    this.values.push(value);
  }

  /** Takes the first value out. Read {@link nextIndex} before. */
  shift(): unknown {
    const { values } = this;
    const value = values[this.head];
    values[this.head] = undefined;
    this.head++;
    if (this.head === values.length || (this.head >= 4096 && this.head * 2 >= values.length)) {
      this.indices = this.indices.slice(this.head);
      this.values = values.slice(this.head);
      this.head = 0;
    }
    return value;
  }
}

/** One stage of a pipeline, and the values that wait for it. */
abstract class PipelineStage {
  protected readonly buffer = new StageBuffer();
  protected stopped = false;
  protected readonly observed: StageObserver | undefined;
  private wasFull = false;

  constructor(
    protected readonly step: Step,
    protected readonly ctx: RunContext,
    protected readonly sink: PipelineSink,
    /** Whether the stage behind can take values. */
    protected readonly hasRoom: () => boolean,
    /** The number of the stage, and who is told how inputs get on, if anybody is. */
    private readonly at: number,
    private readonly tracer: PipelineObserver | undefined,
  ) {
    this.observed = ctx.observer?.stage?.(step.observedAs ?? step);
  }

  get isFull(): boolean {
    return this.buffer.size >= HIGH_WATER;
  }

  push(index: number, value: unknown): void {
    this.tracer?.waits(index, this.at);
    this.buffer.push(index, value);
    if (this.isFull) this.wasFull = true;
    this.resume();
  }

  /** Goes on, because values have come or there is room behind. */
  abstract resume(): void;

  stop(): void {
    this.stopped = true;
  }

  /** Forgets the values that wait. Returns how many there were. */
  drop(): number {
    const { size } = this.buffer;
    for (let left = size; left > 0; left--) this.buffer.shift();
    return size;
  }

  protected shift(): unknown {
    const { buffer } = this;
    this.tracer?.starts(buffer.nextIndex, this.at);
    const value = buffer.shift();
    if (this.wasFull && buffer.size <= HIGH_WATER / 2) {
      this.wasFull = false;
      // The stage that takes values now is in the middle of something.
      queueMicrotask(() => this.sink.onRoom());
    }
    return value;
  }
}

/** A stage that takes many inputs at once: a lane. */
class FedStage extends PipelineStage implements InputSource {
  private handle: FeedHandle | undefined;
  private taken: unknown;

  /** Opens the feed. Returns whether the step takes inputs this way. */
  open(): boolean {
    this.handle = this.step.openFeed?.(this, this.ctx);
    return this.handle !== undefined;
  }

  resume(): void {
    this.handle?.wake();
  }

  override stop(): void {
    super.stop();
    this.handle?.stop();
  }

  get waiting(): number {
    return this.stopped || !this.hasRoom() ? 0 : this.buffer.size;
  }

  take(): number {
    const index = this.buffer.nextIndex;
    this.taken = this.shift();
    return index;
  }

  inputOf(): unknown {
    const { taken } = this;
    this.taken = undefined;
    return taken;
  }

  fulfil(index: number, output: unknown): void {
    if (!this.stopped) this.sink.onValue(index, output);
  }

  reject(index: number, error: unknown): void {
    if (this.stopped) return;
    this.observed?.failed(index, error);
    this.sink.onError(index, error);
  }
}

/** A stage on this event loop: values run as they come, in time slices. */
class LoopStage extends PipelineStage {
  private parked = false;
  private pumping = false;
  /** The async context of the batch, in which values run, whoever brings them. */
  private readonly inContext = captureContext();

  resume(): void {
    if (this.pumping || this.parked) return;
    this.pumping = true;
    this.inContext(() => this.pump());
    this.pumping = false;
  }

  private pump(): void {
    const { buffer } = this;
    while (buffer.size > 0 && !this.stopped && this.hasRoom()) {
      if (loopPacer.spent()) {
        this.parked = true;
        loopPacer.park(() => {
          this.parked = false;
          this.resume();
        });
        return;
      }
      const index = buffer.nextIndex;
      this.start(index, this.shift());
    }
  }

  private start(index: number, value: unknown): void {
    const { ctx } = this;
    let out: unknown;
    try {
      const own = ctx.observer === null ? ctx : ctx.with({ observer: ctx.observer.forInput(index) });
      out = startStep(this.step, value, own);
    } catch (error) {
      this.sink.onError(index, error);
      return;
    }
    if (!isThenable(out)) {
      this.sink.onValue(index, out);
      return;
    }
    Promise.resolve(out).then(
      (output) => {
        if (!this.stopped) this.sink.onValue(index, output);
      },
      (error) => {
        if (!this.stopped) this.sink.onError(index, error);
      },
    );
  }
}

/**
 * Hands inputs from stage to stage, each as soon as it is through the one before. Stages that take many inputs at once have no promise per
 * input. The number of values between two stages is bounded: a slow stage slows those in front of it.
 */
export class StagePipeline {
  private readonly stages: PipelineStage[] = [];
  private readonly tracer: PipelineObserver | undefined;

  constructor(steps: readonly Step[], ctx: RunContext, sink: PipelineSink) {
    const { stages } = this;
    const tracer = ctx.observer?.pipeline?.(steps);
    this.tracer = tracer;
    for (const [at, step] of steps.entries()) {
      const next: PipelineSink = {
        onValue(index, value) {
          const behind = stages[at + 1];
          if (behind !== undefined) {
            behind.push(index, value);
            return;
          }
          tracer?.ends(index);
          sink.onValue(index, value);
        },
        onError(index, error) {
          tracer?.ends(index, { error });
          sink.onError(index, error);
        },
        onRoom() {
          const before = stages[at - 1];
          if (before === undefined) sink.onRoom();
          else before.resume();
        },
      };
      const hasRoom = () => stages[at + 1]?.isFull !== true;
      const fed = new FedStage(step, ctx, next, hasRoom, at, tracer);
      stages.push(fed.open() ? fed : new LoopStage(step, ctx, next, hasRoom, at, tracer));
    }
  }

  /** Whether the first stage has enough for now. */
  get isFull(): boolean {
    return this.stages[0]!.isFull;
  }

  push(index: number, value: unknown): void {
    this.stages[0]!.push(index, value);
  }

  /** Empties the first stage's buffer. Returns how many inputs were in it: those that were pushed last. */
  drop(): number {
    return this.stages[0]!.drop();
  }

  /** Starts nothing more. Inputs that lanes have got go on, and are not reported. */
  stop(): void {
    for (const stage of this.stages) stage.stop();
    this.tracer?.stops();
  }
}
