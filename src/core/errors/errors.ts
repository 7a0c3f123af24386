import { ownValue } from "../own.ts";
import { ERROR_TABLE, type ErrorCode, type ErrorDetails, type ErrorRow } from "./table.ts";

/** The details of any error. */
export type ErrorDetailValues = Readonly<Record<string, string | number>>;

const BRAND = Symbol.for("runlane.error");

/**
 * The class of every error that Runlane itself raises. Errors thrown by your functions arrive as they are.
 *
 * `instanceof` works across several copies of the package in one process.
 *
 * @example
 * ```ts
 * import { RunlaneError, RouterRunnable } from "runlane";
 *
 * const router = new RouterRunnable({ runnables: { double: (x: number) => x * 2 } });
 * try {
 *   await router.invoke({ key: "halve", input: 4 });
 * } catch (error) {
 *   if (error instanceof RunlaneError) console.log(error.code); // RUNLANE_UNKNOWN_ROUTE
 * }
 * ```
 */
export class RunlaneError extends Error {
  override readonly name = "RunlaneError";

  /**
   * The values in the message, by name: where it happened, what was expected, what came. `docs/errors.md` shows the names in braces.
   * For programs, which had better not read messages.
   */
  declare readonly details: ErrorDetailValues;

  /**
   * @param code The row of the error table.
   * @param message What happened, where, and what to do.
   * @param options The cause, and the details of the message. @default no details
   */
  constructor(
    readonly code: string,
    message: string,
    options: ErrorOptions & { details?: ErrorDetailValues } = {},
  ) {
    super(message, options);
    // Not listed, as the message says it all: logs of errors stay short.
    Object.defineProperty(this, "details", { value: options.details ?? {}, configurable: true, writable: true });
  }

  /** @internal */
  get [BRAND](): true {
    return true;
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    if (this !== RunlaneError) return Function.prototype[Symbol.hasInstance].call(this, value);
    return typeof value === "object" && value !== null && (value as { [BRAND]?: unknown })[BRAND] === true;
  }
}

/**
 * Builds the error of one row of the table: its message filled in, followed by the fix.
 *
 * @param options The cause, and `fix: false` where the message goes to somebody who cannot do what the fix says: a model.
 */
export function runlaneError<Code extends ErrorCode>(
  code: Code,
  details: ErrorDetails<Code>,
  options: ErrorOptions & { fix?: boolean } = {},
): RunlaneError {
  const row = ERROR_TABLE[code];
  const { fix = true, ...rest } = options;
  const finding = filled(row.message, details);
  return new RunlaneError(code, fix ? `${finding} ${row.fix}` : finding, { ...rest, details });
}

/** The first part of an error's message: what happened, without the fix. */
export function findingOf({ code, message, details }: RunlaneError): string {
  const row = ownValue<ErrorRow>(ERROR_TABLE, code);
  // One of an older copy of the package has no details.
  return row === undefined || details === undefined ? message : filled(row.message, details);
}

function filled(message: string, details: ErrorDetailValues): string {
  return message.replace(/\{(\w+)\}/g, (_, name: string) => String(details[name]));
}

/** The error of an option of the wrong type or out of range. */
export function invalidOption(where: string, option: string, expected: string, received: unknown): RunlaneError {
  return runlaneError("RUNLANE_INVALID_OPTION", { where, option, expected, received: describe(received) });
}

/** A short description of a value, for the "but it is ..." part of an error message. */
export function describe(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return `an array of ${value.length}`;
  switch (typeof value) {
    case "undefined":
      return "undefined";
    case "string":
      return value.length > 40
        ? `the string ${JSON.stringify(`${value.slice(0, 40)}…`)}`
        : `the string ${JSON.stringify(value)}`;
    case "function":
      return value.name ? `the function ${value.name}` : "a function";
    case "object": {
      const name = (value as object).constructor?.name;
      if (name && name !== "Object") return `an instance of ${name}`;
      const keys = Object.keys(value as object);
      return keys.length === 0 ? "an empty object" : `an object with the keys ${keys.slice(0, 8).join(", ")}`;
    }
    default:
      return `the ${typeof value} ${String(value)}`;
  }
}
