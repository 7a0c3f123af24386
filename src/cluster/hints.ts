import type { BrokerState } from "./broker.ts";

/** How one queue is doing: what an autoscaler wants to know. Counts are of chunks. */
export interface QueueHint {
  readonly queue: string;
  /** Chunks that nobody runs yet. */
  readonly waiting: number;
  readonly running: number;
  readonly workers: number;
  /** How many chunks its workers run at a time, all together. */
  readonly slots: number;
  /** How long its workers need for what is there, at the pace of their last chunks; null where nobody knows. */
  readonly expectedSeconds: number | null;
}

/** A hint for each queue that has work or workers. */
export function queueHints({ runs, workers }: BrokerState): QueueHint[] {
  const queues = new Set([...runs.map(({ queue }) => queue), ...workers.map(({ queue }) => queue)]);
  return [...queues].sort().map((queue) => {
    const own = workers.filter((worker) => worker.queue === queue);
    const sum = (value: (worker: (typeof own)[number]) => number): number =>
      own.reduce((total, worker) => total + value(worker), 0);
    const outstanding = runs.reduce(
      (total, run) => total + (run.queue === queue && !run.isCancelled ? run.outstanding : 0),
      0,
    );
    const running = Math.min(
      outstanding,
      sum((worker) => worker.running),
    );
    const slots = sum(({ concurrency }) => concurrency);
    const chunkMs = sum(({ chunkMs = 0, concurrency }) => chunkMs * concurrency) / slots;
    const expectedSeconds = outstanding === 0 ? 0 : chunkMs > 0 ? round((outstanding * chunkMs) / slots / 1000) : null;
    return { queue, waiting: outstanding - running, running, workers: own.length, slots, expectedSeconds };
  });
}

function round(seconds: number): number {
  return Math.round(seconds * 10) / 10;
}
