/**
 * Keys that come from data may be called anything. Assigned, `__proto__` becomes the prototype of the object and is lost as a key;
 * looked up, `toString` and `constructor` are found in every object.
 */

/** Sets a key of an object, whatever it is called. */
export function setOwn(target: object, key: PropertyKey, value: unknown): void {
  if (key === "__proto__")
    Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
  else (target as Record<PropertyKey, unknown>)[key] = value;
}

/** The value under a key of the object's own. */
export function ownValue<T>(
  object: Readonly<Record<PropertyKey, T>> | null | undefined,
  key: PropertyKey,
): T | undefined {
  return object !== undefined && object !== null && Object.hasOwn(object, key) ? object[key] : undefined;
}

/** Whether an object has a key, of its own or by its class (a getter, for example). Keys of every object do not count. */
export function hasField(object: object, key: PropertyKey): boolean {
  return Object.hasOwn(object, key) || (key in object && !(key in Object.prototype));
}

/** The value under a key that an object has, of its own or by its class. */
export function fieldOf(object: object, key: PropertyKey): unknown {
  return hasField(object, key) ? (object as Record<PropertyKey, unknown>)[key] : undefined;
}
