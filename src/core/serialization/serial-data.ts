import { fieldOf, ownValue, setOwn } from "../own.ts";

/**
 * Data inside a serialized object. A plain object with an `lc` key would read as a serialized object of its own, so LangChain's form
 * wraps it: `{ __lc_escaped__: … }`.
 */
const ESCAPED = "__lc_escaped__";

/** A stand-in for an object that cannot be saved. */
export interface NotImplemented {
  lc: 1;
  type: "not_implemented";
  id: string[];
}

/** A stand-in for a value that is not saved, but given when the document is loaded. */
export interface SerializedSecret {
  lc: 1;
  type: "secret";
  id: string[];
}

/** The stand-in for an object that cannot be saved, by its address. */
export function notImplemented(id: string[]): NotImplemented {
  return { lc: 1, type: "not_implemented", id };
}

/**
 * Copies data and escapes what could be taken for a serialized object. Objects that say how they are saved (`toJSON`) are kept for
 * `JSON.stringify`, and an object inside itself is marked as not saved.
 *
 * @param ancestors The objects around the value.
 */
export function escapeData(value: unknown, ancestors: Set<object> = new Set()): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (ancestors.has(value)) return notImplemented(addressOf(value));
  if (typeof (value as { toJSON?: unknown }).toJSON === "function") return value;
  if (!Array.isArray(value) && ("lc" in value || isEscaped(value))) return { [ESCAPED]: value };
  ancestors.add(value);
  const copy = Array.isArray(value)
    ? value.map((element) => escapeData(element, ancestors))
    : Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, escapeData(inner, ancestors)]));
  ancestors.delete(value);
  return copy;
}

/** Whether an object was escaped when it was saved. */
export function isEscaped(value: object): value is { [ESCAPED]: unknown } {
  return Object.hasOwn(value, ESCAPED) && Object.keys(value).length === 1;
}

/** The object inside an escaped one. */
export function unescapeData(value: { [ESCAPED]: unknown }): unknown {
  return value[ESCAPED];
}

/**
 * Puts the marks of secrets into copied fields, wherever the field, or the object that is saved, has one.
 *
 * @param secrets Ids by path: `{ "client.apiKey": "API_KEY" }`.
 */
export function markSecrets(
  fields: Record<string, unknown>,
  source: object,
  secrets: Readonly<Record<string, string>>,
): void {
  for (const [path, id] of Object.entries(secrets)) {
    const keys = path.split(".");
    if (valueAt(fields, keys) === undefined && valueAt(source, keys) === undefined) continue;
    const last = keys.pop() as string;
    let place = fields;
    for (const key of keys) {
      const inner = ownValue(place, key);
      const copy = Array.isArray(inner) ? [...inner] : { ...(inner as object | undefined) };
      setOwn(place, key, copy);
      place = copy as Record<string, unknown>;
    }
    setOwn(place, last, { lc: 1, type: "secret", id: [id] } satisfies SerializedSecret);
  }
}

function valueAt(root: unknown, keys: readonly string[]): unknown {
  let value = root;
  for (const key of keys) {
    if (typeof value !== "object" || value === null) return undefined;
    value = fieldOf(value, key);
  }
  return value;
}

function addressOf(value: object): string[] {
  const { lc_id } = value as { lc_id?: unknown };
  return Array.isArray(lc_id) ? lc_id : [value.constructor?.name ?? "Object"];
}
