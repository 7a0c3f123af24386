import { notImplemented } from "../../core/serialization/serial-data.ts";
import { FIELDS } from "../../core/serialization/serializable.ts";
import type { RunnableClass } from "../registry.ts";
import type { Runnable } from "../runnable.ts";

/** A class whose runnables `load` can build. */
export interface SavedClass {
  /** Builds a runnable of the fields that were saved. */
  // biome-ignore lint/suspicious/noExplicitAny: a class knows its own fields, and checks them
  build(fields: any): Runnable;
  /** The fields whose values are objects of runnables: their keys are the user's, `lc` included. */
  readonly maps: readonly string[];
}

/** The reason why steps that are made of functions are not saved. */
export const A_FUNCTION = "it is a function";

/** How instances of a class are saved in LangChain's form. */
export interface SavedAs<Instance> {
  /** The fields of the constructor, made from an instance when it is saved. */
  fields(instance: Instance): object;
  /** See {@link SavedClass}. */
  readonly maps?: readonly string[];
  /** Other names that the class has in documents. */
  readonly names?: readonly string[];
  /** The fields that hold functions without which an instance would do something else. JSON leaves them out; `load` refuses them. */
  readonly functions?: readonly string[];
}

const classes = new Map<string, SavedClass>();
const reasons = new Map<string, string>();

/** Makes a class one whose instances are saved, and known to {@link savedClass}. */
export function saveAs<Instance extends Runnable>(
  type: RunnableClass<Instance>,
  { fields, maps = [], names = [], functions = [] }: SavedAs<Instance>,
): void {
  Object.defineProperty(type.prototype, FIELDS, { value: fields });
  Object.assign(type.prototype as object, { lc_serializable: true });
  const build: SavedClass["build"] = (given) => {
    const lost = functions.find((key) => given[key] !== undefined);
    if (lost !== undefined) throw new Error(`its ${lost} are functions, which cannot be saved.`);
    return new type(given);
  };
  for (const name of [type.lc_name(), ...names]) classes.set(name, { build, maps });
}

/** Tells why instances of a class cannot be saved, for whoever loads a document in which one is missing. */
export function noteUnsaved(name: string, reason: string): void {
  reasons.set(name, reason);
}

/** The reason why instances of a class are not saved, by the class's address; undefined for classes that are not Runlane's. */
export function whyUnsaved(id: readonly string[]): string | undefined {
  return reasons.get(id.at(-1) as string);
}

/**
 * Stands in saved fields for a function that decides what a runnable does. LangChain's form leaves functions out; without this one a
 * loaded runnable would do something else, so that it is refused when it is loaded.
 */
export function unsaved(value: unknown): object | undefined {
  return value === undefined ? undefined : { toJSON: () => notImplemented([typeof value]) };
}

/** The class of Runlane that an address of LangChain's runnables names, if there is one. */
export function savedClass(id: readonly string[]): SavedClass | undefined {
  const [root, module, third] = id;
  const known =
    (root === "langchain_core" && module === "runnables") ||
    (root === "langchain" && module === "schema" && third === "runnable");
  return known ? classes.get(id.at(-1) as string) : undefined;
}
