import type { WorkerHandle } from "../worker-handle/worker-handle.ts";

/**
 * Warns of workers that were lost through no fault of an input: by a timer that throws after its function has returned, a kill from
 * outside, silence. Nobody's call fails for them, so nobody would hear of it.
 */
export class LostWorkers {
  private readonly counts = new Map<string, number>();

  constructor(private readonly lane: string) {}

  /** @param cause How the worker ended, in half a sentence. */
  add(worker: WorkerHandle, cause: string): void {
    const count = (this.counts.get(cause) ?? 0) + 1;
    this.counts.set(cause, count);
    for (const { meter } of worker.stages.all) meter.lostWorker(cause);
    if (count > 1) return;
    const message =
      `A worker of the lane ${JSON.stringify(this.lane)} was lost: ${cause}. As far as can be told, no function of an input was being called: something that was ` +
      "left behind may have ended it, such as a timer or a promise that nobody handles. It is replaced, and what it held runs again. More " +
      "of the same are counted in statistics() and in explain().";
    globalThis.process?.emitWarning?.(message, { type: "RunlaneWarning", code: "RUNLANE_WORKER_LOST" });
  }
}
