/** What a run has done so far. */
export interface RunCounts {
  /** Inputs that have a record, failed ones included; those of earlier runs are not. */
  readonly done: number;
  readonly failed: number;
}

/** How far a run is, for whoever shows it. */
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
  /** How much of the source earlier runs have done. */
  private readBefore: number | undefined;
  private done = 0;
  private failed = 0;

  /**
   * @param total How many inputs the run has at most, where that is known.
   * @param read How much of the source is done, from 0 to 1, where that is known.
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

  /** A limit may be larger than the source is, and a source may be read ahead of what is done; the larger share is nearer. */
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
