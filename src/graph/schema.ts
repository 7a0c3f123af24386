import { isPlainObject } from "../core/plain-object.ts";
import type { RunnableIOSchema } from "./types.ts";

type JsonSchema = Record<string, unknown>;

/** The JSON schema that everything fits. It is what LangChain makes of its own `any`. */
const ANY: JsonSchema = { $schema: "http://json-schema.org/draft-07/schema#" };

/** The schema of inputs and outputs that nobody described. */
export function anySchema(name: string): RunnableIOSchema {
  return { name, schema: { ...ANY } };
}

/**
 * The JSON schema of a schema, asked of the schema itself, so that no schema library has to be loaded: zod's own method, the JSON
 * part of the Standard Schema contract, or a JSON schema as it is. One that can do none of this counts as one that everything fits.
 */
export function toJsonSchema(schema: unknown): JsonSchema {
  if ((typeof schema !== "object" && typeof schema !== "function") || schema === null) return {};
  const { toJSONSchema, "~standard": standard } = schema as {
    toJSONSchema?: unknown;
    "~standard"?: { jsonSchema?: { input?: (options: { target: string }) => JsonSchema } };
  };
  try {
    if (typeof toJSONSchema === "function") return { ...(toJSONSchema.call(schema) as JsonSchema) };
    if (standard !== undefined) return { ...(standard.jsonSchema?.input?.({ target: "draft-07" }) ?? ANY) };
  } catch {
    // Dates, transforms and the like have no JSON schema. A graph is drawn all the same.
    return { ...ANY };
  }
  return isPlainObject(schema) ? { ...schema } : { ...ANY };
}
