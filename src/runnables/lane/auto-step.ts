import type { RunContext } from "../../core/context.ts";
import type { Step } from "../../core/step.ts";
import { auto } from "../../lanes/auto/auto-settings.ts";
import { AutoStage, type AutoState } from "../../lanes/auto/auto-stage.ts";
import type { Lane } from "../../lanes/lane.ts";
import { laneOf } from "../../lanes/named-lanes.ts";
import { missingFor } from "../../lanes/platform.ts";
import type { Placement } from "../../plan/placement.ts";
import { shipTree } from "../../shipping/tree/ship-tree.ts";
import { LaneCalls } from "./lane-calls.ts";

/** A step without a lane of its own, which may move to threads: see {@link AutoStage}. */
export class AutoStep {
  readonly stage: AutoStage;
  private readonly calls: LaneCalls;

  /** @param around The step that observers see, if that is another one. */
  constructor(step: Step, around: Step = step) {
    this.calls = new LaneCalls(around);
    this.stage = new AutoStage({
      label: step.label,
      ship: () => shipTree(step, { where: "auto", pure: true }),
      target: () => (missingFor("thread") === undefined ? laneOf("thread") : null),
    });
  }

  /** The lane that the step runs on now, and the reason. */
  get placement(): Placement {
    const { state, reason } = this.stage;
    if (state === "offloaded")
      return { lane: "thread", isInline: false, why: `auto: ${reason}`, figures: () => this.stage.figures };
    return { lane: "loop", isInline: true, why: auto.enabled ? `auto: ${this.whyHere(state, reason)}` : "auto is off" };
  }

  private whyHere(state: AutoState, reason: string): string {
    if (state === "staying") return reason;
    const { obstacle } = this.stage;
    if (obstacle === "it is async") return "it is async";
    return `${reason}; ${obstacle === undefined ? `moves to threads when it takes ${auto.thresholdMs} ms` : `could not move: ${obstacle}`}`;
  }

  /** The lane that the step has moved to; undefined while it is here. */
  get lane(): Lane | undefined {
    return this.stage.movedTo;
  }

  /** The number of runs that need not pass through {@link run} now. */
  get pause(): number {
    return this.stage.pause;
  }

  /** @param inline Runs the input on this thread. */
  run(input: unknown, ctx: RunContext, inline: () => unknown): unknown {
    return auto.enabled && !ctx.pinned ? this.stage.run(input, inline, () => this.calls.of(ctx)) : inline();
  }
}
