import { platformTimers } from "../../batching/timers.ts";
import type { RunnableConfig } from "../../core/config.ts";
import { dataText } from "../../core/data-text.ts";
import { invalidOption } from "../../core/errors/errors.ts";
import { missingPackage } from "../../core/optional-package.ts";
import { isThenable } from "../../core/thenable.ts";

/**
 * Where outputs are kept: anything with a `get` and a `set`, sync or async. A `Map` will do, and so do Keyv and cache-manager with all that
 * they store in.
 */
export interface CacheStore {
  /** The output that is kept under a key, or a promise of it; `undefined` or `null` when there is none. */
  get(key: string): unknown;
  /** @param ttlMs For how many milliseconds to keep it, if that is limited. */
  set(key: string, output: unknown, ttlMs?: number): unknown;
}

/** The options of a cache. */
// biome-ignore lint/suspicious/noExplicitAny: any input, unless the runnable's is known
export interface CacheOptions<RunInput = any> {
  /**
   * Makes the key of an input: inputs with the same key share an output. An input whose key is `undefined` is never answered from the
   * cache. A store that several caches share needs keys that differ from cache to cache.
   *
   * @default the data of the input, of `config.configurable` and of the call options
   */
  key?: ((input: RunInput, config: RunnableConfig) => string | undefined) | undefined;
  /** The time in milliseconds that an output is kept. @default for ever */
  ttlMs?: number | undefined;
  /** The number of outputs kept in memory at most, the last used ones. Not for a `store`, which has its own bounds. @default 1000 */
  maxEntries?: number | undefined;
  /** Keeps the outputs. @default memory of this process */
  store?: CacheStore | undefined;
}

/** The numbers of inputs by how they were answered so far. */
export interface CacheStatistics {
  /** Inputs answered from the cache. */
  readonly hits: number;
  /** Inputs answered by the run of an equal input that was going on. */
  readonly shared: number;
  /** Inputs answered by a run of their own. */
  readonly misses: number;
  /** Inputs answered by a run of their own because they have no key. */
  readonly skipped: number;
  /** Failures of the store. No call fails for one. */
  readonly storeErrors: number;
}

const WHERE = "withCache";
const DEFAULT_ENTRIES = 1000;

/** The options of a cache, checked and complete. @throws RUNLANE_INVALID_OPTION */
export function checkCache<RunInput>({ key, ttlMs, maxEntries, store }: CacheOptions<RunInput>) {
  if (key !== undefined && typeof key !== "function") throw invalidOption(WHERE, "key", "a function of an input", key);
  if (ttlMs !== undefined && !(typeof ttlMs === "number" && ttlMs > 0))
    throw invalidOption(WHERE, "ttlMs", "a number of milliseconds above 0", ttlMs);
  if (maxEntries !== undefined && !(Number.isInteger(maxEntries) && maxEntries >= 1))
    throw invalidOption(WHERE, "maxEntries", "an integer of at least 1", maxEntries);
  if (store !== undefined && (typeof store?.get !== "function" || typeof store.set !== "function"))
    throw invalidOption(WHERE, "store", "an object with a get and a set", store);
  if (store !== undefined && maxEntries !== undefined)
    throw invalidOption(WHERE, "maxEntries", "left out where there is a store, which has its own bounds", maxEntries);
  return { key, ttlMs, maxEntries: maxEntries ?? DEFAULT_ENTRIES, store };
}

/** The keys of a config that do not change the output of a step. */
const OWN_KEYS = new Set([
  "callbacks",
  "configurable",
  "maxConcurrency",
  "metadata",
  "recursionLimit",
  "runId",
  "runName",
  "signal",
  "store",
  "tags",
  "timeout",
]);

/** The key of an input; undefined when it has none. @throws RUNLANE_INVALID_OPTION when `key` gives something else. */
export function cacheKey(key: CacheOptions["key"], input: unknown, config: RunnableConfig): string | undefined {
  if (key !== undefined) {
    const made: unknown = key(input, config);
    if (made === undefined || typeof made === "string") return made;
    throw invalidOption(WHERE, "key", "a function that gives a string, or undefined", made);
  }
  const text = dataText(input);
  return text && `${text}${textOfConfig(config)}`;
}

/** The config's part of a key. Values that are no data are left out: libraries keep objects of this thread in configs. */
function textOfConfig(config: RunnableConfig): string {
  const parts: string[] = [];
  const add = (
    prefix: string,
    values: Readonly<Record<string, unknown>>,
    isLeftOut: (key: string) => boolean,
  ): void => {
    for (const key of Object.keys(values).sort()) {
      const text = values[key] === undefined || isLeftOut(key) ? undefined : dataText(values[key]);
      if (text !== undefined) parts.push(`${prefix}${JSON.stringify(key)}:${text}`);
    }
  };
  if (config.configurable !== undefined) add("configurable.", config.configurable, (key) => key.startsWith("__"));
  add("", config, (key) => OWN_KEYS.has(key));
  return parts.length === 0 ? "" : ` ${parts.join()}`;
}

/** A store in memory, which forgets what was used longest ago. */
export async function memoryStore(maxEntries: number, ttlMs: number | undefined): Promise<CacheStore> {
  const { LRUCache } = await import("lru-cache").catch(missingPackage("withCache", "lru-cache"));
  const entries = new LRUCache<string, NonNullable<unknown>>({
    max: maxEntries,
    perf: platformTimers,
    ...(ttlMs !== undefined && { ttl: ttlMs }),
  });
  return {
    get: (key) => entries.get(key),
    set: (key, output) => entries.set(key, output as NonNullable<unknown>),
  };
}

/** A store whose failures are counted, and are as if nothing were kept. */
export class CountedStore {
  constructor(
    private readonly store: CacheStore,
    private readonly ttlMs: number | undefined,
    private readonly onError: () => void,
  ) {}

  /** The output that is kept under a key, or a promise of it; `undefined` when there is none or the store fails. */
  get(key: string): unknown {
    try {
      const kept = this.store.get(key);
      return isThenable(kept) ? kept.then(undefined, this.onError) : kept;
    } catch {
      return this.onError();
    }
  }

  set(key: string, output: unknown): void {
    try {
      const kept = this.store.set(key, output, this.ttlMs);
      if (isThenable(kept)) kept.then(undefined, this.onError);
    } catch {
      this.onError();
    }
  }
}
