import type { ShippedResource } from "../../shipping/ship-resource.ts";

/** What the kernel, which a worker loads with its first stage, adds to what the worker does. */
export interface Additions {
  /** Done before the worker ends. */
  stopping(): Promise<void>;
  /** A resource has got a new version. */
  renew(shipped: ShippedResource): Promise<void>;
}

export const additions: Partial<Additions> = {};
