import type { Declaration } from "./declaration.ts";
import type { ResourceSlot } from "./slot.ts";

/**
 * Counts changes of resources: a load, an end, a new version. Functions compare it with the count they saw last before they go on with the
 * values they got: 1 ns a call.
 */
export const clock = { changes: 0 };

/** The listeners to changes in this thread: a worker tells its parent, a pool its workers. */
export interface ResourceListener {
  changed?(slot: ResourceSlot): void;
  hinted?(hint: string): void;
  /**
   * Called when a resource is about to get a new version. An error that it throws is thrown where the version is declared; a function that
   * it returns is called when the resource has the version.
   */
  renewing?(slot: ResourceSlot, next: Declaration): (() => void) | undefined;
}

const listeners = new Set<ResourceListener>();
const hints = new Set<string>();

export function listenToResources(listener: ResourceListener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function changed(slot: ResourceSlot): void {
  clock.changes++;
  for (const listener of listeners) listener.changed?.(slot);
}

/** Tells all listeners of a new version. Returns the functions to call when the resource has it. */
export function renewing(slot: ResourceSlot, next: Declaration): (() => void)[] {
  return [...listeners].flatMap((listener) => listener.renewing?.(slot, next) ?? []);
}

/** Adds a hint at something that could be better. */
export function warn(hint: string): void {
  hints.add(hint);
  for (const listener of listeners) listener.hinted?.(hint);
}

/** The hints of this thread, each with its fix: a resource that is declared inside a function, for example. */
export function resourceHints(): string[] {
  return [...hints];
}
