/// <reference lib="esnext.disposable" preserve="true" />
import { observeCallsOn } from "../../core/measured.ts";
import type { LaneCapacity, StageStatistics } from "../../lanes/lane.ts";
import type { Holder } from "../../observe/holders.ts";
import { LoopClock, type LoopFigures } from "../../observe/loop-clock.ts";
import { type StepRow, StepStatistics } from "../../observe/statistics.ts";
import { aligned, duration } from "../../plan/text-table.ts";
import { toStep } from "../coerce.ts";
import type { RunnableInterface } from "../types.ts";
import { lanesOf } from "./lanes-of.ts";

/** A lane that a runnable uses, as it is now. */
export interface LaneRow extends LaneCapacity {
  /** The name of the lane. */
  readonly name: string;
  /** The statistics of all stages of the lane, those of other runnables included. */
  readonly stages: readonly StageStatistics[];
}

/**
 * Measures the calls that are made on a runnable, until it is stopped: what `stats()` gives. Calls in which the runnable is a step of
 * another one are not counted.
 *
 * @example
 * ```ts
 * import { RunnableLambda } from "runlane";
 *
 * const chain = RunnableLambda.from((x: number) => x + 1).pipe(async (x) => x * 2);
 * const stats = chain.stats();
 * await chain.batch([1, 2, 3]);
 * console.log(String(stats)); // a table: inputs, failures and times of each step
 * stats.stop();
 * ```
 */
export class RunnableStatistics implements Disposable {
  private readonly statistics = new StepStatistics({ failures: false });
  private readonly end: () => void;
  private readonly clock = new LoopClock();

  constructor(private readonly runnable: RunnableInterface) {
    this.end = observeCallsOn(toStep(runnable), this.statistics);
  }

  /** One row per step, in the order of the steps. Empty before the first call. */
  rows(): StepRow[] {
    return this.statistics.rows();
  }

  /** The lanes that the runnable uses now, each once. */
  lanes(): LaneRow[] {
    return lanesOf(this.runnable).map((lane) => {
      const { workers, busy, queued } = lane.capacity;
      return { name: lane.name, workers, busy, queued, stages: lane.statistics() };
    });
  }

  /**
   * How the event loop did since the last time this was asked: by how much it was late, how busy it was; and which steps of these calls have
   * held it for 10 ms or longer at a time, the worst first.
   */
  heartbeat(): LoopFigures & { readonly holders: readonly Holder[] } {
    return { ...this.clock.take(), holders: this.statistics.holders().map(([, holder]) => holder) };
  }

  /** The rows as a table, with a line for each lane below. */
  toString(): string {
    const head = ["step", "lane", "inputs", "failed", "p50", "p99", "total"];
    const rows = this.rows().map(({ name, lane, inputs, failed, p50Ms, p99Ms, totalMs }) => [
      name,
      lane,
      String(inputs),
      String(failed),
      ...[p50Ms, p99Ms, totalMs].map(duration),
    ]);
    const lanes = this.lanes().map(
      ({ name, workers, busy, queued }) => `${name}: ${workers} workers, ${busy} busy, ${queued} inputs queued`,
    );
    return [...aligned([head, ...rows]), ...lanes].join("\n");
  }

  /** Measures no more calls. Those that have begun are measured to their end, and what was measured stays. */
  stop(): void {
    this.clock.stop();
    this.end();
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  /** The text that `console.log` prints. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}
