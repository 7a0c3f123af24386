import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Autoscaler, type PoolLoad } from "../../src/lanes/pool/autoscaler.ts";
import { poolSettings } from "../../src/lanes/pool/pool-options.ts";

const SAMPLE_MS = 100;

/** A pool whose workers use a given part of their time for computing, and settle inputs at a given rate. */
class FakePool {
  cpuShare = 0;
  /** Inputs per millisecond, for a number of workers. */
  rate: (workers: number) => number = (workers) => workers / 1000;
  isFull = true;
  starting = 0;
  /** The part of the machine's time that is left. */
  idle = 1;
  /** Interruptions of each worker in a look. */
  interrupted = 0;
  limits: number[] = [];
  private machine = { idleMs: 0, totalMs: 0 };
  private interruptions = 0;
  private cpuMs = 0;
  private settled = 0;
  readonly autoscaler: Autoscaler;

  constructor(options = {}, cores = 2) {
    const settings = poolSettings("threads", options, cores);
    this.autoscaler = new Autoscaler(
      settings,
      () => this.load,
      () => this.limits.push(this.autoscaler.limit),
      () => Date.now(),
    );
  }

  private get load(): PoolLoad {
    const { isFull, starting, cpuMs, settled, autoscaler, machine, interruptions } = this;
    return { isFull, starting, cpuMs, settled, busy: autoscaler.limit, machine: { ...machine }, interruptions };
  }

  /** Lets the pool work for so many looks. */
  work(looks: number): void {
    for (let look = 0; look < looks; look++) {
      this.cpuMs += this.cpuShare * SAMPLE_MS * Math.min(2, this.autoscaler.limit);
      this.machine.idleMs += this.idle * 2 * SAMPLE_MS;
      this.machine.totalMs += 2 * SAMPLE_MS;
      this.interruptions += this.interrupted * this.autoscaler.limit;
      this.settled += this.rate(this.autoscaler.limit) * SAMPLE_MS;
      vi.advanceTimersByTime(SAMPLE_MS);
    }
  }
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("a full pool", () => {
  it("grows step by step up to max while its workers wait", () => {
    const pool = new FakePool();
    pool.autoscaler.watch();
    pool.work(20);
    expect(pool.limits).toEqual([4, 8, 16, 32]);
  });

  it("stays at the number of cores while its workers compute", () => {
    const pool = new FakePool();
    pool.cpuShare = 1;
    pool.autoscaler.watch();
    pool.work(50);
    expect(pool.limits).toEqual([]);
    expect(pool.autoscaler.limit).toBe(2);
  });

  it("goes back to the number of cores when its workers begin to compute", () => {
    const pool = new FakePool();
    pool.autoscaler.watch();
    pool.work(20);
    pool.cpuShare = 1;
    pool.work(5);
    expect(pool.autoscaler.limit).toBe(2);
  });

  it("goes a step back when more workers get no more done, and leaves it at that for a while", () => {
    const pool = new FakePool();
    pool.rate = (workers) => Math.min(workers, 8);
    pool.autoscaler.watch();
    pool.work(12);
    expect(pool.limits).toContain(16);
    expect(pool.autoscaler.limit).toBeLessThan(16);
    const before = pool.limits.length;
    pool.work(40);
    expect(pool.limits).toHaveLength(before);
  });

  it("does not take workers for waiting whose CPU time others have", () => {
    for (const crowd of [{ idle: 0.1 }, { interrupted: 10 }]) {
      const pool = new FakePool();
      Object.assign(pool, { cpuShare: 0.3, ...crowd });
      pool.autoscaler.watch();
      pool.work(30);
      expect(pool.limits).toEqual([]);
    }
  });

  it("goes back when the first step got no more done already", () => {
    const pool = new FakePool();
    pool.rate = () => 1;
    pool.autoscaler.watch();
    pool.work(8);
    expect(pool.limits).toEqual([4, 2]);
  });

  it("does not grow beyond the max that it was given", () => {
    const pool = new FakePool({ max: 5 });
    pool.autoscaler.watch();
    pool.work(20);
    expect(pool.limits).toEqual([4, 5]);
  });

  it("does not take starting workers, which compute, for its work", () => {
    const pool = new FakePool();
    pool.starting = 1;
    pool.autoscaler.watch();
    pool.work(20);
    expect(pool.limits).toEqual([]);
  });

  it("is not looked at when it cannot grow, and no longer when it is not full", () => {
    const fixed = new FakePool({ max: 2 });
    fixed.autoscaler.watch();
    expect(vi.getTimerCount()).toBe(0);
    const pool = new FakePool();
    pool.autoscaler.watch();
    expect(vi.getTimerCount()).toBe(1);
    pool.isFull = false;
    pool.work(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("is not looked at when it is closed", () => {
    const pool = new FakePool();
    pool.autoscaler.watch();
    pool.autoscaler.close();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("how many workers there may be", () => {
  it.each([
    [{}, { atOnce: 2, max: 32 }],
    [{ max: 1 }, { atOnce: 1, max: 1 }],
    [{ max: 8 }, { atOnce: 2, max: 8 }],
    [{ min: 4 }, { atOnce: 4, max: 32 }],
    [{ min: 40 }, { atOnce: 40, max: 40 }],
  ])("%j on two cores", (options, expected) => {
    expect(poolSettings("threads", options, 2)).toMatchObject(expected);
  });
});
