import { missingPackage } from "../optional-package.ts";
import { ownValue } from "../own.ts";
import type { SchemaIssue, SchemaResult, StandardSchema } from "./standard-schema.ts";

/** A JSON schema: what it says is data, so TypeScript infers nothing from it. */
export interface JsonSchema {
  // biome-ignore lint/suspicious/noExplicitAny: `unknown` would refuse the interfaces by which libraries describe JSON schemas
  readonly [keyword: string]: any;
  readonly "~standard"?: never;
}

const TYPES = new Set(["null", "boolean", "object", "array", "number", "integer", "string"]);
const KEYWORDS = ["$schema", "$ref", "properties", "anyOf", "oneOf", "allOf", "enum", "const"];

/** Whether `thing` is a JSON schema: an object with a type of JSON, or with another keyword that makes it one. */
export function isJsonSchema(thing: unknown): thing is JsonSchema {
  if (typeof thing !== "object" || thing === null || Array.isArray(thing) || "~standard" in thing) return false;
  const { type } = thing as { type?: unknown };
  if (type === undefined) return KEYWORDS.some((keyword) => keyword in thing);
  return Array.isArray(type) ? type.length > 0 && type.every((one) => TYPES.has(one)) : TYPES.has(type as string);
}

interface Report {
  readonly errors: readonly { readonly keyword: string; readonly instanceLocation: string; readonly error: string }[];
  readonly valid: boolean;
}

/**
 * A JSON schema as a Standard Schema. The validator comes with `@langchain/core`, and is loaded when the first value is validated:
 * JSON schemas are for models, whose package it is, so they need no other one.
 *
 * @throws RUNLANE_MISSING_PACKAGE from `validate`, when that package is not installed.
 */
export function fromJsonSchema(schema: JsonSchema): StandardSchema {
  let validate: ((value: unknown) => Report) | undefined;
  const check = (value: unknown): SchemaResult<unknown> => {
    const { valid, errors } = (validate as (value: unknown) => Report)(value);
    return valid
      ? { value }
      : { issues: leaves(errors).map(({ error, instanceLocation }) => toIssue(error, instanceLocation, value)) };
  };
  return {
    "~standard": {
      version: 1,
      vendor: "json-schema",
      validate(value) {
        if (validate !== undefined) return check(value);
        return loadValidator().then((Validator) => {
          const validator = new Validator(schema, draftOf(schema), false);
          validate = (next) => validator.validate(next);
          return check(value);
        });
      },
    },
  };
}

type Draft = "4" | "7" | "2019-09" | "2020-12";

async function loadValidator() {
  const missing = missingPackage("Validating by a JSON schema", "@langchain/core");
  return (await import("@langchain/core/utils/json_schema").catch(missing)).Validator;
}

function draftOf({ $schema }: JsonSchema): Draft {
  const name = String($schema);
  if (name.includes("2020-12")) return "2020-12";
  if (name.includes("draft-04")) return "4";
  return /draft-0[67]/.test(name) ? "7" : "2019-09";
}

const CONTAINERS = new Set([
  "properties",
  "patternProperties",
  "additionalProperties",
  "items",
  "prefixItems",
  "allOf",
  "$ref",
]);

/** The errors themselves, without those that only say that there is another one further down. */
function leaves(errors: Report["errors"]): Report["errors"] {
  const found = errors.filter(({ keyword }) => !CONTAINERS.has(keyword));
  return found.length > 0 ? found : errors;
}

/** An issue of an error, whose location is a JSON pointer. The value tells indexes from keys. */
function toIssue(message: string, location: string, value: unknown): SchemaIssue {
  const path: PropertyKey[] = [];
  let inside = value;
  for (const part of location.split("/").slice(1)) {
    const key = decodeURI(part).replaceAll("~1", "/").replaceAll("~0", "~");
    path.push(Array.isArray(inside) ? Number(key) : key);
    inside = ownValue(inside as Record<string, unknown> | undefined, key);
  }
  return { message, path };
}
