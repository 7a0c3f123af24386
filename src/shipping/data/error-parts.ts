import { RunlaneError } from "../../core/errors/errors.ts";
import type { ErrorEntry } from "./format.ts";
import { knownClass } from "./registered-classes.ts";

/** The parts of an error, none of them converted yet. */
export type ErrorParts = Omit<ErrorEntry, "at" | "fields" | "hidden" | "registered"> & {
  readonly fields: readonly string[];
  readonly hidden: readonly string[];
};

/** Classes of errors that every thread has. */
const BUILT_IN: Readonly<Record<string, new (message: string) => Error>> = {
  Error,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
};

/** Own properties that a plain error hides from listings. */
const HIDDEN = ["cause", "errors", "code", "details"];

/** Takes an error apart. Never throws, whatever a getter or a Proxy in the error does. */
export function errorParts(error: Error): ErrorParts {
  const own = Object.keys(error).filter((key) => key !== "stack" && key !== "message");
  const stack = attempt(() => error.stack);
  return {
    kind: "error",
    base: baseOf(error),
    className: attempt(() => error.constructor.name) || "Error",
    name: String(attempt(() => error.name) ?? "Error"),
    message: String(attempt(() => error.message) ?? ""),
    stack: typeof stack === "string" ? stack : undefined,
    fields: own,
    hidden: HIDDEN.filter((key) => Object.hasOwn(error, key) && !own.includes(key)),
  };
}

/** Makes the error of an entry, without its fields: they may lead back to it. */
export function makeError(entry: ErrorEntry): Error {
  const error = construct(entry);
  const registered = entry.registered === undefined ? undefined : knownClass(entry.registered);
  if (registered !== undefined) Object.setPrototypeOf(error, registered.prototype);
  hide(error, "stack", entry.stack);
  if (error.message !== entry.message) hide(error, "message", entry.message);
  return error;
}

/** Gives an error the fields that arrived with it. */
export function fillError(error: Error, entry: ErrorEntry): void {
  for (const [key, value] of Object.entries(entry.fields))
    Object.defineProperty(error, key, { value, enumerable: true, writable: true, configurable: true });
  for (const [key, value] of Object.entries(entry.hidden)) hide(error, key, value);
  if (error.name !== entry.name) hide(error, "name", entry.name);
}

/** Whether errors of this class arrive as instances of another one, unless their class is registered. */
export function isUnknownError(error: object): boolean {
  const name = error.constructor?.name;
  return baseOf(error) !== name;
}

/** Whether a value is an error, of this realm or another. */
export function isError(value: object, isNativeError: (value: unknown) => boolean): value is Error {
  return isNativeError(value) || value instanceof Error;
}

function construct({ base, className, name, message, fields }: ErrorEntry): Error {
  const { stackTraceLimit } = Error;
  // Its stack comes from where it was thrown: to collect another would be the dearest part of all. `Error` may be frozen.
  const isSpared = Reflect.set(Error, "stackTraceLimit", 0);
  try {
    if (base === "DOMException") return withClass(new DOMException(message, name), base, className);
    if (base === "AggregateError") return withClass(new AggregateError([], message), base, className);
    if (base === "RunlaneError") return withClass(new RunlaneError(String(fields.code), message), base, className);
    return withClass(new (BUILT_IN[base] ?? Error)(message), base, className);
  } finally {
    if (isSpared) Error.stackTraceLimit = stackTraceLimit;
  }
}

const standIns = new Map<string, object>();

/** An error of a class that is not known here keeps the class's name, above the nearest class that is known. */
function withClass(error: Error, base: string, className: string): Error {
  if (className === base) return error;
  const key = `${base} ${className}`;
  let prototype = standIns.get(key);
  if (prototype === undefined) {
    const Base = error.constructor as new () => Error;
    const StandIn = { [className]: class extends Base {} }[className];
    prototype = (StandIn as unknown as { prototype: object }).prototype;
    standIns.set(key, prototype);
  }
  return Object.setPrototypeOf(error, prototype);
}

/** The nearest class of an error that every thread has. */
function baseOf(error: object): string {
  if (error instanceof RunlaneError) return "RunlaneError";
  for (let level: object | null = Object.getPrototypeOf(error); level !== null; level = Object.getPrototypeOf(level)) {
    const name = Object.hasOwn(level, "constructor") ? level.constructor?.name : undefined;
    if (name === "DOMException" || name === "AggregateError" || (name !== undefined && Object.hasOwn(BUILT_IN, name)))
      return name;
  }
  return "Error";
}

function hide(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, { value, enumerable: false, writable: true, configurable: true });
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
