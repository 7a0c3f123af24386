import type { WorkerStatus } from "../../lanes/lane.ts";
import type { WorkerState } from "../broker.ts";
import type { WorkerTally } from "../producer/worker-tally.ts";

/** A stage that workers have in common. */
export interface ServedStage {
  readonly queue: string;
  readonly label: string;
  readonly tally: WorkerTally | undefined;
}

/** Numbers the workers of a lane: each keeps its number as long as the lane lives. */
export class WorkerNumbers {
  private readonly numbers = new Map<string, number>();

  /** The workers of some stages. Of what a worker has now, a broker tells the number of chunks only. */
  statuses(workers: readonly WorkerState[], stages: readonly ServedStage[]): WorkerStatus[] {
    return workers.flatMap(({ queue, host, pid, running }) => {
      const own = stages.filter((stage) => stage.queue === queue);
      if (own.length === 0) return [];
      return {
        worker: this.numberOf(`${host}/${pid}`),
        state: running > 0 ? "busy" : "idle",
        stages: running > 0 ? own.map(({ label }) => label) : [],
        inputs: running,
        served: own.reduce((sum, { tally }) => sum + (tally?.inputsOf(host, pid) ?? 0), 0),
        host,
      } satisfies WorkerStatus;
    });
  }

  private numberOf(key: string): number {
    const number = this.numbers.get(key) ?? this.numbers.size;
    this.numbers.set(key, number);
    return number;
  }
}
