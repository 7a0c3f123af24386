/** Whether a value is reported as it is: inputs and outputs are reported as objects. */
function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

// The keys are written out: an object with a key that is computed costs five times as much.

/** An input as it is reported: what is no object is put into one. */
export function asInput(value: unknown): unknown {
  return isObject(value) ? value : { input: value };
}

/** The same for an output. */
export function asOutput(value: unknown): unknown {
  return isObject(value) ? value : { output: value };
}
