import { monitorEventLoopDelay } from "node:perf_hooks";
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
  const sampler = new LaneSampler(lanes);
  return () => {
    delay.disable();
    const lanes = sampler.stop();
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
      lanes,
    };
  };
}

/** The load of a lane at one moment. */
export interface LaneSample {
  /** Milliseconds since the start of the run. */
  readonly atMs: number;
  readonly workers: number;
  /** Workers that had something to do. */
  readonly busy: number;
  /** Inputs that waited for a worker. */
  readonly queued: number;
}

/** The load of a lane during a run. */
export interface LaneHistory {
  readonly name: string;
  /** The samples in the order of time. A sample holds until the next one. */
  readonly samples: readonly LaneSample[];
}

const FIRST_INTERVAL_MS = 100;
/** With more samples than this, every other one goes, and the next ones are taken half as often. */
const MOST_SAMPLES = 600;

/** Looks at lanes now and then, and keeps what has changed. */
export class LaneSampler {
  private readonly histories = new Map<Lane, LaneSample[]>();
  private readonly startMs = performance.now();
  private intervalMs = FIRST_INTERVAL_MS;
  private timer: NodeJS.Timeout | undefined;

  /** @param lanes Tells the lanes: steps may move to one later. */
  constructor(private readonly lanes: () => readonly Lane[]) {
    this.plan();
  }

  /** Looks for the last time. */
  stop(): LaneHistory[] {
    clearInterval(this.timer);
    this.sample();
    return Array.from(this.histories, ([{ name }, samples]) => ({ name, samples }));
  }

  private plan(): void {
    clearInterval(this.timer);
    this.timer = setInterval(() => this.sample(), this.intervalMs).unref();
  }

  private sample(): void {
    const atMs = round(performance.now() - this.startMs);
    for (const lane of this.lanes()) {
      const { workers, busy, queued } = lane.capacity;
      let samples = this.histories.get(lane);
      if (samples === undefined) {
        samples = [];
        this.histories.set(lane, samples);
      }
      const last = samples.at(-1);
      if (last?.workers === workers && last.busy === busy && last.queued === queued) continue;
      samples.push({ atMs, workers, busy, queued });
      if (samples.length > MOST_SAMPLES) this.thinOut();
    }
  }

  private thinOut(): void {
    for (const [lane, samples] of this.histories)
      this.histories.set(
        lane,
        samples.filter((_, at) => at % 2 === 0),
      );
    this.intervalMs *= 2;
    this.plan();
  }
}
