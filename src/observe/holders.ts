import type { Step } from "../core/step.ts";

/** A step that held the event loop: how often, for how long, and what is known of where. */
export interface Holder {
  /** The name of the step in tables. */
  readonly step: string;
  /** How often it held the loop for {@link HOLD_MS} or longer. */
  readonly times: number;
  /** For how long in all, in milliseconds. */
  readonly totalMs: number;
  /** The longest time, in milliseconds. */
  readonly maxMs: number;
}

/** A step that runs shorter than this, in milliseconds, holds nobody up. */
export const HOLD_MS = 10;

interface Held {
  times: number;
  totalMs: number;
  maxMs: number;
}

/** How long the steps inside the step that runs now have run: their time is not its own. */
let insideMs = 0;

/** Counts how often steps hold the event loop: with what they run before they first wait, and what runs without waiting. */
export class Holders {
  private readonly held = new Map<Step, Held>();

  /** Calls what a step runs, and looks how long it takes. */
  time<T>(step: Step, run: () => T): T {
    const before = insideMs;
    insideMs = 0;
    const started = performance.now();
    try {
      return run();
    } finally {
      const ms = performance.now() - started;
      const ownMs = ms - insideMs;
      insideMs = before + ms;
      if (ownMs >= HOLD_MS) this.add(step, ownMs);
    }
  }

  /** Counts one time. */
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
