import { isError, isUnknownError } from "./error-parts.ts";
import { MAX_LEVELS } from "./format.ts";
import { nodeTypes } from "./node-types.ts";
import { formatPath, mapKey, type PathKey } from "./path.ts";
import { isPlain } from "./plain.ts";
import { platformClass } from "./platform-classes.ts";
import { registeredClass } from "./registered-classes.ts";

/** A part of a value that would not arrive as what it is. */
export interface FoundInstance {
  /** The path to the part: `input.user.address`. */
  readonly path: string;
  /** The name of its class; `function` or `symbol` for those. */
  readonly className: string;
}

/**
 * Finds the first object in a value whose class would be lost on the way, or that could not travel at all. Undefined for values that
 * arrive as they are: plain data, what structured clone keeps, instances of registered classes, errors of known classes.
 *
 * @param root The name of the value in the path.
 */
export function findInstance(value: unknown, root = "input"): FoundInstance | undefined {
  if (isPlain(value, true)) return undefined;
  const path: PathKey[] = [];
  const className = search(value, path, new Set(), 0);
  return className === undefined ? undefined : { path: formatPath(root, path.reverse()), className };
}

/** The class of the first part that is found. Its path is collected from its end. */
function search(value: unknown, path: PathKey[], seen: Set<object>, level: number): string | undefined {
  if (typeof value === "function" || typeof value === "symbol") return typeof value;
  if (typeof value !== "object" || value === null || seen.has(value)) return undefined;
  // Packing refuses what is deeper.
  if (level > MAX_LEVELS) return undefined;
  seen.add(value);
  const lost = lostClass(value);
  if (lost !== undefined) return lost;
  if (ArrayBuffer.isView(value)) return undefined;
  for (const [key, inner] of parts(value)) {
    const found = search(inner, path, seen, level + 1);
    if (found === undefined) continue;
    path.push(key);
    return found;
  }
  return undefined;
}

function* parts(value: object): Iterable<[PathKey, unknown]> {
  if (value instanceof Map)
    for (const [key, item] of value) {
      yield [{ call: ".keys()" }, key];
      yield [mapKey(key), item];
    }
  else if (value instanceof Set) for (const item of value) yield [{ call: ".values()" }, item];
  else if (registeredClass(Object.getPrototypeOf(value)) === undefined)
    for (const key of Object.keys(value)) yield [key, (value as Record<string, unknown>)[key]];
}

/** The class of an object that would arrive as another one; undefined when it would not. */
function lostClass(value: object): string | undefined {
  const prototype = Object.getPrototypeOf(value) as object | null;
  if (prototype === Object.prototype || prototype === Array.prototype || prototype === null) return undefined;
  const type: unknown = value.constructor;
  const className = typeof type === "function" && type.name !== "" ? type.name : "an unnamed class";
  const registered = registeredClass(prototype);
  if (registered !== undefined) return registered.prototype === prototype ? undefined : className;
  const types = nodeTypes();
  if (isError(value, types.isNativeError)) return isUnknownError(value) ? className : undefined;
  const platform = platformClass(prototype, true);
  if (platform?.name !== className) return className;
  const kept =
    ArrayBuffer.isView(value) ||
    types.isMap(value) ||
    types.isSet(value) ||
    types.isDate(value) ||
    types.isRegExp(value) ||
    types.isAnyArrayBuffer(value) ||
    (types.isBoxedPrimitive(value) && !types.isSymbolObject(value)) ||
    platform.codec !== undefined ||
    platform.cloneable;
  return kept ? undefined : className;
}

const OBJECT = 16;
const SAMPLES = 64;

/**
 * The size of a value as a message, in bytes: an estimate for statistics, within a factor of two for usual data. It looks at no more
 * than 64 elements of a collection, and six levels deep.
 */
export function bytesOf(value: unknown): number {
  return estimate(value, 0);
}

function estimate(value: unknown, depth: number): number {
  switch (typeof value) {
    case "string":
      return value.length + 4;
    case "number":
      return 8;
    case "bigint":
      return 16;
    case "object":
      break;
    default:
      return 1;
  }
  if (value === null) return 1;
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return value.byteLength + OBJECT;
  if (depth > 6) return OBJECT;
  if (Array.isArray(value)) return OBJECT + sampled(value, value.length, depth);
  if (value instanceof Map)
    return OBJECT + sampled(value.keys(), value.size, depth) + sampled(value.values(), value.size, depth);
  if (value instanceof Set) return OBJECT + sampled(value, value.size, depth);
  if (value instanceof Error) return OBJECT + value.message.length + (value.stack?.length ?? 0);
  let bytes = OBJECT;
  for (const [key, field] of Object.entries(value)) bytes += key.length + 2 + estimate(field, depth + 1);
  return bytes;
}

/** The bytes of many elements, judged by the first of them. */
function sampled(elements: Iterable<unknown>, count: number, depth: number): number {
  let bytes = 0;
  let looked = 0;
  for (const element of elements) {
    if (looked === SAMPLES) break;
    bytes += estimate(element, depth + 1);
    looked++;
  }
  return looked === 0 ? 0 : Math.round((bytes * count) / looked);
}
