import type { RunnableIOSchema } from "./types.ts";

type JsonSchema = Record<string, unknown>;

/** The schema of inputs and outputs that nobody described. It is what LangChain makes of its own `any`. */
export function anySchema(name: string): RunnableIOSchema {
  return { name, schema: { $schema: "http://json-schema.org/draft-07/schema#" } };
}

/**
 * The JSON schema of a schema, asked of the schema itself, so that no schema library has to be loaded: zod's own method, the JSON
 * part of the Standard Schema contract, or a JSON schema as it is. One that can do none of this gives no properties.
 */
export function toJsonSchema(schema: unknown): JsonSchema {
  if ((typeof schema !== "object" && typeof schema !== "function") || schema === null) return {};
  const { toJSONSchema, "~standard": standard } = schema as {
    toJSONSchema?: unknown;
    "~standard"?: { jsonSchema?: { input?: (options: { target: string }) => JsonSchema } };
  };
  try {
    if (typeof toJSONSchema === "function") return { ...(toJSONSchema.call(schema) as JsonSchema) };
    if (standard !== undefined) return { ...standard.jsonSchema?.input?.({ target: "draft-07" }) };
  } catch {
    // Dates, transforms and the like have no JSON schema. A graph is drawn all the same.
    return {};
  }
  return isPlain(schema) ? { ...schema } : {};
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}
