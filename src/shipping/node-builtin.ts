import { runlaneError } from "../core/errors/errors.ts";

/** The Node built-ins that shipping uses. They are loaded when they are needed, so that the package itself loads none. */
interface Builtins {
  "node:fs": typeof import("node:fs");
  "node:inspector": typeof import("node:inspector");
  "node:module": typeof import("node:module");
  "node:url": typeof import("node:url");
  "node:vm": typeof import("node:vm");
}

/** A Node built-in, synchronously. @throws RUNLANE_NOT_SHIPPABLE where there is no Node */
export function builtin<Name extends keyof Builtins>(name: Name): Builtins[Name] {
  const found = globalThis.process?.getBuiltinModule?.(name) as Builtins[Name] | undefined;
  if (found === undefined) {
    const reason = "would have to leave its thread, and this platform has no Node.js built-ins to do that with";
    throw runlaneError("RUNLANE_NOT_SHIPPABLE", { where: "The step", what: "its function", reason });
  }
  return found;
}
