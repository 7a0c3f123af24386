import { monitorEventLoopDelay } from "node:perf_hooks";
import { type LaneHistory, LaneSampler } from "../../inspect/lane-sampler.ts";
import type { Lane } from "../../lanes/lane.ts";
import { round } from "../display/format.ts";

const NS_PER_MS = 1e6;
const RESOLUTION_MS = 10;

/** The costs of a run for the process around it. */
export interface Measurements {
  readonly startedAt: string;
  readonly durationMs: number;
  /** The share of the time, from 0 to 1, in which the event loop was running code and not waiting. */
  readonly loopBusy: number;
  /** The delay of the event loop in milliseconds: its median, and so on. */
  readonly loopDelayP50Ms: number;
  readonly loopDelayP90Ms: number;
  readonly loopDelayP99Ms: number;
  readonly loopDelayMaxMs: number;
  readonly peakMemoryBytes: number;
  /** The load of the pipeline's lanes. */
  readonly lanes: readonly LaneHistory[];
}

/** Starts to measure; the result is a function that ends it. */
export function startMeasuring(lanes: () => readonly Lane[]): () => Measurements {
  const startedAt = new Date().toISOString();
  const startMs = performance.now();
  const utilization = performance.eventLoopUtilization();
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  const sampler = new LaneSampler(lanes).start();
  return () => {
    delay.disable();
    sampler.stop();
    // The histogram holds the times between two beats, one of which is always waited for; a run shorter than that has none.
    const late = (ns: number) => (delay.count === 0 ? 0 : round(Math.max(0, ns / NS_PER_MS - RESOLUTION_MS)));
    return {
      startedAt,
      durationMs: round(performance.now() - startMs),
      loopBusy: round(performance.eventLoopUtilization(utilization).utilization),
      loopDelayP50Ms: late(delay.percentile(50)),
      loopDelayP90Ms: late(delay.percentile(90)),
      loopDelayP99Ms: late(delay.percentile(99)),
      loopDelayMaxMs: late(delay.max),
      peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
      lanes: sampler.all,
    };
  };
}
