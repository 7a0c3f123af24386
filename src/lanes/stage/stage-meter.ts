import { TimeHistogram } from "../../observe/histogram.ts";
import type { StageStatistics } from "../lane.ts";

/** The work in one message, in milliseconds: enough to make the hop vanish, little enough to keep all workers busy to the end. */
const TARGET_MS = 4;
/** The least work that is worth a message, in milliseconds. */
const LEAST_MS = 0.25;
/** The factor by which chunks grow at most from one measurement to the next: a cost measured on few inputs may be far off. */
const MAX_GROWTH = 16;
const MAX_INPUTS = 8192;
/** The weight of an older measurement, compared with a newer one. */
const OLD_WEIGHT = 0.5;
/** The first input in each worker is worth a hint when it takes longer than any other, and so much longer than those do on average, */
const SLOW_FIRST = 5;
/** and so long, in milliseconds: a function is compiled in less, */
const SLOW_FIRST_MS = 25;
/** and so many others for each worker tell. */
const LEAST_OTHERS = 3;

/** Measures a stage: what its inputs cost, for the size of chunks, and the sums that are shown as statistics. */
export class StageMeter {
  inputs = 0;
  runMs = 0;
  cpuMs = 0;
  /** Whether the functions of the stage return promises: then many inputs of a worker wait at the same time. */
  waits = false;
  private failed = 0;
  private queueMs = 0;
  private bytes = 0;
  private readonly hints = new Set<string>();
  private readonly losses = new Map<string, number>();
  private firsts = 0;
  private leastFirstMs = Number.POSITIVE_INFINITY;
  private firstMs = 0;
  private isFirst = false;
  private slowestOtherMs = 0;
  private limit = 1;
  private recentMs = 0;
  private recentStarted = 0;
  private recentSettled = 0;
  private readonly times = new TimeHistogram();

  constructor(readonly label: string) {}

  /** The time that one input keeps a worker busy, in milliseconds; undefined before the first measurement. */
  get costMs(): number | undefined {
    const count = this.recentSettled > 0 ? this.recentSettled : this.recentStarted;
    return count === 0 ? undefined : this.recentMs / count;
  }

  /** Counts the time in the queue of calls that have been sent to a worker. */
  sent(calls: readonly { readonly queuedAt: number }[], now: number): void {
    for (const { queuedAt } of calls) this.queueMs += now - queuedAt;
  }

  /** Counts the bytes of inputs sent to a worker, or of outputs sent back. */
  carried(bytes: number): void {
    this.bytes += bytes;
  }

  /** Takes note that functions of the stage have returned promises. */
  returnedPromises(): void {
    this.waits = true;
  }

  /** Adds a hint at something that could be better. */
  hint(text: string): void {
    this.hints.add(text);
  }

  /** Counts a worker that knew the stage and was lost, with no input to blame. */
  lostWorker(cause: string): void {
    this.losses.set(cause, (this.losses.get(cause) ?? 0) + 1);
  }

  /** Counts a report: the inputs that a worker has started, settled and failed since its last one, and its time, in milliseconds. */
  reported(started: number, settled: number, failed: number, busyMs: number, cpuMs: number): void {
    this.inputs += settled;
    this.failed += failed;
    this.runMs += busyMs;
    this.cpuMs += cpuMs;
    this.recentMs = this.recentMs * OLD_WEIGHT + busyMs;
    this.recentStarted = this.recentStarted * OLD_WEIGHT + started;
    this.recentSettled = this.recentSettled * OLD_WEIGHT + settled;
    if (settled > 0) {
      this.times.add(busyMs / settled, settled);
      if (!this.isFirst) this.slowestOtherMs = Math.max(this.slowestOtherMs, busyMs / settled);
    }
    this.isFirst = false;
    const cost = this.costMs;
    if (cost === undefined) return;
    const wanted = Math.min(MAX_INPUTS, Math.max(1, Math.floor(TARGET_MS / Math.max(cost, 1e-6))));
    this.limit = Math.min(wanted, this.limit * MAX_GROWTH);
  }

  /** The number of inputs to send in one message, when `queued` inputs wait and `workers` share them. */
  chunkSize(queued: number, workers: number): number {
    if (this.limit === 1) return 1;
    const share = Math.ceil(queued / (2 * workers));
    const least = Math.ceil(LEAST_MS / Math.max(this.costMs ?? TARGET_MS, 1e-6));
    return Math.min(this.limit, Math.max(share, least));
  }

  /** Counts the first report of a worker apart: its time includes what the function does once in each, such as loading something. */
  firstReport(started: number, busyMs: number): void {
    this.isFirst = true;
    const ms = busyMs - Math.max(0, started - 1) * (this.costMs ?? 0);
    this.firsts++;
    this.firstMs += ms;
    this.leastFirstMs = Math.min(this.leastFirstMs, ms);
  }

  /** A hint, if the first input in each worker is much slower than the others; undefined if not. */
  private firstHint(): string | undefined {
    const { inputs, firsts, leastFirstMs, runMs } = this;
    const others = inputs - firsts;
    if (firsts === 0 || others < firsts * LEAST_OTHERS) return undefined;
    const otherMs = Math.max(0, runMs - this.firstMs) / others;
    const leastMs = Math.max(SLOW_FIRST_MS, SLOW_FIRST * otherMs, this.slowestOtherMs);
    if (leastFirstMs < leastMs) return undefined;
    const first = (this.firstMs / firsts).toFixed(0);
    return `The first input in each worker takes ${first} ms, the others ${otherMs.toFixed(1)} ms: the function seems to load something when it is first called. Declare that with resource() and pass it in \`uses\`; warm() then loads it before the first input.`;
  }

  statistics(): StageStatistics {
    const first = this.firstHint();
    const hints = first === undefined ? [...this.hints] : [first, ...this.hints];
    let lostWorkers = 0;
    for (const [cause, count] of this.losses) {
      lostWorkers += count;
      hints.push(
        `${count === 1 ? "A worker that ran it was" : `${count} workers that ran it were`} lost: ${cause}. As far as can be told, no function of an input was being called: something that was left behind may have ended it.`,
      );
    }
    const { label, inputs, failed, queueMs, runMs, cpuMs, bytes } = this;
    return {
      label,
      inputs,
      failed,
      queueMs,
      runMs,
      cpuMs,
      bytes,
      chunk: this.limit,
      costMs: this.costMs,
      p50Ms: this.times.percentile(0.5),
      p99Ms: this.times.percentile(0.99),
      ...(lostWorkers > 0 && { lostWorkers }),
      ...(hints.length > 0 && { hints }),
    };
  }
}
