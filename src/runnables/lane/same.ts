import { isPlainObject } from "../../core/plain-object.ts";

/** Whether two values are equal as data, looking into so many levels of arrays and plain objects. */
export function isSame(one: unknown, other: unknown, levels: number): boolean {
  if (Object.is(one, other)) return true;
  if (levels === 0 || !isPlainData(one) || !isPlainData(other) || Array.isArray(one) !== Array.isArray(other))
    return false;
  const keys = Object.keys(one);
  return (
    keys.length === Object.keys(other).length &&
    keys.every((key) => Object.hasOwn(other, key) && isSame(one[key], other[key], levels - 1))
  );
}

function isPlainData(value: unknown): value is Record<string, unknown> {
  return Array.isArray(value) || isPlainObject(value);
}
