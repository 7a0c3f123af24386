import { warnOf } from "../core/warn.ts";
import type { Instance } from "./instance.ts";
import { endWithProcess } from "./process-end.ts";

/** The resources loaded in this thread, in the order of loads, each with the function that disposes of it. */
const loaded = new Map<Instance, () => Promise<void>>();
const loading = new Set<{ settle(): Promise<unknown> | undefined }>();
let stopEnding: (() => void) | undefined;

/** Takes note of a load that has begun; {@link hasLoaded} is called when it has ended. */
export function isLoading(slot: { settle(): Promise<unknown> | undefined }): void {
  loading.add(slot);
}

export function hasLoaded(slot: { settle(): Promise<unknown> | undefined }): void {
  loading.delete(slot);
}

export function keep(instance: Instance, end: () => Promise<void>): void {
  loaded.set(instance, end);
  if (instance.declaration.dispose !== undefined)
    stopEnding ??= endWithProcess({ end: disposeResources, endNow: disposeNow });
}

export function letGo(instance: Instance): void {
  loaded.delete(instance);
  for (const { declaration } of loaded.keys()) if (declaration.dispose !== undefined) return;
  stopEnding?.();
  stopEnding = undefined;
}

/** Disposes of all resources of this thread, the last loaded first. An error of one does not keep the others. */
export async function disposeResources(): Promise<void> {
  await Promise.all([...loading].map((slot) => slot.settle()));
  for (const end of [...loaded.values()].reverse()) {
    await end().catch(warnOf);
  }
}

/** Disposes of all resources at once, in a process that is ending: promises are not waited for. */
function disposeNow(): void {
  for (const instance of [...loaded.keys()].reverse()) instance.endNow();
  loaded.clear();
}
