import { runlaneError } from "../../core/errors/errors.ts";

/** The largest single value that travels, in bytes. */
export const MOST_BYTES = 64 * 1024 * 1024;

/** The error of a value that is larger. @param where Its owner: `The input of the step "parse"`. */
export function tooLarge(where: string, bytes: number): Error {
  const megabytes = (value: number): number => Math.round(value / 1024 / 1024);
  return runlaneError("RUNLANE_VALUE_TOO_LARGE", { where, megabytes: megabytes(bytes), limit: megabytes(MOST_BYTES) });
}
