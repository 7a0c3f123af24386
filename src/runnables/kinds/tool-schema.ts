import { fromJsonSchema, isJsonSchema, type JsonSchema } from "../../core/schema/json-schema.ts";
import {
  isStandardSchema,
  type SchemaInput,
  type SchemaOutput,
  type SchemaResult,
  type StandardSchema,
} from "../../core/schema/standard-schema.ts";

/** A schema of the arguments that a tool takes. */
export type ToolSchema = StandardSchema | JsonSchema;

/** The input type of a tool's runnable: the output type of its schema. TypeScript cannot read a JSON schema, so that gives `any`. */
// biome-ignore lint/suspicious/noExplicitAny: see above
export type ToolInput<Schema extends ToolSchema> = Schema extends StandardSchema ? SchemaOutput<Schema> : any;

/** The schema of a tool that was made with `Schema`: of a string it becomes one of `{ input: string }`. */
export type ToolSchemaOf<Schema extends ToolSchema> = Schema extends StandardSchema
  ? unknown extends SchemaInput<Schema>
    ? Schema
    : SchemaInput<Schema> extends string
      ? StandardSchema<{ input: SchemaInput<Schema> }, SchemaOutput<Schema>>
      : Schema
  : Schema;

/** The fields besides the standard that libraries keep in a schema. */
interface LibrarySchema {
  readonly type?: unknown;
  readonly description?: unknown;
  readonly _def?: { readonly typeName?: unknown };
  readonly _zod?: { readonly def?: { readonly type?: unknown } };
  /** The actions of a Valibot schema. */
  readonly pipe?: unknown;
  readonly "~standard"?: {
    readonly vendor?: unknown;
    readonly jsonSchema?: { input(options: { target: string }): JsonSchema };
  };
}

/** The JSON schema of the input of a schema, where its library can write one. */
function toJsonSchema(schema: ToolSchema): JsonSchema | undefined {
  if (isJsonSchema(schema)) return schema;
  try {
    return (schema as LibrarySchema)["~standard"]?.jsonSchema?.input({ target: "draft-07" });
  } catch {
    // Not all that a schema can say has words in JSON Schema.
    return undefined;
  }
}

/** The schema as Standard Schema. */
export function toStandard(schema: ToolSchema): StandardSchema {
  return isStandardSchema(schema) ? schema : fromJsonSchema(schema);
}

/** The description that was given to the schema itself. */
export function descriptionOf(schema: ToolSchema): string | undefined {
  const { description, pipe } = schema as LibrarySchema;
  // A schema of arktype always describes itself; the words given to it are in its JSON schema alone.
  if (typeof schema !== "function" && typeof description === "string") return description;
  const written = toJsonSchema(schema)?.description ?? zodDescription(schema);
  if (typeof written === "string") return written;
  return Array.isArray(pipe) ? pipe.map(valibotDescription).findLast((text) => text !== undefined) : undefined;
}

/** zod/mini keeps descriptions in a registry that all copies of zod in the process share. */
function zodDescription(schema: ToolSchema): unknown {
  type Registry = { get(schema: unknown): { description?: unknown } | undefined };
  if (!("_zod" in schema)) return undefined;
  return (globalThis as { __zod_globalRegistry?: Registry }).__zod_globalRegistry?.get(schema)?.description;
}

function valibotDescription(action: { description?: unknown; metadata?: { description?: unknown } }) {
  const text = action.description ?? action.metadata?.description;
  return typeof text === "string" ? text : undefined;
}

/**
 * The schema of a tool's arguments. Models give arguments as an object, so a schema of a string becomes one of `{ input: string }`.
 */
export function argumentsSchema(schema: ToolSchema): ToolSchema {
  const text = stringSchema(schema);
  return text === undefined ? schema : inputObject(text, toStandard(schema));
}

/** The JSON schema of a schema that takes a string. */
function stringSchema(schema: ToolSchema): JsonSchema | undefined {
  const json = toJsonSchema(schema);
  if (json !== undefined) {
    const { $schema, ...text } = json;
    return text.type === "string" ? text : undefined;
  }
  const { type, _def, _zod, "~standard": standard } = schema as LibrarySchema;
  const isString =
    _zod?.def?.type === "string" ||
    _def?.typeName === "ZodString" ||
    (standard?.vendor === "valibot" && type === "string");
  return isString ? { type: "string" } : undefined;
}

/**
 * The schema of `{ input: string }`: for models a JSON schema, which all of LangChain's integrations read, and for the tool a
 * Standard Schema that gives what `inner` gives.
 */
function inputObject(text: JsonSchema, inner: StandardSchema): ToolSchema {
  const schema = { type: "object", properties: { input: text }, required: ["input"], additionalProperties: false };
  const standard: StandardSchema["~standard"] = {
    version: 1,
    vendor: "runlane",
    validate(value) {
      if (typeof value !== "object" || value === null || !("input" in value)) {
        return { issues: [{ message: "Expected an object with the key input" }] };
      }
      const result = inner["~standard"].validate(value.input);
      return result instanceof Promise ? result.then(below) : below(result);
    },
  };
  return Object.defineProperty(schema, "~standard", { value: standard });
}

/** A result of the value under `input`. */
function below(result: SchemaResult<unknown>): SchemaResult<unknown> {
  if (!result.issues) return result;
  return { issues: result.issues.map(({ message, path = [] }) => ({ message, path: ["input", ...path] })) };
}
