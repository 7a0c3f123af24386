import { type RunlaneError, runlaneError } from "../errors/errors.ts";
import { isThenable } from "../thenable.ts";

/**
 * A schema of any library that follows Standard Schema (https://standardschema.dev): zod, valibot, arktype and others. This is the
 * part of the specification's interface that Runlane uses.
 *
 * @typeParam Input The value that the schema takes.
 * @typeParam Output The value that it gives after its defaults, coercions and transformations.
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/** The result of validating a value: the parsed value, or its issues. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly ReportedIssue[] };

interface ReportedIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** The type of the values that a schema takes. */
export type SchemaInput<Schema extends StandardSchema> = NonNullable<Schema["~standard"]["types"]>["input"];

/** The type of the values that a schema gives. */
export type SchemaOutput<Schema extends StandardSchema> = NonNullable<Schema["~standard"]["types"]>["output"];

/** One fault of a value. */
export interface SchemaIssue {
  /** The message of the schema's library. */
  readonly message: string;
  /** The path to the value: the keys on the way down, none for the value itself. */
  readonly path: readonly PropertyKey[];
}

/** An error of the code RUNLANE_VALIDATION_FAILED or RUNLANE_INVALID_TOOL_INPUT. */
export type ValidationError = RunlaneError & {
  /** All issues, in the order of the schema's library. */
  readonly issues: readonly SchemaIssue[];
};

/** Whether `thing` is a schema that follows Standard Schema: an object or, as arktype's are, a function. */
export function isStandardSchema(thing: unknown): thing is StandardSchema {
  if ((typeof thing !== "object" && typeof thing !== "function") || thing === null) return false;
  const standard = (thing as Partial<StandardSchema>)["~standard"];
  return typeof standard === "object" && standard !== null && typeof standard.validate === "function";
}

/**
 * The value that a schema makes of another one: now, or as a promise when the schema has async parts.
 *
 * @param refuse Makes the error to throw of the issues.
 */
export function parseWith<Output>(
  schema: StandardSchema<unknown, Output>,
  value: unknown,
  refuse: (issues: readonly SchemaIssue[]) => Error,
): Output | PromiseLike<Output> {
  const result = schema["~standard"].validate(value);
  return isThenable(result)
    ? (result as Promise<SchemaResult<Output>>).then((settled) => accept(settled, refuse))
    : accept(result, refuse);
}

function accept<Output>(result: SchemaResult<Output>, refuse: (issues: readonly SchemaIssue[]) => Error): Output {
  if (result.issues) throw refuse(Array.from(result.issues, toIssue));
  return result.value;
}

/** Plain data of an issue: arktype's are of classes, hold the whole context of the validation and map to more of their class. */
function toIssue({ message, path = [] }: ReportedIssue): SchemaIssue {
  return { message, path: Array.from(path, (part) => (typeof part === "object" ? part.key : part)) };
}

/** The error of a value that a step takes or gives. */
export function validationError(
  where: string,
  side: "input" | "output",
  issues: readonly SchemaIssue[],
): ValidationError {
  const error = runlaneError("RUNLANE_VALIDATION_FAILED", { where, side, issues: describeIssues(side, issues) });
  return Object.assign(error, { issues });
}

/** The number of issues that an error message spells out. */
const SPELLED_OUT = 3;

/** The issues of a value in words: where in it, and why. */
export function describeIssues(root: string, issues: readonly SchemaIssue[]): string {
  const texts = issues.slice(0, SPELLED_OUT).map(({ message, path }) => {
    const place = path.map((key, index) => pathPart(key, index > 0)).join("");
    // arktype's messages begin with the path.
    const reason = place !== "" && message.startsWith(`${place} `) ? message.slice(place.length + 1) : message;
    return `${root}${place === "" || place.startsWith("[") ? place : `.${place}`}: ${reason.replace(/\.$/, "")}`;
  });
  const more = issues.length - texts.length;
  return more > 0 ? `${texts.join("; ")}; and ${more} more` : texts.join("; ");
}

function pathPart(key: PropertyKey, follows: boolean): string {
  if (typeof key === "string" && /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key)) return follows ? `.${key}` : key;
  return `[${typeof key === "string" ? JSON.stringify(key) : String(key)}]`;
}
