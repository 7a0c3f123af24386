import type { IntervalHistogram } from "node:perf_hooks";

import { ask, builtinModule } from "../core/platform.ts";

/** The figures of an event loop over some time. */
export interface LoopFigures {
  /** The median delay of the loop, in milliseconds. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** The share of the time, from 0 to 1, in which the loop ran code and did not wait. */
  readonly utilization: number;
}

const NS_PER_MS = 1e6;
/** How often it looks how late the loop is. */
const EVERY_MS = 10;
const NOTHING: LoopFigures = { p50Ms: 0, p99Ms: 0, maxMs: 0, utilization: 0 };

/** Measures how late and how busy the event loop is, from one look to the next. */
export class LoopClock {
  private readonly delay: IntervalHistogram | undefined;
  private before: ReturnType<typeof performance.eventLoopUtilization> | undefined;

  constructor() {
    const hooks = builtinModule("node:perf_hooks");
    this.delay = ask(() => hooks?.monitorEventLoopDelay({ resolution: EVERY_MS }), undefined);
    this.delay?.enable();
    this.before = ask(() => hooks?.performance.eventLoopUtilization(), undefined);
  }

  /** The figures since the last look; zeros where there is no Node. */
  take(): LoopFigures {
    const { delay, before } = this;
    if (delay === undefined || before === undefined) return NOTHING;
    const now = performance.eventLoopUtilization();
    // The histogram holds the times between two beats, one of which is always waited for; a shorter time than that has none.
    const late = (ns: number): number => (delay.count === 0 ? 0 : Math.max(0, ns / NS_PER_MS - EVERY_MS));
    const figures = {
      p50Ms: late(delay.percentile(50)),
      p99Ms: late(delay.percentile(99)),
      maxMs: late(delay.max),
      utilization: performance.eventLoopUtilization(now, before).utilization,
    };
    delay.reset();
    this.before = now;
    return figures;
  }

  stop(): void {
    this.delay?.disable();
  }
}
