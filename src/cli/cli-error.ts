import { RunlaneError } from "../core/errors/errors.ts";
import { ownValue } from "../core/own.ts";
import { visible } from "../core/visible.ts";

/** The codes of the errors that the command itself raises; each is listed in `docs/command.md`. */
export type CliErrorCode =
  | "RUNLANE_CLI_USAGE"
  | "RUNLANE_CLI_PIPELINE"
  | "RUNLANE_CLI_START"
  | "RUNLANE_CLI_INPUT"
  | "RUNLANE_CLI_OUTPUT"
  | "RUNLANE_CLI_INVALID_LINE"
  | "RUNLANE_CLI_NOT_JSON";

/** The exit codes of the command. */
export const EXIT = { done: 0, someFailed: 1, cannotRun: 2, interrupted: 130, terminated: 143 } as const;

/**
 * An error of a run of the command, in one line that says what to do. It ends the command with exit code 2, except
 * for `RUNLANE_CLI_INVALID_LINE` and `RUNLANE_CLI_NOT_JSON`, which cost one input and land in the errors file.
 */
export class CliError extends RunlaneError {
  constructor(code: CliErrorCode, message: string, options?: ErrorOptions) {
    super(code, oneLine(message), options);
  }
}

/** Puts a message on one line, as a line of standard error is one: line ends become spaces, other control characters are shown. */
export function oneLine(text: string): string {
  return visible(text.replace(/\s*[\r\n\u2028\u2029]+\s*/g, " ").trim());
}

/** The message of anything that was thrown, even if looking at it throws. */
export function messageOf(thrown: unknown): string {
  try {
    if (typeof thrown === "object" && thrown !== null && "message" in thrown) return String(thrown.message);
    return String(thrown);
  } catch {
    return "a value that cannot be looked at was thrown";
  }
}

/** The `code` of a system error (`ENOENT`), or undefined. */
export function systemCode(thrown: unknown): string | undefined {
  try {
    const code = (thrown as { code?: unknown } | null | undefined)?.code;
    return typeof code === "string" ? code : undefined;
  } catch {
    return undefined;
  }
}

const SYSTEM_CAUSES: Record<string, string> = {
  EACCES: "permission denied",
  EBUSY: "it is in use",
  EDQUOT: "the disk quota is used up",
  EFBIG: "the file would be larger than is allowed",
  EIO: "the disk or its driver failed",
  EISDIR: "it is a folder",
  EMFILE: "too many files are open",
  ENOENT: "it does not exist",
  ENOSPC: "no space left on the device",
  ENOTDIR: "a part of its path is a file, not a folder",
  EPERM: "the operation is not permitted",
  EROFS: "the file system is read-only",
};

/** The reason why a file operation failed, in words, with the system's code. */
export function systemCause(thrown: unknown): string {
  const code = systemCode(thrown);
  const words = code === undefined ? undefined : ownValue(SYSTEM_CAUSES, code);
  return words === undefined ? oneLine(messageOf(thrown)) : `${words} (${code})`;
}
