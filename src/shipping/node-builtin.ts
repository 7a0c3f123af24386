import { runlaneError } from "../core/errors/errors.ts";
import { type Builtins, builtinModule } from "../core/platform.ts";

/** A Node built-in, synchronously. @throws RUNLANE_NOT_SHIPPABLE where there is no Node */
export function builtin<Name extends keyof Builtins>(name: Name): Builtins[Name] {
  const found = builtinModule(name);
  if (found === undefined) {
    const reason = "would have to leave its thread, and this platform has no Node.js built-ins to do that with";
    throw runlaneError("RUNLANE_NOT_SHIPPABLE", { where: "The step", what: "its function", reason });
  }
  return found;
}
