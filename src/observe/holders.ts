import type { Step } from "../core/step.ts";

/** A step that held the event loop: how often, and for how long. */
export interface Holder {
  /** The name of the step in tables. */
  readonly step: string;
  /** The number of times that the step held the loop for {@link HOLD_MS} or longer. */
  readonly times: number;
  /** The sum of those times, in milliseconds. */
  readonly totalMs: number;
  /** The longest of those times, in milliseconds. */
  readonly maxMs: number;
}

/** The least time, in milliseconds, that counts as holding the event loop. */
export const HOLD_MS = 10;

interface Held {
  times: number;
  totalMs: number;
  maxMs: number;
}

/** The time of the steps inside the step that runs now, in milliseconds: it is not the step's own. */
let insideMs = 0;

/** Counts how often steps hold the event loop: by code that runs before they first wait, and by code that does not wait. */
export class Holders {
  private readonly held = new Map<Step, Held>();

  /** Takes note that the code of a step begins. What it returns is for {@link leave}. */
  enter(): number {
    const around = insideMs;
    insideMs = 0;
    return around;
  }

  /** Takes note that the code of a step has run for so long, in milliseconds, the steps inside it included. */
  leave(step: Step, ms: number, around: number): void {
    const ownMs = ms - insideMs;
    insideMs = around + ms;
    if (ownMs >= HOLD_MS) this.add(step, ownMs);
  }

  /** Counts one time that a step held the loop, in milliseconds. */
  add(step: Step, ms: number): void {
    let held = this.held.get(step);
    if (held === undefined) {
      held = { times: 0, totalMs: 0, maxMs: 0 };
      this.held.set(step, held);
    }
    held.times++;
    held.totalMs += ms;
    held.maxMs = Math.max(held.maxMs, ms);
  }

  /** The steps that have held the loop, the worst first. */
  entries(): [Step, Holder][] {
    const all = [...this.held].map(([step, held]): [Step, Holder] => [step, { step: step.label, ...held }]);
    return all.sort(([, a], [, b]) => b.totalMs - a.totalMs);
  }

  clear(): void {
    this.held.clear();
  }
}
