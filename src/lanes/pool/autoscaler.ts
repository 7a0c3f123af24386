import { Timers } from "../worker-handle/timers.ts";
import type { PoolSettings } from "./pool-options.ts";

/** The time between two samples of a pool that is full. */
const SAMPLE_MS = 100;
/** Workers wait when they compute for less than this share of their time: then more of them get more done. */
const WAITING_BELOW = 0.5;
/** The share of the machine's time that has to be free, so that more workers can help. */
const LEAST_IDLE_SHARE = 0.3;
/** Interruptions of each worker in a millisecond, from which on workers would compute if they could. Those that wait stop by themselves. */
const INTERRUPTIONS_PER_MS = 0.02;
/** Workers compute when they use more than this share of their time: more of them than cores only get in each other's way. */
const COMPUTING_ABOVE = 0.85;
/** The factor by which more workers have to raise the throughput, so that the pool keeps them. */
const LEAST_GAIN = 1.05;
/** The number of samples before growth that did not help is tried again. */
const SAMPLES_TO_WAIT = 50;

/** The load of a pool at one moment. */
export interface PoolLoad {
  /** Whether calls wait, and no worker is free. */
  readonly isFull: boolean;
  readonly busy: number;
  readonly starting: number;
  /** Inputs that have settled since the pool was made. */
  readonly settled: number;
  /** CPU time that workers have used since some moment, in milliseconds. */
  readonly cpuMs: number;
  /** The idle time and the total time of all cores, in milliseconds; undefined where they are not known. */
  readonly machine?: { readonly idleMs: number; readonly totalMs: number } | undefined;
  /** The number of times that threads of this process were interrupted; undefined where that is not known. */
  readonly interruptions?: number | undefined;
  /** The time that workers were busy for that, in milliseconds; without it, busy workers count as busy all the time. */
  readonly runMs?: number;
}

/**
 * Decides how many workers a pool may have. Workers that compute are as many as there are cores. Workers that wait, in functions that block,
 * become more, as long as that gets more done. .NET's thread pool does so by throughput alone ("hill climbing"); CPU time tells sooner,
 * before the first of such inputs has settled.
 */
export class Autoscaler {
  /** The number of workers that the pool may have now. */
  limit: number;
  private last: (PoolLoad & { readonly at: number }) | undefined;
  /** The last growth: the limit and the throughput before it, and the inputs and the time from which its own throughput counts. */
  private lastGrowth:
    | { readonly from: number; readonly rate: number; readonly settled: number; readonly at: number }
    | undefined;
  private rate = 0;
  private computing = 0;
  private samplesToWait = 0;
  private readonly timers = new Timers();

  constructor(
    private readonly settings: PoolSettings,
    private readonly load: () => PoolLoad,
    /** Called when the limit has changed. */
    private readonly onChange: () => void,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.limit = settings.atOnce;
  }

  /** Samples the pool from now on, until it is not full any more. */
  watch(): void {
    const { atOnce, max } = this.settings;
    if (max > atOnce && !this.timers.has(this)) this.wait();
  }

  close(): void {
    this.timers.clearAll();
  }

  private wait(): void {
    this.timers.set(this, SAMPLE_MS, () => this.sample());
  }

  /** Compares the load with that of the last sample, and changes the limit. */
  sample(): void {
    const load = this.load();
    if (!load.isFull) {
      this.last = undefined;
      this.lastGrowth = undefined;
      return;
    }
    const now = this.now();
    const { last } = this;
    this.last = { ...load, at: now };
    this.wait();
    // Starting workers takes CPU time too.
    if (last === undefined || load.starting > 0 || last.starting > 0) return;
    const share = shareOfCpu(last, load, now - last.at, this.settings.cores);
    if (share === undefined) return;
    if (this.didNotHelp(load, now)) return;
    if (share > COMPUTING_ABOVE) {
      this.shrink();
      return;
    }
    this.computing = 0;
    if (share < WAITING_BELOW && !isCrowded(last, load, now - last.at)) this.grow(load, last, now);
  }

  private grow(load: PoolLoad, last: PoolLoad & { readonly at: number }, now: number): void {
    const { max } = this.settings;
    if (this.samplesToWait-- > 0 || this.limit >= max || load.busy < this.limit) return;
    this.samplesToWait = 0;
    if (this.lastGrowth === undefined) this.rate = (load.settled - last.settled) / (now - last.at);
    this.lastGrowth = { from: this.limit, rate: this.rate, settled: load.settled, at: now };
    this.limit = Math.min(max, this.limit * 2);
    this.onChange();
  }

  private shrink(): void {
    if (++this.computing < 3) return;
    this.computing = 0;
    this.setLimit(this.settings.atOnce);
  }

  /** Undoes the last growth when it has not raised the throughput. Returns whether it did. */
  private didNotHelp({ settled }: PoolLoad, now: number): boolean {
    const { lastGrowth, limit } = this;
    if (lastGrowth === undefined || settled - lastGrowth.settled < 2 * limit) return false;
    this.rate = (settled - lastGrowth.settled) / (now - lastGrowth.at);
    this.lastGrowth = { ...lastGrowth, settled, at: now };
    if (lastGrowth.rate === 0 || this.rate >= lastGrowth.rate * LEAST_GAIN) return false;
    this.lastGrowth = undefined;
    this.samplesToWait = SAMPLES_TO_WAIT;
    this.setLimit(lastGrowth.from);
    return true;
  }

  private setLimit(limit: number): void {
    if (limit === this.limit) return;
    this.limit = limit;
    this.onChange();
  }
}

/** The share of their time that busy workers spent computing, from 0 to 1; undefined when nothing is known. */
function shareOfCpu(last: PoolLoad, load: PoolLoad, wallMs: number, cores: number): number | undefined {
  const busyMs = load.runMs === undefined ? wallMs * Math.min(load.busy, cores) : load.runMs - (last.runMs ?? 0);
  return busyMs > 0 ? (load.cpuMs - last.cpuMs) / busyMs : undefined;
}

/** Whether workers get less CPU time than they could use, because others use it. */
function isCrowded(last: PoolLoad, load: PoolLoad, wallMs: number): boolean {
  if (last.machine !== undefined && load.machine !== undefined) {
    const totalMs = load.machine.totalMs - last.machine.totalMs;
    if (totalMs > 0 && (load.machine.idleMs - last.machine.idleMs) / totalMs < LEAST_IDLE_SHARE) return true;
  }
  const interruptions = (load.interruptions ?? 0) - (last.interruptions ?? 0);
  return interruptions / wallMs / load.busy > INTERRUPTIONS_PER_MS;
}
