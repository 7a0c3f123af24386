import { abortError, raceWithSignal } from "../../core/signal.ts";
import { closeQuietly } from "../../core/streams/chunks.ts";
import { isThenable } from "../../core/thenable.ts";
import type {
  CloseOptions,
  Lane,
  LaneCallOptions,
  LaneCapacity,
  LaneStage,
  LaneWarmOptions,
  StageStatistics,
} from "../lane.ts";
import { laneClosed } from "../pool/faults.ts";
import { StageRecords } from "../stage/stage-record.ts";
import type { StageRunner } from "../stage/stage-step.ts";
import { LoopCall } from "./loop-call.ts";
import { LoopStage } from "./loop-stage.ts";

const NO_OPTIONS: LaneCallOptions = Object.freeze({});

/**
 * Runs stages on this event loop. It says what all other lanes have to do.
 *
 * A call starts when its stage is loaded: at once, from the second on. So there is no queue in which a priority could matter. Values are
 * handed over as they are. What takes a second thread is not to be had: a function that keeps the loop busy ends when it likes. One that
 * goes on after its call was stopped holds up nothing, as nobody waits for it any more.
 */
export class LoopLane implements Lane {
  private readonly records = new StageRecords();
  private readonly stages = new WeakMap<LaneStage, LoopStage>();
  private readonly calls = new Set<LoopCall>();
  private running = 0;
  private closing: Promise<void> | undefined;
  private onDrained: (() => void) | undefined;

  /** @param revive Makes the runner of a stage from its data. */
  constructor(
    private readonly revive: (shipped: unknown, label: string) => Promise<StageRunner>,
    readonly name = "loop",
  ) {}

  run(stage: LaneStage, input: unknown, options: LaneCallOptions = NO_OPTIONS): Promise<unknown> {
    const refusal = this.refusal(stage, options);
    if (refusal !== undefined) return Promise.reject(refusal);
    const loop = this.stageOf(stage);
    return new Promise((resolve, reject) => {
      const call = this.begin(loop, options, reject);
      const fail = (error: unknown): void => {
        if (call.end(true)) reject(error);
      };
      const fulfil = (output: unknown): void => {
        call.expireIfLate();
        if (call.end(false)) resolve(output);
      };
      const work = (step: StageRunner): void => {
        if (call.stopped !== undefined) return;
        this.start(call);
        try {
          const output = step.run(input, call);
          call.busyMs = call.elapsedMs;
          if (isThenable(output)) output.then(fulfil, fail);
          else fulfil(output);
        } catch (error) {
          fail(error);
        }
      };
      if (loop.step === undefined) loop.loading.then(work, fail);
      else work(loop.step);
    });
  }

  async *stream(stage: LaneStage, input: unknown, options: LaneCallOptions = NO_OPTIONS): AsyncGenerator<unknown> {
    const refusal = this.refusal(stage, options);
    if (refusal !== undefined) throw refusal;
    const loop = this.stageOf(stage);
    let source: AsyncIterator<unknown> | undefined;
    const call = this.begin(loop, options, () => {
      if (source !== undefined) closeQuietly(source);
    });
    try {
      const step = await raceWithSignal(loop.loading, call.whenStopped);
      this.start(call);
      source = step.stream(input, call)[Symbol.asyncIterator]();
      for (;;) {
        const { done, value } = await raceWithSignal(source.next(), call.whenStopped);
        if (done === true) {
          source = undefined;
          return;
        }
        yield value;
        if (call.stopped !== undefined) throw call.stopped.reason;
      }
    } catch (error) {
      source = undefined;
      call.end(true);
      throw error;
    } finally {
      // There is something to close when the loop was left.
      try {
        await source?.return?.();
      } finally {
        call.end(false);
      }
    }
  }

  get capacity(): LaneCapacity {
    const { calls, running } = this;
    const isGone = this.closing !== undefined && calls.size === 0;
    return { workers: isGone ? 0 : 1, busy: running > 0 ? 1 : 0, queued: calls.size - running };
  }

  statisticsOf(stage: LaneStage): StageStatistics | undefined {
    return this.stages.get(stage)?.meter.statistics();
  }

  statistics(): StageStatistics[] {
    return this.records.statistics();
  }

  async warm(stage?: LaneStage, { onProgress }: LaneWarmOptions = {}): Promise<void> {
    if (this.closing !== undefined) throw laneClosed(stage?.label ?? "warm", this.name);
    if (stage !== undefined) {
      const step = await this.stageOf(stage).loading;
      await step.warm?.();
    }
    onProgress?.(1, 1);
  }

  /** By force, calls are rejected at once, and functions see their signals abort. */
  close({ force = false }: CloseOptions = {}): Promise<void> {
    this.closing ??= new Promise((resolve) => {
      if (this.calls.size === 0) resolve();
      else this.onDrained = resolve;
    });
    if (force) for (const call of [...this.calls]) call.stop(laneClosed(call.stage.label, this.name));
    return this.closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private refusal(stage: LaneStage, { signal }: LaneCallOptions): unknown {
    if (this.closing !== undefined) return laneClosed(stage.label, this.name);
    return signal?.aborted === true ? abortError(signal) : undefined;
  }

  private stageOf(stage: LaneStage): LoopStage {
    let loop = this.stages.get(stage);
    if (loop === undefined) {
      loop = new LoopStage(this.name, this.records.of(stage), this.revive);
      this.stages.set(stage, loop);
      // A stage that could not be loaded is tried again by the next call.
      loop.loading.catch(() => {
        this.stages.delete(stage);
        this.records.forget(stage);
      });
    }
    return loop;
  }

  private begin(stage: LoopStage, options: LaneCallOptions, onStop: (reason: unknown) => void): LoopCall {
    const call = new LoopCall(stage, options, onStop, (ended) => {
      this.calls.delete(ended);
      if (ended.hasStarted) this.running--;
      if (this.calls.size === 0) this.onDrained?.();
    });
    this.calls.add(call);
    return call;
  }

  private start(call: LoopCall): void {
    this.running++;
    call.start();
  }
}
