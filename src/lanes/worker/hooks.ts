import type { ShippedResource } from "../../shipping/tree/ship-resource.ts";

/** The kernel's hooks into the worker, which loads the kernel with its first stage. */
export interface WorkerHooks {
  /** Called before the worker ends, which waits for it. */
  stopping(): Promise<void>;
  /** Set by the worker and called by the kernel when a resource has changed: modules may only just have declared it. */
  resourceChanged(): void;
  /** Called when a resource has got a new version. */
  renew(shipped: ShippedResource): Promise<void>;
}

export const workerHooks: Partial<WorkerHooks> = {};

/** Ends the worker once it has disposed of its resources, or after so long. */
export function endAfter(withinMs: number, exit: () => void): void {
  if (workerHooks.stopping === undefined) {
    exit();
    return;
  }
  setTimeout(exit, withinMs);
  workerHooks.stopping().finally(exit);
}
