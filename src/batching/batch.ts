import type { RunContext } from "../core/context.ts";
import { startStep } from "../core/start-step.ts";
import type { Step } from "../core/step.ts";
import { isThenable } from "../core/thenable.ts";
import { Gather, type GatherOptions } from "./gather.ts";
import { stagesFor } from "./inputs.ts";
import { SyncRun } from "./sync-path.ts";

/** The number of inputs that run at most between two looks at the clock; a look costs 30 ns, as much as three sync steps. */
const MAX_STRIDE = 16;

/**
 * A fan-out of many inputs through one step in one context. It starts them in a plain loop, without a call per input for slots,
 * configs and results: 1,000,000 inputs through three sync steps cost 25 ns each that way and 40 ns by {@link Gather} alone.
 */
class UniformBatch extends Gather {
  private strideNow = 1;
  private syncRun: SyncRun | undefined;

  constructor(
    private readonly step: Step,
    private readonly inputs: readonly unknown[],
    private readonly ctx: RunContext,
    options: GatherOptions,
  ) {
    super(inputs.length, (index) => startStep(step, inputs[index], ctx), options);
    const functions = ctx.watched || ctx.propagates ? undefined : step.syncFunctions;
    if (functions !== undefined) this.syncRun = new SyncRun(functions, ctx.functionConfig);
  }

  protected override startReady(): void {
    const { step, inputs, outputs, ctx, count } = this;
    while (!this.stopped && this.started < count) {
      const end = Math.min(count, this.started + this.strideNow);
      if (this.syncRun !== undefined && this.strideNow === MAX_STRIDE) {
        if (this.startSync(this.syncRun, end)) return;
        continue;
      }
      const from = this.started;
      let index = from;
      let waited = 0;
      try {
        for (; index < end; index++) {
          const out = ctx.watched ? startStep(step, inputs[index], ctx) : step.run(inputs[index], ctx);
          if (isThenable(out)) {
            waited++;
            this.inFlight++;
            this.follow(index, out, null);
          } else {
            outputs[index] = out;
          }
        }
        this.started = index;
        this.settled(index - from - waited);
      } catch (error) {
        this.started = index + 1;
        this.settled(index - from - waited);
        this.onError(index, error);
      }
      // It waits for something, or has moved to a lane: its functions alone are not all of it.
      if (waited > 0) this.syncRun = undefined;
      if (this.started < count && this.pacer.spent()) {
        if (this.strideNow < MAX_STRIDE) step.expectSlow?.();
        this.parkStride();
        return;
      }
      this.strideNow = Math.min(this.strideNow * 2, MAX_STRIDE);
    }
  }

  /** Starts inputs in a plain loop. Returns whether the slice is over. */
  private startSync(run: SyncRun, end: number): boolean {
    const { step, inputs, outputs, ctx, started: from } = this;
    const index = run.run(inputs, outputs, from, end);
    const done = index - from;
    this.started = index < end ? index + 1 : end;
    const { failure } = run;
    if (failure !== undefined) {
      run.failure = undefined;
      this.settled(done);
      this.onError(index, failure.error);
    } else if (index < end) {
      this.syncRun = undefined;
      this.inFlight++;
      // Before it is known that all others are there: this one is not.
      this.follow(index, step.resume!(run.at, run.out, run.input, ctx), null);
      this.settled(done);
    } else {
      this.settled(done);
    }
    if (this.started === this.count || !this.pacer.spent()) return false;
    this.parkStride();
    return true;
  }

  private parkStride(): void {
    this.strideNow = 1;
    this.park();
  }
}

/** A fan-out of many inputs through the stages of one step in one context. */
class StagedBatch extends Gather {
  constructor(inputs: readonly unknown[], stages: readonly Step[], ctx: RunContext, options: GatherOptions) {
    const inputOf = (index: number): unknown => inputs[index];
    super(inputs.length, inputOf, options);
    this.pipeTo(stages, ctx, inputOf);
  }
}

/** Runs many inputs through one step, in the context of a run or of a call. */
export function runUniform(
  step: Step,
  inputs: readonly unknown[],
  ctx: RunContext,
  options: GatherOptions = {},
): unknown[] | Promise<unknown[]> {
  const stages = stagesFor(step, ctx);
  const batch =
    stages === undefined ? new UniformBatch(step, inputs, ctx, options) : new StagedBatch(inputs, stages, ctx, options);
  return batch.run();
}

/** Like {@link runUniform}, for an array that nobody else has: outputs take the places of inputs, so a million need no second array. */
export function runOwned(
  step: Step,
  inputs: unknown[],
  ctx: RunContext,
  options: GatherOptions = {},
): unknown[] | Promise<unknown[]> {
  const stages = stagesFor(step, ctx);
  const batch =
    stages === undefined
      ? new UniformBatch(step, inputs, ctx, { ...options, outputs: inputs })
      : new StagedBatch(inputs, stages, ctx, options);
  return batch.run();
}
