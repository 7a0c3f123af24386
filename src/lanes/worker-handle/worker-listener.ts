import type { PoolSettings } from "../pool/pool-options.ts";
import type { WorkerEnd } from "../protocol/transport.ts";
import type { StageRecord } from "../stage/stage-record.ts";
import type { WorkerHandle } from "./worker-handle.ts";

/** Told what becomes of a worker. */
export interface WorkerListener {
  readonly name: string;
  readonly settings: PoolSettings;
  /** It can take more, or has become idle. */
  onWorkerChanged(worker: WorkerHandle): void;
  /** It can take its first input. */
  onWorkerReady(worker: WorkerHandle): void;
  /** One of its resources has been loaded, or has not, or has been disposed of. */
  onResourceChanged(worker: WorkerHandle): void;
  /** What a stage uses could not be loaded in it before its first input. */
  onWarmFailed(record: StageRecord, error: unknown): void;
  /** A stage could not be loaded in it. */
  onStageFailed(worker: WorkerHandle, record: StageRecord, error: unknown): void;
  onWorkerEnded(worker: WorkerHandle, end: WorkerEnd): void;
}
