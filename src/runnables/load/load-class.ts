import { setOwn } from "../../core/own.ts";
import { renameKeys, toCamelCase } from "../../core/serialization/serial-keys.ts";
import { type SerializableClass, uniqueName } from "../../core/serialization/serializable.ts";

/** A module: its exports by name. */
export type ModuleExports = Readonly<Record<string, unknown>>;

/** Modules by namespace. A function is called when its module is needed: `() => import("acme/parsers")`. */
export type ImportMap = Readonly<
  Record<string, ModuleExports | Promise<ModuleExports> | (() => Promise<ModuleExports>)>
>;

/** A class that was found, and the way to build its instances. */
export interface FoundClass {
  /** @param fields Under the names of the document. */
  build(fields: Record<string, unknown>): unknown;
}

type Constructor = (new (fields: unknown) => unknown) & SerializableClass & { prototype: object };

/**
 * The class that an address names. Only classes that LangChain's form knows (with a `lc_name`) are ever built, not just any function
 * of a module.
 */
export async function findClass(id: readonly string[], maps: readonly ImportMap[]): Promise<FoundClass | undefined> {
  const name = id.at(-1) as string;
  for (const map of maps) {
    for (const key of keysOf(id.slice(0, -1))) {
      if (!Object.hasOwn(map, key)) continue;
      const entry = map[key];
      const exported = await (typeof entry === "function" ? entry() : entry);
      const type = exported && classIn(exported, name);
      if (type) return { build: (fields) => new type(renameKeys(fields, toCamelCase, originalNames(type))) };
    }
  }
  return undefined;
}

/** The keys under which the module of a namespace may stand, the most exact first. */
function keysOf(namespace: readonly string[]): string[] {
  const [root, ...inner] = namespace;
  const keys: string[] = [];
  const isLangChain = root === "langchain" || root === "langchain_core" || root === "langchain_community";
  for (let length = namespace.length; length > 0; length--) {
    keys.push(namespace.slice(0, length).join("/"));
    if (!isLangChain || length === 1) continue;
    keys.push(inner.slice(0, length - 1).join("__"));
    if (root === "langchain_community") keys.push(["langchain", ...inner.slice(0, length - 1)].join("/"));
  }
  return keys;
}

function classIn(exported: ModuleExports, name: string): Constructor | undefined {
  const named = Object.hasOwn(exported, name) ? exported[name] : undefined;
  if (isClass(named)) return named;
  return Object.values(exported).find((value): value is Constructor => isClass(value) && uniqueName(value) === name);
}

function isClass(value: unknown): value is Constructor {
  if (typeof value !== "function") return false;
  const { prototype, lc_name } = value as Partial<Constructor>;
  return typeof prototype === "object" && typeof lc_name === "function";
}

/** The names of fields by their aliases. */
function originalNames(type: Constructor): Record<string, string> {
  const names: Record<string, string> = {};
  let level: object | null = type.prototype;
  while (level !== null && level !== Object.prototype) {
    const aliases = Reflect.get(level, "lc_aliases") as Record<string, string> | undefined;
    for (const [name, alias] of Object.entries(aliases ?? {})) setOwn(names, alias, name);
    level = Object.getPrototypeOf(level);
  }
  return names;
}
