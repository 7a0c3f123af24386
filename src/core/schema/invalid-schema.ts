import { describe, type RunlaneError, runlaneError } from "../errors/errors.ts";
import { isJsonSchema } from "./json-schema.ts";
import { isStandardSchema } from "./standard-schema.ts";

/** The error of something that stands where a schema, or an object of schemas, has to be. */
export function invalidSchema(where: string, expected: string, received: unknown): RunlaneError {
  const kind = isStandardSchema(received)
    ? "one schema"
    : isJsonSchema(received)
      ? "a JSON schema"
      : describe(received);
  return runlaneError("RUNLANE_INVALID_SCHEMA", { where, expected, received: kind });
}
