import type { Step } from "../core/step.ts";
import type { Lane, StageStatistics } from "../lanes/lane.ts";

/** The lane that a step runs on, and why. */
export interface Placement {
  readonly lane: string;
  /** Whether the step runs on this event loop. */
  readonly isInline: boolean;
  readonly why: string;
  /** Whether several steps with lanes have become one. */
  readonly fused?: boolean;
  /** The figures of the step on its lane; undefined where it has not run. */
  figures?(): StageStatistics | undefined;
}

/** A step that knows where it runs. One without a placement runs where it is called. */
export interface Placed {
  readonly placement?: Placement | undefined;
  /** The steps with lanes that have become this one. Inputs that go one by one run in those. */
  readonly parts?: readonly Step[] | undefined;
  /** The lane that the step runs on now, when that is not this event loop: {@link placement} costs more to find out. */
  readonly currentLane?: Lane | undefined;
}
