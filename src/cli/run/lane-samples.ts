import type { Lane } from "../../lanes/lane.ts";
import { round } from "../display/round.ts";

/** How full a lane was at one moment. */
export interface LaneSample {
  /** Milliseconds since the start of the run. */
  readonly atMs: number;
  readonly workers: number;
  /** Workers that had something to do. */
  readonly busy: number;
  /** Inputs that waited for a worker. */
  readonly queued: number;
}

/** How full a lane was during a run. */
export interface LaneHistory {
  readonly name: string;
  /** In the order of time. A sample holds until the next one. */
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
