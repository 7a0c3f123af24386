import type { ShippedResource } from "../../shipping/tree/ship-resource.ts";

/** What the kernel, which a worker loads with its first stage, adds to what the worker does. */
export interface WorkerHooks {
  /** Done before the worker ends. */
  stopping(): Promise<void>;
  /** The kernel calls it when a resource has changed: the modules that declare them may only just have been imported. */
  resourceChanged(): void;
  /** A resource has got a new version. */
  renew(shipped: ShippedResource): Promise<void>;
}

export const workerHooks: Partial<WorkerHooks> = {};

/** Ends the worker once it has disposed of its resources, or after so long. What is left over is told by the end of the worker itself. */
export function endAfter(withinMs: number, exit: () => void): void {
  if (workerHooks.stopping === undefined) {
    exit();
    return;
  }
  setTimeout(exit, withinMs);
  workerHooks.stopping().finally(exit);
}
