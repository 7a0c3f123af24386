import type { RunContext } from "../core/context.ts";
import type { Step } from "../core/step.ts";
import { auto } from "../lanes/auto/auto-settings.ts";
import { AutoStage } from "../lanes/auto/auto-stage.ts";
import { laneOf } from "../lanes/lazy-lane.ts";
import { shipTree } from "../shipping/tree.ts";
import { LaneCalls } from "./lane-calls.ts";

/** A step without a lane of its own, which may move to threads: see {@link AutoStage}. */
export class AutoStep {
  readonly stage: AutoStage;
  private readonly calls: LaneCalls;

  constructor(step: Step) {
    this.calls = new LaneCalls(step);
    this.stage = new AutoStage({
      label: step.label,
      ship: () => shipTree(step, { where: "auto", pure: true }),
      away: () => laneOf("thread"),
    });
  }

  /** How many runs need not pass through {@link run} now. */
  get pause(): number {
    return this.stage.pause;
  }

  /** @param here Runs the input on this thread. */
  run(input: unknown, ctx: RunContext, here: () => unknown): unknown {
    return auto.enabled && !ctx.pinned ? this.stage.run(input, here, () => this.calls.of(ctx)) : here();
  }
}
