import { describe, runlaneError } from "../../core/errors/errors.ts";
import { common } from "./format.ts";

/** How instances of a class become data and come back. */
export interface ClassCodec<T> {
  /**
   * The name under which both sides know the class.
   *
   * @default the name of the class
   */
  readonly name?: string;
  /** Makes data of an instance: whatever may travel, instances of registered classes included. @default its own fields */
  readonly serialize?: (value: T) => unknown;
  /** Makes an instance of that data. @default an object of the class with those fields; the constructor is not called */
  // biome-ignore lint/suspicious/noExplicitAny: what serialize returned
  readonly deserialize?: (data: any) => T;
}

/** A registered class. */
export interface RegisteredClass {
  readonly name: string;
  readonly source: string;
  readonly prototype: object;
  readonly serialize: ((value: unknown) => unknown) | undefined;
  readonly deserialize: ((data: unknown) => object) | undefined;
}

/** A module that registers classes: its specifier for `import`, and the function in it that registers them. */
export interface ClassModule {
  readonly specifier: string;
  readonly exportName: string;
}

// A worker and the user's modules in it may have loaded different copies of the package.
const registry = common("classes", () => ({
  byPrototype: new Map<object, RegisteredClass>(),
  byName: new Map<string, RegisteredClass>(),
  modules: new Map<string, ClassModule>(),
}));

const NATIVE = new Set<object>([Object, Function, Array, Map, Set, Date, RegExp, ArrayBuffer, Error]);

/**
 * Lets instances of a class travel between threads and processes and arrive as instances, wherever they are in an input, an output or
 * an error. Both sides must register the class: do it in the module that defines it, and have the worker import that module.
 * An instance of a subclass that is not registered travels as its nearest registered class.
 *
 * Without `serialize` and `deserialize` the own fields travel, which suits classes without private fields. Objects may point at each
 * other: the references are the same on arrival. Only a reference back to an object that `deserialize` is still making needs care:
 * until it is made, the data holds an empty stand-in, which is replaced in public fields afterwards.
 *
 * @throws RUNLANE_INVALID_OPTION if the class is none, is built in, or its name belongs to another class.
 * @example
 * ```ts
 * import { registerClass } from "runlane";
 *
 * class Money {
 *   #cents: number;
 *   constructor(cents: number) {
 *     this.#cents = cents;
 *   }
 *   get cents() {
 *     return this.#cents;
 *   }
 * }
 * registerClass(Money, { serialize: (money) => money.cents, deserialize: (cents: number) => new Money(cents) });
 * ```
 */
export function registerClass<T>(
  // biome-ignore lint/suspicious/noExplicitAny: any constructor
  Class: abstract new (...args: any[]) => T,
  codec: ClassCodec<T> = {},
): void {
  const { prototype } = Class ?? {};
  if (typeof Class !== "function" || typeof prototype !== "object" || prototype === null || NATIVE.has(Class))
    throw invalid("Class", "a class of yours", describe(Class));
  const { name = Class.name, serialize, deserialize } = codec;
  if (typeof name !== "string" || name === "") throw invalid("name", "a string that is not empty", describe(name));
  if ((serialize === undefined) !== (deserialize === undefined))
    throw invalid("codec", "both serialize and deserialize, or neither", "only one of them");
  for (const [option, value] of Object.entries({ serialize, deserialize }))
    if (value !== undefined && typeof value !== "function") throw invalid(option, "a function", describe(value));

  const other = registry.byName.get(name);
  const source = String(Class);
  // The same source is the same module loaded twice.
  if (other !== undefined && other.prototype !== prototype && other.source !== source)
    throw invalid("name", "a name of its own", `${JSON.stringify(name)}, which another class has`);
  const registered = { name, source, prototype, serialize, deserialize } as RegisteredClass;
  registry.byName.set(name, registered);
  registry.byPrototype.set(prototype, registered);
}

/** The nearest registered class on a prototype chain. */
export function registeredClass(prototype: object | null): RegisteredClass | undefined {
  if (registry.byPrototype.size === 0) return undefined;
  for (let level = prototype; level !== null; level = Object.getPrototypeOf(level)) {
    const found = registry.byPrototype.get(level);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The class of a name, if it is registered here. */
export function knownClass(name: string): RegisteredClass | undefined {
  return registry.byName.get(name);
}

/** The class of a name that arrived. @throws RUNLANE_UNKNOWN_CLASS */
export function classOfName(name: string): RegisteredClass {
  const found = knownClass(name);
  if (found === undefined) throw runlaneError("RUNLANE_UNKNOWN_CLASS", { name });
  return found;
}

/** Has workers load a module that registers classes, because this thread did. */
export function addClassModule(module: ClassModule): void {
  registry.modules.set(module.specifier, module);
}

/** The modules that a worker must load before instances arrive there: plain data, for {@link loadClassModules}. */
export function classModules(): readonly ClassModule[] {
  return [...registry.modules.values()];
}

/** Registers in a worker what its parent has registered. Undefined when that is done. */
export function loadClassModules(modules: readonly ClassModule[]): Promise<unknown> | undefined {
  const missing = modules.filter(({ specifier }) => !registry.modules.has(specifier));
  if (missing.length === 0) return undefined;
  return Promise.all(missing.map(async ({ specifier, exportName }) => (await import(specifier))[exportName]()));
}

function invalid(option: string, expected: string, received: string): Error {
  return runlaneError("RUNLANE_INVALID_OPTION", { where: "registerClass", option, expected, received });
}
