import { auto } from "./auto-settings.ts";

/** The number of slow runs in a row that make a step slow. A single one may be the compiler's or the garbage collector's fault. */
const SLOW_IN_A_ROW = 3;
/** The longest pause between two timed runs. Quick steps are timed less and less often: a look at the clock costs as much as a step. */
const LONGEST_PAUSE = 4096;

/** Finds out by samples whether the sync runs of a step are slow enough to move elsewhere. */
export class CostSampler {
  private slow = 0;
  private sumMs = 0;
  private pause = 1;

  /** Whether the step is slow. */
  get isSlow(): boolean {
    return this.slow >= SLOW_IN_A_ROW;
  }

  /** The mean time of the last slow runs, in milliseconds. */
  get meanMs(): number {
    return this.slow === 0 ? 0 : this.sumMs / this.slow;
  }

  /** Takes the time of a run. Returns the number of runs that need not be timed now. */
  timed(ms: number): number {
    if (ms >= auto.thresholdMs) {
      this.slow++;
      this.sumMs += ms;
      this.pause = 1;
      return 0;
    }
    this.slow = 0;
    this.sumMs = 0;
    return this.rest();
  }

  /** Takes note of a run that had to wait, whose time says nothing about this thread. */
  waited(): number {
    return this.rest();
  }

  /** Forgets the slow runs, when the step has become quick elsewhere. */
  reset(): void {
    this.slow = 0;
    this.sumMs = 0;
  }

  private rest(): number {
    this.pause = Math.min(2 * this.pause, LONGEST_PAUSE);
    return this.pause;
  }
}
