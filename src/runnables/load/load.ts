import { describe, runlaneError } from "../../core/errors/errors.ts";
import { environment } from "../../core/platform.ts";
import { isEscaped, unescapeData } from "../../core/serialization/serial-data.ts";
import { renameKeys, toCamelCase } from "../../core/serialization/serial-keys.ts";
import { findClass, type ImportMap } from "./load-class.ts";
import { savedClass, whyUnsaved } from "./saved-class.ts";

/** The options of {@link load}: how it finds classes that are not Runlane's own, and what it allows. */
export interface LoadOptions {
  /**
   * Modules by the namespace of their classes: all of it joined by slashes (`acme/parsers`), or as LangChain's `load` has it, for
   * the namespaces below `langchain` and `langchain_core`: without that, joined by two underscores (`prompts`, `chat_models__openai`).
   */
  importMap?: ImportMap | undefined;
  /** The same, under the name that LangChain's `load` has for modules by their whole namespace. */
  optionalImportsMap?: ImportMap | undefined;
  /**
   * Builds an object that is neither Runlane's nor in `importMap`, or gives `undefined` when it cannot. It is asked before the maps.
   *
   * @param id The address of the class: `["acme", "parsers", "DateParser"]`.
   * @param kwargs The fields that were saved, under their names in camel case, loaded already.
   */
  resolve?: ((id: readonly string[], kwargs: Record<string, unknown>) => unknown) | undefined;
  /** The values of secrets, by id. */
  secretsMap?: Record<string, unknown> | undefined;
  /** Whether secrets that are not in `secretsMap` are read from environment variables. Only for documents you trust. @default false */
  secretsFromEnv?: boolean | undefined;
  /** The number of levels that objects and arrays may be nested. @default 50 */
  maxDepth?: number | undefined;
}

const DEFAULT_MAX_DEPTH = 50;

/**
 * Loads what was saved with `JSON.stringify(runnable)`, by Runlane or by LangChain. Runnables become Runlane's; other classes are
 * found through `importMap` or `resolve`. `runlane/langchain` has a `load` that knows the classes of `@langchain/core`.
 *
 * Loading calls constructors with what the document says. Load only documents that you trust.
 *
 * @param document The text, or the object that it stands for.
 * @throws RUNLANE_NOT_LOADABLE, with the path of the part that cannot be loaded; RUNLANE_INVALID_OPTION.
 * @example
 * ```ts
 * import { load, type Runnable, RunnableParallel, RunnablePick } from "runlane";
 *
 * const text = JSON.stringify(RunnableParallel.from({ name: new RunnablePick("user"), id: new RunnablePick("id") }));
 * const chain = await load<Runnable>(text);
 * await chain.invoke({ id: 1, user: "Ada" }); // { name: "Ada", id: 1 }
 * ```
 */
export function load<T = unknown>(document: string | object, options?: LoadOptions): Promise<T> {
  return loadWith<T>(document, options);
}

/** {@link load} for adapters, which bring an import map of their own. It comes after those of the options. */
export async function loadWith<T>(
  document: string | object,
  options: LoadOptions = {},
  builtIn: ImportMap = {},
): Promise<T> {
  let parsed: unknown;
  try {
    // An object goes through text too: nothing but data is read from it, and runnables inside it are saved.
    parsed = JSON.parse(typeof document === "string" ? document : JSON.stringify(document));
  } catch (cause) {
    throw notLoadable("$", "the document is not JSON", cause);
  }
  return (await new Loader(options, builtIn).revive(parsed, "$", 0)) as T;
}

/** An object of the serialized form. */
interface Marked {
  readonly type: unknown;
  readonly id: string[];
  readonly kwargs?: unknown;
}

class Loader {
  private readonly maps: readonly ImportMap[];
  private readonly maxDepth: number;

  constructor(
    private readonly options: LoadOptions,
    builtIn: ImportMap,
  ) {
    this.maps = [options.importMap ?? {}, options.optionalImportsMap ?? {}, builtIn];
    this.maxDepth = options.maxDepth ?? DEFAULT_MAX_DEPTH;
    if (typeof this.maxDepth !== "number" || !(this.maxDepth >= 0)) {
      throw runlaneError("RUNLANE_INVALID_OPTION", {
        where: "load",
        option: "maxDepth",
        expected: "a number of at least 0",
        received: describe(options.maxDepth),
      });
    }
  }

