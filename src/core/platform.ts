/** The parts of a platform that differ from one to the next. Whatever is asked here may be missing, or refused. */

/**
 * The answer of a built-in function, or `otherwise` where it may not be asked: Deno throws without the permission for it, and so does Node
 * with its permission model.
 */
export function ask<T>(question: () => T, otherwise: T): T {
  try {
    return question();
  } catch {
    return otherwise;
  }
}

/** A built-in module of Node's, where there is one of that name; nothing is loaded by it that is not there already. */
export function builtinModule<Name extends keyof Builtins>(name: Name): Builtins[Name] | undefined {
  return ask(() => globalThis.process?.getBuiltinModule?.(name) as Builtins[Name] | undefined, undefined);
}

/** The modules of Node that are used where they are there. */
export interface Builtins {
  "node:async_hooks": typeof import("node:async_hooks");
  "node:child_process": typeof import("node:child_process");
  "node:diagnostics_channel": typeof import("node:diagnostics_channel");
  "node:events": typeof import("node:events");
  "node:fs": typeof import("node:fs");
  "node:inspector": typeof import("node:inspector");
  "node:module": typeof import("node:module");
  "node:os": typeof import("node:os");
  "node:path": typeof import("node:path");
  "node:perf_hooks": typeof import("node:perf_hooks");
  "node:url": typeof import("node:url");
  "node:util": typeof import("node:util");
  "node:v8": typeof import("node:v8");
  "node:vm": typeof import("node:vm");
  "node:worker_threads": typeof import("node:worker_threads");
}

/** An environment variable, where there is an environment that may be read. */
export function environment(name: string): string | undefined {
  return ask(() => globalThis.process?.env?.[name], undefined);
}

/** A timer of Node's or Bun's, an id of Deno's, or a number, as in browsers. */
type Timer = ReturnType<typeof setTimeout> | { ref?(): unknown; unref?(): unknown } | number | undefined;

interface DenoTimers {
  refTimer(id: number): void;
  unrefTimer(id: number): void;
}

const { Deno } = globalThis as { Deno?: DenoTimers };

/** Lets the process end although a timer runs. */
export function unref(timer: Timer): void {
  if (typeof timer === "number") Deno?.unrefTimer?.(timer);
  else timer?.unref?.();
}

/** Takes {@link unref} back. */
export function ref(timer: Timer): void {
  if (typeof timer === "number") Deno?.refTimer?.(timer);
  else timer?.ref?.();
}

/** Calls back in a later turn of the event loop, after I/O had a chance. */
export function afterTurn(callback: () => void): void {
  if (typeof setImmediate === "function") setImmediate(callback);
  else setTimeout(callback, 0);
}
