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
  /** Where the input stands: `file:line`. */
  readonly source: string;
  readonly input: unknown;
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

/** The line of one failed input. An input that the pipeline has made unfit for JSON is left out. */
export function failureLine(failure: Failure): string {
  const { index, step, source } = failure;
  const record = { index, step, error: describeError(failure.error), source };
  try {
    return `${JSON.stringify({ ...record, input: failure.input })}\n`;
  } catch {
    return `${JSON.stringify(record)}\n`;
  }
}

/** An error as plain data. */
export interface ErrorRecord {
  readonly name: string;
  readonly message: string;
  readonly code?: string | number;
  readonly stack?: string;
  readonly cause?: ErrorRecord;
}

/** Describes anything that was thrown. Causes are followed a few levels down, since they may form a ring. */
export function describeError(thrown: unknown, depth = 4): ErrorRecord {
  if (typeof thrown !== "object" || thrown === null) return { name: typeof thrown, message: printable(thrown) };
  const { name, message, code, stack, cause } = thrown as Partial<Record<keyof ErrorRecord, unknown>>;
  return {
    name: typeof name === "string" ? name : (thrown.constructor?.name ?? "Object"),
    message: typeof message === "string" ? message : printable(thrown),
    ...((typeof code === "string" || typeof code === "number") && { code }),
    ...(typeof stack === "string" && { stack }),
    ...(cause !== undefined && cause !== null && depth > 0 && { cause: describeError(cause, depth - 1) }),
  };
}

function printable(value: unknown): string {
  try {
    return typeof value === "object" ? JSON.stringify(value) : String(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}
