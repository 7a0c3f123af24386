import type { LaneWarmOptions } from "../lane.ts";
import type { StageRecord } from "../stage/stage-record.ts";
import type { WorkerHandle } from "../worker-handle/worker-handle.ts";
import type { Workers } from "./workers.ts";

interface WarmUp {
  readonly record: StageRecord | undefined;
  readonly onProgress: LaneWarmOptions["onProgress"];
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
  /** The number of workers that were ready when progress was told last. */
  done: number;
}

/** The calls of `warm` that wait until all workers of a pool are ready, and have loaded a stage with its resources. */
export class WarmUps {
  waiting: readonly WarmUp[] = [];

  constructor(
    private readonly workers: Workers,
    /** Called when workers have been told to load something. */
    private readonly onWarming: () => void,
  ) {}

  add(record: StageRecord | undefined, { onProgress }: LaneWarmOptions): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting = [...this.waiting, { record, onProgress, resolve, reject, done: 0 }];
    });
  }

  /** Starts missing workers and loads, and resolves the calls for which all workers are ready. */
  update(): void {
    if (this.waiting.length === 0) return;
    const { all } = this.workers;
    this.workers.startAll();
    const serving = [...all].filter(({ state }) => state !== "ending");
    for (const { record } of this.waiting) {
      if (record === undefined) continue;
      for (const worker of serving) if (worker.state === "ready") worker.loads.warm(record);
    }
    this.onWarming();
    const before = this.waiting;
    this.waiting = [];
    for (const one of before) this.tell(one, serving);
  }

  private tell(one: WarmUp, serving: readonly WorkerHandle[]): void {
    const { record } = one;
    const done = serving.filter(
      ({ state, stages }) => state === "ready" && (record === undefined || stages.warmed.has(record)),
    ).length;
    for (let worker = one.done; worker < done; worker++) one.onProgress?.(worker + 1, serving.length);
    one.done = Math.max(one.done, done);
    // Workers that are ending have their places until they are gone.
    if (done > 0 && done === serving.length && !this.workers.isBackingOff) one.resolve();
    else this.waiting = [...this.waiting, one];
  }

  /** Rejects the calls that wait for a stage, or all of them. */
  fail(record: StageRecord | undefined, error: unknown): void {
    const failing = this.waiting.filter((one) => record === undefined || one.record === record);
    this.waiting = this.waiting.filter((one) => !failing.includes(one));
    for (const { reject } of failing) reject(error);
  }
}
