/** Whether a value is reported as it is. Inputs and outputs that are no objects are put into one. */
function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

// The keys are written out: an object with a key that is computed costs five times as much.

/** An input as it is reported: an object, or `{ input }`. */
export function asInput(value: unknown): unknown {
  return isObject(value) ? value : { input: value };
}

/** An output as it is reported: an object, or `{ output }`. */
export function asOutput(value: unknown): unknown {
  return isObject(value) ? value : { output: value };
}
