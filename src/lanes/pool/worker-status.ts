import type { WorkerStatus } from "../lane.ts";
import type { WorkerHandle } from "../worker-handle/worker-handle.ts";

/** So many workers that were lost are told of. */
const MOST_LOST = 8;

/** The present state of a worker. */
export function statusOf(worker: WorkerHandle): WorkerStatus {
  const { number, state, served, inFlight, isIdle, running } = worker;
  const labels = new Set(running === undefined ? [] : [running.label]);
  let inputs = inFlight.streams.size;
  for (const { record, pending } of inFlight.chunks.values()) {
    labels.add(record.label);
    inputs += pending;
  }
  for (const { record } of inFlight.streams.values()) labels.add(record.label);
  return {
    worker: number,
    state: state === "ready" ? (isIdle ? "idle" : "busy") : state,
    stages: [...labels],
    inputs,
    served,
  };
}

/** The workers of a pool that were lost last, and why. */
export class LastLost {
  readonly statuses: WorkerStatus[] = [];

  add({ number, served, inFlight }: WorkerHandle, reason: string): void {
    const stages = Array.from(inFlight.records, ({ label }) => label);
    this.statuses.push({ worker: number, state: "lost", stages, inputs: 0, served, reason });
    if (this.statuses.length > MOST_LOST) this.statuses.shift();
  }
}
