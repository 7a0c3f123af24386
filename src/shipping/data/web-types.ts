/** The checks of Node's `util.types`, where there is no Node: by methods that work only on objects of the right kind. */

type Probe = (value: unknown) => boolean;

const getter = (prototype: object, name: string): (() => unknown) =>
  Object.getOwnPropertyDescriptor(prototype, name)!.get as () => unknown;

/** Whether a method of the platform takes an object for its own. */
function takenBy(method: (this: never, ...args: never[]) => unknown): Probe {
  return (value) => {
    try {
      method.call(value as never);
      return true;
    } catch {
      return false;
    }
  };
}

const tagged =
  (tag: string): Probe =>
  (value) =>
    Object.prototype.toString.call(value) === `[object ${tag}]`;

const isArrayBuffer = takenBy(getter(ArrayBuffer.prototype, "byteLength"));
const isSharedArrayBuffer: Probe =
  typeof SharedArrayBuffer === "undefined" ? () => false : takenBy(getter(SharedArrayBuffer.prototype, "byteLength"));
const isSymbolObject = takenBy(Symbol.prototype.valueOf);
const BOXED = [Number, String, Boolean, BigInt].map(({ prototype }) => takenBy(prototype.valueOf));

export const WEB_TYPES = {
  isMap: takenBy(getter(Map.prototype, "size")),
  isSet: takenBy(getter(Set.prototype, "size")),
  isDate: takenBy(Date.prototype.getTime),
  isRegExp: takenBy(getter(RegExp.prototype, "source")),
  isArrayBuffer,
  isAnyArrayBuffer: (value: unknown): boolean => isArrayBuffer(value) || isSharedArrayBuffer(value),
  isSymbolObject,
  isBoxedPrimitive: (value: unknown): boolean => isSymbolObject(value) || BOXED.some((isBoxed) => isBoxed(value)),
  isNativeError: tagged("Error"),
  isArgumentsObject: tagged("Arguments"),
  isModuleNamespaceObject: tagged("Module"),
  /** Nobody can tell: structured clone refuses it. */
  isProxy: (): boolean => false,
};
