import process from "node:process";
import { onBeat } from "../observe/beat.ts";
import type { LoopHistory } from "./state.ts";

/** So many moments are kept. */
const MOST = 600;

/**
 * Looks at the event loop now and then, and keeps what it saw in bounded memory. With `all`, the whole time is kept: when there are too
 * many moments, each two become one, and it looks half as often. Otherwise the last ones are kept.
 */
export class LoopRecorder {
  private moments: { atMs: number; lagMs: number; utilization: number; memoryBytes: number }[] = [];
  private stopBeating: (() => void) | undefined;
  private beatAt = 0;
  /** By how much a beat was late at most, since the last moment. */
  private lateMs = 0;
  private beats = 0;
  private before = performance.eventLoopUtilization();

  /**
   * @param sinceMs What moments are counted from, on the clock of `performance.now`.
   * @param beatMs How often it looks whether the loop is late.
   * @param beatsPerMoment It keeps a moment once in so many beats.
   */
  constructor(
    private readonly sinceMs: number,
    private readonly beatMs: number,
    private beatsPerMoment: number,
    private readonly keeps: "all" | "last",
  ) {}

  start(): void {
    if (this.stopBeating !== undefined) return;
    this.beatAt = performance.now();
    this.before = performance.eventLoopUtilization();
    this.stopBeating = onBeat(this.beatMs, () => this.beat());
  }

  stop(): void {
    if (this.stopBeating === undefined) return;
    this.stopBeating();
    this.stopBeating = undefined;
    this.look();
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

  private beat(): void {
    this.noteLateness();
    if (++this.beats >= this.beatsPerMoment) this.look();
  }

  private noteLateness(): void {
    const now = performance.now();
    this.lateMs = Math.max(this.lateMs, now - this.beatAt - this.beatMs);
    this.beatAt = now;
  }

  private look(): void {
    this.noteLateness();
    const now = performance.eventLoopUtilization();
    this.moments.push({
      atMs: Math.round(this.beatAt - this.sinceMs),
      lagMs: rounded(this.lateMs, 10),
      utilization: rounded(performance.eventLoopUtilization(now, this.before).utilization, 1000),
      memoryBytes: process.memoryUsage.rss(),
    });
    this.before = now;
    this.lateMs = 0;
    this.beats = 0;
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
    this.beatsPerMoment *= 2;
  }
}

function rounded(value: number, parts: number): number {
  return Math.round(value * parts) / parts;
}
