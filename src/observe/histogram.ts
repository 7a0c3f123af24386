/** The number of buckets between a time and its double: with 32, a percentile is off by 1.1 % at most. */
const BUCKETS_PER_OCTAVE = 32;
/** The upper end of the first bucket, in milliseconds: shorter times count as this. */
const SHORTEST_MS = 1e-6;

/**
 * Times in logarithmic buckets: constant memory, however many there are, and quick to add many equal ones to. The idea is that of Gil
 * Tene's HdrHistogram. Node's own one takes no weights, and is not to be had in browsers.
 */
export class TimeHistogram {
  /** The sum of all times. */
  totalMs = 0;
  count = 0;
  private readonly buckets = new Map<number, number>();

  /** Adds a time, `times` times. */
  add(ms: number, times = 1): void {
    this.totalMs += ms * times;
    this.count += times;
    const bucket = Math.floor(Math.log2(Math.max(ms, SHORTEST_MS)) * BUCKETS_PER_OCTAVE);
    this.buckets.set(bucket, (this.buckets.get(bucket) ?? 0) + times);
  }

  /** The time that such a fraction of all times does not exceed; 0 when there are none. */
  percentile(fraction: number): number {
    let rest = this.count * fraction;
    for (const [bucket, count] of [...this.buckets].sort(([a], [b]) => a - b)) {
      rest -= count;
      if (rest <= 0) return 2 ** ((bucket + 0.5) / BUCKETS_PER_OCTAVE);
    }
    return 0;
  }

  /** The number of times between two bounds, in the order of the times: the bars of a chart. */
  *entries(): Iterable<readonly [fromMs: number, toMs: number, count: number]> {
    for (const [bucket, count] of [...this.buckets].sort(([a], [b]) => a - b))
      yield [2 ** (bucket / BUCKETS_PER_OCTAVE), 2 ** ((bucket + 1) / BUCKETS_PER_OCTAVE), count];
  }
}
