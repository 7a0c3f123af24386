import { hasField } from "../own.ts";
import { escapeData, markSecrets, type NotImplemented, notImplemented } from "./serial-data.ts";
import { renameKeys, toSnakeCase } from "./serial-keys.ts";

/** An object in LangChain's serialized form: its class by address, and the fields that its constructor takes. */
export interface SerializedConstructor {
  lc: 1;
  type: "constructor";
  id: string[];
  kwargs: Record<string, unknown>;
}

/** The result of `toJSON`. */
export type Serialized = SerializedConstructor | NotImplemented;

/** The key under which a class keeps the function that makes its constructor's fields from an instance. */
export const FIELDS = Symbol.for("runlane.fields");

/**
 * An object that can be saved in LangChain's form and loaded again. It follows LangChain's rules for subclasses: `lc_serializable` says
 * whether instances can be saved, the fields given to `super(fields)` are what is saved, and `lc_secrets`, `lc_attributes`, `lc_aliases`
 * and `lc_serializable_keys` change how.
 */
export abstract class Serializable {
  /** LangChain's mark of objects that can be saved and loaded. @default false */
  declare lc_serializable: boolean;
  /** LangChain's address of the module of the class. */
  declare lc_namespace: string[];
  /** The fields that the constructor was given. */
  // biome-ignore lint/suspicious/noExplicitAny: LangChain's type
  declare lc_kwargs: Record<string, any>;

  // biome-ignore lint/suspicious/noExplicitAny: subclasses written for LangChain call super(fields) with whatever they take
  constructor(fields?: any, ..._rest: any[]) {
    // Runlane's own classes pass nothing: their fields are made from the instance when somebody asks.
    if (fields !== undefined) this.lc_kwargs = selectFields(fields, this.lc_serializable_keys);
  }

  /** The name of the class in LangChain's serialized form. */
  static lc_name(): string {
    return this.name;
  }

  /** LangChain's address of the class. */
  get lc_id(): string[] {
    return [...this.lc_namespace, uniqueName(this.constructor as SerializableClass)];
  }

  /** Fields that are never saved, by path, and the ids under which `load` is given them. */
  get lc_secrets(): { [path: string]: string } | undefined {
    return undefined;
  }

  /** Fields that are saved besides those that the constructor was given. */
  // biome-ignore lint/suspicious/noExplicitAny: LangChain's type
  get lc_attributes(): { [key: string]: any } | undefined {
    return undefined;
  }

  /** Names of fields in the serialized form, where it is not the field's own name in snake case. */
  get lc_aliases(): { [key: string]: string } | undefined {
    return undefined;
  }

  /** The names of the fields that are saved. @default all */
  get lc_serializable_keys(): string[] | undefined {
    return undefined;
  }

  /** This object in LangChain's serialized form, for `JSON.stringify`. One that cannot be saved says so and gives its address. */
  toJSON(): Serialized {
    const fields: unknown = this.lc_serializable ? this.lc_kwargs : undefined;
    if (typeof fields !== "object" || fields === null || Array.isArray(fields) || fields instanceof Serializable)
      return this.toJSONNotImplemented();
    const { secrets, attributes, aliases } = collectRules(this);
    const own = this as unknown as Record<string, unknown>;
    const derived = FIELDS in this;
    const current = Object.entries(fields).map(([key, value]) => [
      key,
      !derived && hasField(own, key) ? own[key] : value,
    ]);
    const kwargs = Object.fromEntries(
      [...current, ...Object.entries(attributes)].map(([key, value]) => [key, escapeData(value, new Set([this]))]),
    );
    markSecrets(kwargs, this, secrets);
    return { lc: 1, type: "constructor", id: this.lc_id, kwargs: renameKeys(kwargs, toSnakeCase, aliases) };
  }

  /** The result of `toJSON` for an object that cannot be saved. */
  toJSONNotImplemented(): NotImplemented {
    return notImplemented(this.lc_id);
  }
}

// On the prototype rather than in every instance: LangChain reads them as properties, and subclasses may declare their own.
Object.assign(Serializable.prototype, { lc_serializable: false, lc_namespace: [] });
Object.defineProperty(Serializable.prototype, "lc_kwargs", {
  configurable: true,
  get(this: Serializable & { [FIELDS]?: (instance: Serializable) => object }) {
    if (this[FIELDS] !== undefined) return this[FIELDS](this);
    keep(this, {});
    return this.lc_kwargs;
  },
  set(this: Serializable, fields: unknown) {
    keep(this, fields);
  },
});

function keep(instance: Serializable, fields: unknown): void {
  Object.defineProperty(instance, "lc_kwargs", { value: fields, configurable: true, writable: true });
}

function selectFields(fields: object | null, keys: readonly string[] | undefined): object {
  if (fields === null) return {};
  if (keys === undefined) return fields;
  return Object.fromEntries(Object.entries(fields).filter(([key]) => keys.includes(key)));
}

/** The rules of the classes of an instance. As in LangChain, those of a superclass are merged over those of its subclasses. */
function collectRules(instance: Serializable): {
  secrets: Record<string, string>;
  attributes: Record<string, unknown>;
  aliases: Record<string, string>;
} {
  const rules: ReturnType<typeof collectRules> = { secrets: {}, attributes: {}, aliases: {} };
  let level: object | null = Object.getPrototypeOf(instance);
  while (level !== null && level !== Serializable.prototype) {
    rules.secrets = { ...rules.secrets, ...Reflect.get(level, "lc_secrets", instance) };
    rules.attributes = { ...rules.attributes, ...Reflect.get(level, "lc_attributes", instance) };
    rules.aliases = { ...rules.aliases, ...Reflect.get(level, "lc_aliases", instance) };
    level = Object.getPrototypeOf(level);
  }
  return rules;
}

/** The part of a class that is read to save its instances. */
export interface SerializableClass {
  readonly name: string;
  lc_name?(): string;
}

/** The name of a class in addresses: its `lc_name`, unless that is only inherited. */
export function uniqueName(type: SerializableClass): string {
  const parent = Object.getPrototypeOf(type) as Partial<SerializableClass> | null;
  if (typeof type.lc_name !== "function") return type.name;
  const name = type.lc_name();
  return typeof parent?.lc_name === "function" && parent.lc_name() === name ? type.name : name;
}

const memo = new WeakMap<object, Serialized>();

/**
 * The result of a step's `toJSON`, made once for each step: observers are told it for every run. Objects without a `toJSON` are not
 * implemented. Never change what it returns.
 */
export function serialized(step: object): Serialized {
  let document = memo.get(step);
  if (document === undefined) {
    const { toJSON } = step as { toJSON?: () => Serialized };
    document = toJSON === undefined ? notImplemented([step.constructor?.name ?? "Object"]) : toJSON.call(step);
    memo.set(step, document);
  }
  return document;
}
