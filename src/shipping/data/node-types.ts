type Util = typeof import("node:util");

// Taken now: user code may put something else in its place. It loads nothing.
const getBuiltin = globalThis.process?.getBuiltinModule;

let types: Util["types"] | undefined;

/** Node's checks of what an object is inside, which no prototype can fake. Only lanes ask, and lanes exist only where Node's modules do. */
export function nodeTypes(): Util["types"] {
  types ??= getBuiltin("node:util").types;
  return types;
}

/** Whether a value without fields of its own survives the way; some objects of the platform cannot be told otherwise. */
export function survives(value: object, shared: boolean): boolean {
  try {
    if (shared) structuredClone(value);
    else getBuiltin("node:v8").serialize(value);
    return true;
  } catch {
    return false;
  }
}
