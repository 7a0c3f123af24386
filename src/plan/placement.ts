import type { Step } from "../core/step.ts";
import type { Lane, StageStatistics } from "../lanes/lane.ts";

/** Where a step runs, and why there. */
export interface Placement {
  readonly lane: string;
  /** Whether that is this event loop. */
  readonly isInline: boolean;
  readonly why: string;
  /** Whether several steps with lanes have become one. */
  readonly fused?: boolean;
  /** What the lane has measured of it. */
  figures?(): StageStatistics | undefined;
}

/** A step that knows where it runs. One without a placement runs where it is called. */
export interface Placed {
  readonly placement?: Placement | undefined;
  /** The steps with lanes that have become this one. Inputs that go one by one run in those. */
  readonly parts?: readonly Step[] | undefined;
  /** The lane that it runs on now, when that is not this event loop: {@link placement} costs more to find out. */
  readonly currentLane?: Lane | undefined;
}
