type Util = typeof import("node:util");

// Taken now: user code may put something else in its place. It loads nothing.
const getBuiltin = globalThis.process?.getBuiltinModule;

let types: Util["types"] | undefined;

/** Node's checks of what an object is inside, which no prototype can fake. Only lanes ask, and lanes exist only where Node's modules do. */
export function nodeTypes(): Util["types"] {
  types ??= getBuiltin("node:util").types;
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
  const { serialize, deserialize } = getBuiltin("node:v8");
  return deserialize(serialize(value)) as object;
}
