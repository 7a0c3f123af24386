import type { Lane } from "../lanes/lane.ts";
import { onBeat } from "../observe/beat.ts";
import type { LaneSample } from "./state.ts";

/** How full a lane was. */
export interface LaneHistory {
  readonly name: string;
  /** In the order of time. A sample holds until the next one. */
  readonly samples: readonly LaneSample[];
}

const FIRST_INTERVAL_MS = 100;
/** So many samples of a lane are kept. */
const MOST_SAMPLES = 600;

/**
 * Looks at lanes now and then, and keeps what has changed, in bounded memory. With `all`, the whole time is kept: when there are too many
 * samples, every other one goes, and the next ones are taken half as often. Otherwise the last ones are kept.
 */
export class LaneSampler {
  private readonly histories = new Map<Lane, LaneSample[]>();
  /** How many samples were kept, in all. */
  taken = 0;
  private beatsPerSample: number;
  private stopBeating: (() => void) | undefined;

  /**
   * @param lanes Tells the lanes: steps may move to one later.
   * @param sinceMs What samples are counted from, on the clock of `performance.now`.
   * @param beatMs The beat that it samples on, of which it takes as many as make 100 ms.
   */
  constructor(
    private readonly lanes: () => readonly Lane[],
    private readonly sinceMs = performance.now(),
    private readonly keeps: "all" | "last" = "all",
    private readonly beatMs = FIRST_INTERVAL_MS,
  ) {
    this.beatsPerSample = FIRST_INTERVAL_MS / beatMs;
  }

  start(): this {
    this.stopBeating?.();
    this.stopBeating = onBeat(this.beatMs, () => this.sample(), this.beatsPerSample);
    return this;
  }

  /** Looks for the last time. */
  stop(): void {
    if (this.stopBeating === undefined) return;
    this.stopBeating();
    this.stopBeating = undefined;
    this.sample();
  }

  get all(): LaneHistory[] {
    return Array.from(this.histories, ([{ name }, samples]) => ({ name, samples }));
  }

  samplesOf(lane: Lane): readonly LaneSample[] {
    return this.histories.get(lane) ?? [];
  }

  private sample(): void {
    const atMs = Math.round((performance.now() - this.sinceMs) * 1000) / 1000;
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
      this.taken++;
      if (samples.length <= MOST_SAMPLES) continue;
      if (this.keeps === "last") samples.shift();
      else this.thinOut();
    }
  }

  private thinOut(): void {
    for (const [lane, samples] of this.histories)
      this.histories.set(
        lane,
        samples.filter((_, at) => at % 2 === 0),
      );
    this.beatsPerSample *= 2;
    this.start();
  }
}
