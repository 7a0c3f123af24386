import { CLUSTER_ERRORS } from "./cluster-errors.ts";
import { LANE_ERRORS } from "./lane-errors.ts";
import { LANGUAGE_ERRORS } from "./language-errors.ts";
import { RESOURCE_ERRORS } from "./resource-errors.ts";

/** The row of an error: its message and its fix. */
export interface ErrorRow {
  /** The message, with the names of details in braces. */
  readonly message: string;
  readonly fix: string;
}

/**
 * One row per error that Runlane itself raises. The codes are stable: programs may compare them. `docs/errors.md` shows the same table,
 * in the same order, with the cause of each: no program needs that, and every one would load it.
 */
export const ERROR_TABLE = { ...LANGUAGE_ERRORS, ...LANE_ERRORS, ...RESOURCE_ERRORS, ...CLUSTER_ERRORS } as const;

/** The stable codes of the errors that Runlane raises. */
export type ErrorCode = keyof typeof ERROR_TABLE;

type Placeholders<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Placeholders<Rest>
  : never;

/** The values of the placeholders in an error's message. */
export type ErrorDetails<Code extends ErrorCode> = Readonly<
  Record<Placeholders<(typeof ERROR_TABLE)[Code]["message"]>, string | number>
>;
