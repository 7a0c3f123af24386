import { builtinModule } from "./platform.ts";

/** The part of Node's AsyncResource that is used here. */
interface Resource {
  runInAsyncScope<T>(callback: () => T): T;
}

let AsyncResource: (new (type: string, options: object) => Resource) | null | undefined;

/**
 * Remembers the async context (what a user's AsyncLocalStorage holds) of who calls this, for callbacks that somebody else will
 * call: work that waits its turn must not go on in the context of the work before it, which may belong to another request.
 *
 * Promises keep their context by themselves. On platforms without Node's async_hooks callbacks are called as they are.
 */
export function captureContext(): <T>(callback: () => T) => T {
  AsyncResource ??= (builtinModule("node:async_hooks")?.AsyncResource as unknown as typeof AsyncResource) ?? null;
  if (AsyncResource === null) return (callback) => callback();
  const resource = new AsyncResource("RUNLANE", { requireManualDestroy: true });
  return (callback) => resource.runInAsyncScope(callback);
}
