import type { PoolSettings } from "../pool/pool-options.ts";
import type { WorkerEnd } from "../protocol/transport.ts";
import type { StageRecord } from "../stage/stage-record.ts";
import type { WorkerHandle } from "./worker-handle.ts";

/** The listener of a worker. */
export interface WorkerListener {
  readonly name: string;
  readonly settings: PoolSettings;
  /** Called when the worker can take more, or has become idle. */
  onWorkerChanged(worker: WorkerHandle): void;
  /** Called when the worker can take its first input. */
  onWorkerReady(worker: WorkerHandle): void;
  /** Called when a resource of the worker has been loaded, has failed to load, or has been disposed of. */
  onResourceChanged(worker: WorkerHandle): void;
  /** Called when a resource of a stage could not be loaded before the first input. */
  onWarmFailed(record: StageRecord, error: unknown): void;
  /** Called when a stage could not be loaded in the worker. */
  onStageFailed(worker: WorkerHandle, record: StageRecord, error: unknown): void;
  onWorkerEnded(worker: WorkerHandle, end: WorkerEnd): void;
}
