/** Inputs and outputs are reported as objects; what is none is put into one. */
export function asObject(value: unknown, key: string): unknown {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
  return isObject ? value : { [key]: value };
}
