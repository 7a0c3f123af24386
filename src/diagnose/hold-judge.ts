/** One look of the watching thread. Times are in milliseconds. */
export interface Look {
  readonly now: number;
  /** The number of turns of the event loop. */
  readonly beat: number;
  /** The time that the watched thread has waited for a core, in all, where the system tells. */
  readonly starvedMs?: number | undefined;
}

export type Verdict = { readonly kind: "held" | "released"; readonly heldMs: number } | undefined;

/** The times after which a hold is reported again, in milliseconds. */
const AGAIN_MS = [1000, 10_000, 60_000];

/**
 * Decides from looks at regular times whether an event loop is held by what it runs. Time in which the watching thread did not run
 * either (the process was stopped, the machine slept or had other things to do) and time in which the watched one waited for a core do
 * not count.
 */
export class HoldJudge {
  private readonly steps: readonly number[];
  private beat = -1;
  private since = 0;
  private starvedBefore: number | undefined;
  private lookedAt: number | undefined;
  private lostMs = 0;
  private told = 0;
  private heldMs = 0;

  constructor(
    thresholdMs: number,
    private readonly everyMs: number,
  ) {
    this.steps = [thresholdMs, ...AGAIN_MS.filter((ms) => ms > thresholdMs)];
  }

  /** The verdict on a look: a report to make now, if there is one. */
  look({ now, beat, starvedMs }: Look): Verdict {
    const sleptMs = now - (this.lookedAt ?? now);
    this.lookedAt = now;
    if (beat !== this.beat) {
      const { told, heldMs } = this;
      this.beat = beat;
      this.since = now;
      this.starvedBefore = starvedMs;
      this.lostMs = 0;
      this.told = 0;
      this.heldMs = 0;
      return told === 0 ? undefined : { kind: "released", heldMs };
    }
    this.lostMs += Math.max(0, sleptMs - 2 * this.everyMs);
    const starved = starvedMs === undefined || this.starvedBefore === undefined ? 0 : starvedMs - this.starvedBefore;
    // The system tells late how long a thread has waited: a hold that was told of does not become shorter again.
    this.heldMs = Math.max(this.heldMs, now - this.since - Math.max(this.lostMs, starved));
    if (this.told === this.steps.length || this.heldMs < this.steps[this.told]!) return undefined;
    while (this.told < this.steps.length && this.heldMs >= this.steps[this.told]!) this.told++;
    return { kind: "held", heldMs: this.heldMs };
  }
}
