/** The places of a resource: one in each worker, one in the process, or one that all threads share. */
export type ResourceScope = "worker" | "process" | "shared";

/** The state of a resource in one thread. */
export type ResourceState = "idle" | "loading" | "ready" | "failed" | "disposed";

/** A resource in one place: on the event loop, or in one worker of a lane. */
export interface ResourceStatus {
  /** The name of the resource. */
  readonly name: string;
  /** The version that the resource was declared with. */
  readonly version?: string | number | undefined;
  /** The places that the resource may have. */
  readonly scope: ResourceScope;
  /** The state of the resource in this place. */
  readonly state: ResourceState;
  /** `"loop"`, or the name of the lane. */
  readonly where: string;
  /** The number of the worker in its lane. Null on the loop, before the lane has workers, and for all workers that have ended. */
  readonly worker: number | null;
  /** The number of loads there, failed ones included. */
  readonly loads: number;
  /** The time of the last load, in milliseconds; null before there was one. */
  readonly loadMs: number | null;
  /** The growth of the heap and the memory that belongs to it during the load, in bytes: an estimate; null where nobody measured. */
  readonly memory: number | null;
  /** The error of the last load, if it failed. */
  readonly error?: unknown;
}

/** A report on how far `warm` is. */
export interface WarmProgress {
  /** The number of parts that are ready: resources on the loop, modules, workers of lanes. */
  readonly done: number;
  /** The number of parts in all, as far as it is known. */
  readonly total: number;
  /** The name of the part that has become ready: of a resource, or the label of a step. */
  readonly name: string;
  /** The place where it is ready: `"loop"`, or the name of the lane. */
  readonly where: string;
}

/** The options of `warm`. */
export interface WarmOptions {
  /** Called each time that a part has become ready. */
  readonly onProgress?: ((progress: WarmProgress) => void) | undefined;
  /** Ends the waiting. What is being loaded is loaded to its end. */
  readonly signal?: AbortSignal | undefined;
}
