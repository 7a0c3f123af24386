import { describe, type RunlaneError, runlaneError } from "../../core/errors/errors.ts";

/** The error of a value that cannot travel. */
export function notSerializable(where: string, path: string, received: string, cause?: unknown): RunlaneError {
  return runlaneError(
    "RUNLANE_NOT_SERIALIZABLE",
    { where, path, received },
    cause === undefined ? undefined : { cause },
  );
}

/** A message or a text of a value, whatever the value does. */
export function textOf(value: unknown): string {
  try {
    return value instanceof Error ? value.message : String(value);
  } catch {
    return "an object";
  }
}

/** The class of an object, for error messages. */
export function className(value: object): string {
  const name = value.constructor?.name;
  // Generators have no class of their own: what they inherit is called differently from one Node to the next.
  const inherited = name === undefined || name === "" || /^(?:Async)?Iterator$/.test(name);
  return inherited ? Object.prototype.toString.call(value).slice(8, -1) : name;
}

/** The words for a function or a symbol in error messages. */
export function describeValue(value: unknown): string {
  return typeof value === "symbol" ? `the ${String(value).replace(/^Symbol/, "symbol ")}` : describe(value);
}
