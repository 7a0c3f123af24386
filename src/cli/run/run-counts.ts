/** The counts of a run so far. */
export interface RunCounts {
  /** Inputs that have a record, failed ones included; those of earlier runs are not. */
  readonly done: number;
  readonly failed: number;
}

/** The progress of a run, for displays. */
export interface ProgressState extends RunCounts {
  readonly elapsedMs: number;
  readonly perSecond: number;
  /** From 0 to 1; undefined when nobody can know. */
  readonly fraction: number | undefined;
  readonly remainingMs: number | undefined;
}

/** Counts inputs, and estimates the time that is left. */
export class ProgressMeter {
  private readonly now: () => number;
  private readonly total: number | undefined;
  private readonly read: () => number | undefined;
  private readonly startMs: number;
  /** The share of the source that earlier runs have done, from 0 to 1. */
  private readBefore: number | undefined;
  private done = 0;
  private failed = 0;

  /**
   * @param total The number of inputs that the run has at most, where that is known.
   * @param read Tells the share of the source that is done, from 0 to 1, where that is known.
   * @param now The clock, in milliseconds.
   */
  constructor(total: number | undefined, read: () => number | undefined, now: () => number = () => performance.now()) {
    this.total = total;
    this.read = read;
    this.now = now;
    this.startMs = now();
  }

  get counts(): RunCounts {
    return { done: this.done, failed: this.failed };
  }

  /** Counts one input that has its record. */
  count(failed: boolean): void {
    // The first record tells that the inputs of earlier runs are behind us.
    this.readBefore ??= this.read() ?? 0;
    this.done++;
    if (failed) this.failed++;
  }

  state(): ProgressState {
    const elapsedMs = this.now() - this.startMs;
    const fraction = this.fraction();
    const perSecond = elapsedMs > 0 ? (this.done * 1000) / elapsedMs : 0;
    return { ...this.counts, elapsedMs, perSecond, fraction, remainingMs: this.remaining(elapsedMs, fraction) };
  }

  /** The share that is done: the larger of two estimates, as a limit may exceed the source, and a source may be read ahead. */
  private fraction(): number | undefined {
    const ofTotal = this.total === undefined ? undefined : this.total === 0 ? 1 : this.done / this.total;
    const ofSource = this.read();
    if (ofTotal === undefined || ofSource === undefined) return ofTotal ?? ofSource;
    return Math.max(ofTotal, ofSource);
  }

  private remaining(elapsedMs: number, fraction: number | undefined): number | undefined {
    if (fraction === undefined || this.done === 0) return undefined;
    const before = this.total === undefined ? (this.readBefore ?? 0) : 0;
    const share = fraction - before;
    return share <= 0 ? undefined : (elapsedMs * (1 - fraction)) / share;
  }
}
