import { WEB_TYPES } from "./web-types.ts";

type Util = typeof import("node:util");
/** The checks that are used. */
type Types = Pick<Util["types"], keyof typeof WEB_TYPES>;

// Taken now: user code may put something else in its place. It loads nothing.
const getBuiltin = globalThis.process?.getBuiltinModule;

let types: Types | undefined;

/** Node's checks of what an object is inside, which no prototype can fake; in browsers, what comes nearest to them. */
export function nodeTypes(): Types {
  types ??= getBuiltin?.("node:util")?.types ?? (WEB_TYPES as unknown as Types);
  return types;
}

/**
 * Tries how an object without fields arrives: as it is, as a plain object, or not at all. Of some objects of the platform this cannot be
 * told otherwise.
 */
export function fateOf(value: object, shared: boolean): "kept" | "plain" | "refused" {
  try {
    const arrived = shared ? structuredClone(value) : throughBytes(value);
    return Object.getPrototypeOf(arrived) === Object.prototype ? "plain" : "kept";
  } catch {
    return "refused";
  }
}

/** A copy of an object by way of bytes. Reading is part of the test: a WebAssembly.Module can be written, but not read. */
function throughBytes(value: object): object {
  const v8 = getBuiltin?.("node:v8");
  // Where there are no bytes, there are no processes: web workers clone.
  return v8 === undefined ? structuredClone(value) : (v8.deserialize(v8.serialize(value)) as object);
}
