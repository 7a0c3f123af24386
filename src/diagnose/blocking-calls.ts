import childProcess from "node:child_process";
import crypto from "node:crypto";
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import zlib from "node:zlib";

/** A call that holds its thread until the system or a computation is done. */
export interface BlockingCall {
  /** The name of the call: `fs.readFileSync`. */
  readonly name: string;
  /** The call to make in its place: `readFile of node:fs/promises`. */
  readonly counterpart: string;
}

/** Modules with functions that end in "Sync", and where their counterparts are. */
const MODULES: readonly (readonly [string, Record<string, unknown>, string])[] = [
  ["fs", fs as unknown as Record<string, unknown>, "node:fs/promises"],
  ["child_process", childProcess as unknown as Record<string, unknown>, "node:child_process"],
  ["crypto", crypto as unknown as Record<string, unknown>, "node:crypto"],
  ["zlib", zlib as unknown as Record<string, unknown>, "node:zlib"],
];

const DEFINE = Object.defineProperty;

/**
 * Has every blocking call of Node's modules pass through `around`, named imports of ES modules included. Calls that Node itself makes (it
 * reads a file that is required, it writes what is logged) pass by. References that were taken before from the module object do too.
 *
 * @param around Called instead of the function; `proceed` calls it.
 * @returns What restores everything.
 */
export function interceptBlockingCalls(around: (call: BlockingCall, proceed: () => unknown) => unknown): () => void {
  const undo: (() => void)[] = [];
  const wrap = (owner: Record<string, unknown>, key: string, call: BlockingCall): void => {
    const original = owner[key] as (...args: unknown[]) => unknown;
    const wrapped = function (this: unknown, ...args: unknown[]): unknown {
      const proceed = (): unknown => Reflect.apply(original, this, args);
      return isCalledByNode(wrapped) ? proceed() : around(call, proceed);
    };
    DEFINE(wrapped, "name", { value: key });
    for (const name of Object.keys(original)) DEFINE(wrapped, name, Object.getOwnPropertyDescriptor(original, name)!);
    try {
      owner[key] = wrapped;
    } catch {
      // An export that is read-only, as zlib has some in Node 26.
      return;
    }
    undo.push(() => {
      owner[key] = original;
    });
  };
  for (const [name, module, home] of MODULES) {
    for (const key of Object.keys(module)) {
      if (!key.endsWith("Sync") || typeof module[key] !== "function") continue;
      wrap(module, key, { name: `${name}.${key}`, counterpart: `${key.slice(0, -4)} of ${home}` });
    }
  }
  wrap(Atomics as unknown as Record<string, unknown>, "wait", {
    name: "Atomics.wait",
    counterpart: "Atomics.waitAsync",
  });
  syncBuiltinESMExports();
  return () => {
    for (const one of undo.splice(0)) one();
    syncBuiltinESMExports();
  };
}

/** Whether the code that called a function is Node's own. */
// biome-ignore lint/complexity/noBannedTypes: any function
function isCalledByNode(callee: Function): boolean {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 1;
  const here: { stack?: string } = {};
  Error.captureStackTrace(here, callee);
  Error.stackTraceLimit = limit;
  return /\(?node:[^()]*\)?$/.test(String(here.stack).split("\n")[1] ?? "");
}