  /** The value that a part of the document stands for. */
  async revive(value: unknown, path: string, depth: number): Promise<unknown> {
    if (depth > this.maxDepth) {
      throw notLoadable(path, `it is nested deeper than ${this.maxDepth} levels; raise maxDepth if that is meant`);
    }
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) {
      const elements: unknown[] = [];
      for (const [index, element] of value.entries())
        elements.push(await this.revive(element, `${path}[${index}]`, depth + 1));
      return elements;
    }
    if (isEscaped(value)) return unescapeData(value);
    if (!isMarked(value)) return this.reviveFields(value, path, depth);
    switch (value.type) {
      case "secret":
        return this.secret(value.id[0] as string, path);
      case "constructor":
        return this.construct(value, path, depth);
      case "not_implemented":
        throw notLoadable(path, missing(value.id));
      default:
        throw notLoadable(path, `an object with "lc" in it has the unknown type ${JSON.stringify(value.type)}`);
    }
  }

  /** @param maps The fields whose values are objects of runnables. */
  private async reviveFields(
    fields: object,
    path: string,
    depth: number,
    maps: readonly string[] = [],
  ): Promise<Record<string, unknown>> {
    const revived: [string, unknown][] = [];
    for (const [key, value] of Object.entries(fields)) {
      revived.push([key, await this.reviveField(value, pathOf(path, key), depth + 1, maps.includes(key))]);
    }
    return Object.fromEntries(revived);
  }

  private reviveField(value: unknown, path: string, depth: number, isMap: boolean): Promise<unknown> {
    if (!isMap || !isObject(value)) return this.revive(value, path, depth);
    // The keys of an object of runnables are the user's: where it was escaped for one of them, its values are saved runnables still.
    const steps = isEscaped(value) ? unescapeData(value) : value;
    return isObject(steps) ? this.reviveFields(steps, path, depth) : this.revive(steps, path, depth);
  }

  private async construct({ id, kwargs = {} }: Marked, path: string, depth: number): Promise<unknown> {
    const inside = `${path}.kwargs`;
    if (!isObject(kwargs)) throw notLoadable(inside, "the fields of a constructor must be an object");
    // Constructors copy fields onto instances, where this key would replace the prototype.
    if (Object.hasOwn(kwargs, "__proto__")) throw notLoadable(inside, "a field is called __proto__");

    const own = savedClass(id);
    if (own !== undefined) {
      const fields = await this.reviveFields(kwargs, inside, depth + 1, own.maps);
      return attempt(path, id, () => own.build(renameKeys(fields, toCamelCase, {})));
    }
    const found = this.options.resolve === undefined ? await this.findClass(id, path) : undefined;
    const fields = await this.reviveFields(kwargs, inside, depth + 1);
    const resolved = await attempt(path, id, () => this.options.resolve?.(id, renameKeys(fields, toCamelCase, {})));
    if (resolved !== undefined) return resolved;
    const type = found ?? (await this.findClass(id, path));
    return attempt(path, id, () => type.build(fields));
  }

  private async findClass(id: readonly string[], path: string) {
    const found = await attempt(path, id, () => findClass(id, this.maps));
    if (found !== undefined) return found;
    if (whyUnsaved(id) !== undefined) throw notLoadable(path, missing(id));
    throw notLoadable(path, `nothing is known of the class ${id.join(".")}; give it in importMap, or by resolve`);
  }

  private secret(id: string, path: string): unknown {
    const { secretsMap = {}, secretsFromEnv = false } = this.options;
    if (Object.hasOwn(secretsMap, id)) return secretsMap[id];
    const value = secretsFromEnv ? environment(id) : undefined;
    if (value !== undefined) return value;
    throw notLoadable(path, `the secret ${JSON.stringify(id)} is not known; give it in secretsMap`);
  }
}

function missing(id: readonly string[]): string {
  const reason = whyUnsaved(id);
  return `${id.join(".")} is missing, because it could not be saved${reason === undefined ? "" : `: ${reason}`}`;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isMarked(value: object): value is Marked {
  const { lc, id } = value as { lc?: unknown; id?: unknown };
  return (
    lc === 1 && "type" in value && Array.isArray(id) && id.length > 0 && id.every((part) => typeof part === "string")
  );
}

async function attempt<T>(path: string, id: readonly string[], build: () => T): Promise<Awaited<T>> {
  try {
    return await build();
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    throw notLoadable(path, `${id.join(".")} cannot be built: ${said.replace(/\.$/, "")}`, cause);
  }
}

function pathOf(path: string, key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`;
}

function notLoadable(path: string, problem: string, cause?: unknown): Error {
  return runlaneError("RUNLANE_NOT_LOADABLE", { path, problem }, cause === undefined ? undefined : { cause });
}
