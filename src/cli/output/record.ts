import { CliError, messageOf } from "../cli-error.ts";

/** The step name of inputs that could not be read. */
export const INPUT_STEP = "input";
/** The step name of outputs that cannot be written as JSON. */
export const OUTPUT_STEP = "output";

/** One failed input, as the errors file tells it. */
export interface Failure {
  readonly index: number;
  /** The name of the step that failed. */
  readonly step: string;
  readonly error: unknown;
  /** The place of the input: `file:line`. */
  readonly source: string;
  /** The input as it was read, as JSON on one line. */
  readonly inputJson: string;
}

/**
 * The line of one output.
 *
 * @throws CliError RUNLANE_CLI_NOT_JSON when the output has no JSON form.
 */
export function outputLine(index: number, output: unknown): string {
  let json: string | undefined;
  try {
    json = JSON.stringify(output === undefined ? null : output);
  } catch (error) {
    const [why] = messageOf(error).split("\n");
    throw new CliError("RUNLANE_CLI_NOT_JSON", `the output cannot be written as JSON: ${why}`, { cause: error });
  }
  if (json === undefined)
    throw new CliError("RUNLANE_CLI_NOT_JSON", `the output cannot be written as JSON: it is a ${typeof output}`);
  return `{"index":${index},"output":${json}}\n`;
}

/** The line of one failed input. */
export function failureLine({ index, step, error, source, inputJson }: Failure): string {
  const described = JSON.stringify(describeError(error));
  return `{"index":${index},"step":${JSON.stringify(step)},"error":${described},"source":${JSON.stringify(source)},"input":${inputJson}}\n`;
}

/** An error as plain data. */
export interface ErrorRecord {
  readonly name: string;
  readonly message: string;
  readonly code?: string | number;
  readonly stack?: string;
  readonly cause?: ErrorRecord;
}

/**
 * Describes anything that was thrown, whatever it throws itself when it is looked at. Causes are followed a few levels down, since they
 * may form a ring.
 */
export function describeError(thrown: unknown, depth = 4): ErrorRecord {
  if ((typeof thrown !== "object" && typeof thrown !== "function") || thrown === null)
    return { name: thrown === null ? "object" : typeof thrown, message: printable(thrown) };
  const [name, message, code, stack] = (["name", "message", "code", "stack"] as const).map((key) => look(thrown, key));
  const cause = look(thrown, "cause");
  return {
    name: typeof name === "string" ? name : className(thrown),
    message: typeof message === "string" ? message : printable(thrown),
    ...((typeof code === "string" || Number.isFinite(code)) && { code: code as string | number }),
    ...(typeof stack === "string" && { stack }),
    ...(cause !== undefined && cause !== null && depth > 0 && { cause: describeError(cause, depth - 1) }),
  };
}

/** A field of what was thrown; undefined when its getter, or the proxy around it, throws. */
function look(thrown: object, key: string): unknown {
  try {
    return (thrown as Record<string, unknown>)[key];
  } catch {
    return undefined;
  }
}

function className(thrown: object): string {
  const name = look((look(thrown, "constructor") ?? {}) as object, "name");
  return typeof name === "string" && name !== "" ? name : "Object";
}

function printable(value: unknown): string {
  try {
    const text = typeof value === "object" && value !== null ? JSON.stringify(value) : String(value);
    if (typeof text === "string") return text;
  } catch {
    // Its class says at least something.
  }
  try {
    return Object.prototype.toString.call(value);
  } catch {
    return "a value that cannot be looked at";
  }
}
