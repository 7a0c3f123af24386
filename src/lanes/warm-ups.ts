import type { Crew } from "./crew.ts";
import type { PoolSettings } from "./pool-options.ts";
import type { StageRecord } from "./stage-record.ts";

interface WarmUp {
  readonly record: StageRecord | undefined;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Those who wait until all workers of a pool are ready, and have loaded a stage. */
export class WarmUps {
  private waiting: WarmUp[] = [];

  constructor(
    private readonly crew: Crew,
    private readonly settings: PoolSettings,
  ) {}

  add(record: StageRecord | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ record, resolve, reject });
    });
  }

  /** Starts what is missing, and lets go of those who have what they wait for. */
  look(): void {
    if (this.waiting.length === 0) return;
    const { workers, isBlocked } = this.crew;
    if (!isBlocked) this.crew.start(this.settings.max - workers.size);
    for (const { record } of this.waiting) {
      if (record === undefined) continue;
      for (const worker of workers) if (worker.state === "ready") worker.teach(record);
    }
    this.waiting = this.waiting.filter(({ record, resolve }) => {
      for (const worker of workers) {
        if (worker.state === "ending") continue;
        if (worker.state !== "ready" || (record !== undefined && !worker.stages.loaded.has(record))) return true;
      }
      resolve();
      return false;
    });
  }

  /** Tells those who wait for a stage, or all of them, that it will not be. */
  fail(record: StageRecord | undefined, error: unknown): void {
    const failing = this.waiting.filter((one) => record === undefined || one.record === record);
    this.waiting = this.waiting.filter((one) => !failing.includes(one));
    for (const { reject } of failing) reject(error);
  }
}
