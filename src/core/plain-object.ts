/**
 * Whether a value is an object as a literal makes it, or one without a prototype: no array, and no instance of a class. Objects of other
 * realms (`node:vm`) count, although their `Object` is another.
 */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null || Object.getPrototypeOf(prototype) === null;
}
