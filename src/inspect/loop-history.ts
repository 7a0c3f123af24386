import process from "node:process";
import { LoopClock } from "../observe/loop-clock.ts";
import type { LoopHistory } from "./state.ts";

/** So many moments are kept. */
const MOST = 600;
/** A page shows lateness from some milliseconds on, and an idle program is not to be woken a hundred times a second for it. */
const CLOCK_EVERY_MS = 25;

/**
 * Looks at the event loop now and then, and keeps what it saw in bounded memory. With `all`, the whole time is kept: when there are too
 * many moments, each two become one, and it looks half as often. Otherwise the last ones are kept.
 */
export class LoopRecorder {
  private moments: { atMs: number; lagMs: number; utilization: number; memoryBytes: number }[] = [];
  private clock: LoopClock | undefined;
  private timer: NodeJS.Timeout | undefined;
  private lookedAt = 0;

  /** @param sinceMs What moments are counted from, on the clock of `performance.now`. */
  constructor(
    private readonly sinceMs: number,
    private everyMs: number,
    private readonly keeps: "all" | "last",
  ) {}

  start(): void {
    if (this.timer !== undefined) return;
    this.clock = new LoopClock(CLOCK_EVERY_MS);
    this.lookedAt = performance.now();
    this.timer = setInterval(() => this.look(), this.everyMs).unref();
  }

  stop(): void {
    if (this.timer === undefined) return;
    this.look();
    clearInterval(this.timer);
    this.clock?.stop();
    this.timer = undefined;
    this.clock = undefined;
  }

  get history(): LoopHistory {
    const { moments } = this;
    return {
      atMs: moments.map(({ atMs }) => atMs),
      lagMs: moments.map(({ lagMs }) => lagMs),
      utilization: moments.map(({ utilization }) => utilization),
      memoryBytes: moments.map(({ memoryBytes }) => memoryBytes),
    };
  }

  private look(): void {
    const { maxMs, utilization } = this.clock!.take();
    const now = performance.now();
    // Where the loop was held until this look, the clock has not seen it yet, and forgets it.
    const lateMs = now - this.lookedAt - this.everyMs;
    this.lookedAt = now;
    this.moments.push({
      atMs: Math.round(now - this.sinceMs),
      lagMs: rounded(Math.max(maxMs, lateMs), 10),
      utilization: rounded(utilization, 1000),
      memoryBytes: process.memoryUsage.rss(),
    });
    if (this.moments.length <= MOST) return;
    if (this.keeps === "last") this.moments.shift();
    else this.thinOut();
  }

  private thinOut(): void {
    const { moments } = this;
    this.moments = [];
    for (let at = 1; at < moments.length; at += 2) {
      const [one, next] = [moments[at - 1]!, moments[at]!];
      this.moments.push({
        atMs: next.atMs,
        lagMs: Math.max(one.lagMs, next.lagMs),
        utilization: rounded((one.utilization + next.utilization) / 2, 1000),
        memoryBytes: Math.max(one.memoryBytes, next.memoryBytes),
      });
    }
    this.everyMs *= 2;
    clearInterval(this.timer);
    this.timer = setInterval(() => this.look(), this.everyMs).unref();
  }
}

function rounded(value: number, parts: number): number {
  return Math.round(value * parts) / parts;
}
