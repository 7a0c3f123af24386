import { implicitConfig } from "./ambient.ts";
import { describe, runlaneError } from "./errors/errors.ts";
import { ownValue, setOwn } from "./own.ts";

/**
 * The options of a call. Keys that are not listed here pass through to every step as call options, as in LangChain.
 *
 * @typeParam ConfigurableFieldType The shape of `configurable`.
 * @example
 * ```ts
 * import { type RunnableConfig, RunnableLambda } from "runlane";
 *
 * const config: RunnableConfig = { tags: ["nightly"], maxConcurrency: 8, timeout: 5_000 };
 * await RunnableLambda.from((x: number) => x + 1).batch([1, 2], config); // [2, 3]
 * ```
 */
// biome-ignore lint/suspicious/noExplicitAny: LangChain's own default
export interface RunnableConfig<ConfigurableFieldType extends Record<string, any> = Record<string, any>> {
  /** Labels of this run and of all runs inside it. */
  tags?: string[];
  /** Values to attach to this run and to all runs inside it. */
  metadata?: Record<string, unknown>;
  /** The name of this run alone. @default the name of the runnable */
  runName?: string;
  /** The id of this run alone. @default a new UUID, version 7 */
  runId?: string;
  /** Values that functions read at run time, for example a session id. */
  configurable?: ConfigurableFieldType;
  /** The number of levels in which functions may return runnables. @default 25 */
  recursionLimit?: number;
  /** The number of inputs that may run at once in the whole call: nested batches and parallels count. @default unlimited */
  maxConcurrency?: number;
  /** Milliseconds after which a run fails with a `TimeoutError`. In a batch it counts for each input, from its start. @default none */
  timeout?: number;
  /** Ends the run with an `AbortError` when it aborts. Functions see it as `config.signal`. */
  signal?: AbortSignal;
  /** Handlers that are told of all runs of the call, or a callback manager: Runlane's or LangChain's. @default none */
  // biome-ignore lint/suspicious/noExplicitAny: LangChain's type would need LangChain
  callbacks?: any;
  // biome-ignore lint/suspicious/noExplicitAny: extra keys are call options of any type
  [option: string]: any;
}

/** The longest delay that a JavaScript timer can wait: about 24.8 days. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

type Check = readonly [expected: string, holds: (value: never) => boolean];

const isObject = (value: unknown): boolean => typeof value === "object" && value !== null && !Array.isArray(value);

const CHECKS = new Map<string, Check>(
  Object.entries({
    tags: ["an array of strings", (value: unknown) => Array.isArray(value)],
    metadata: ["an object", isObject],
    configurable: ["an object", isObject],
    runName: ["a string", (value: unknown) => typeof value === "string"],
    runId: ["a string", (value: unknown) => typeof value === "string"],
    recursionLimit: ["an integer of at least 0", (value: number) => Number.isInteger(value) && value >= 0],
    maxConcurrency: [
      "an integer of at least 1, or Infinity",
      (value: number) => value === Number.POSITIVE_INFINITY || (Number.isInteger(value) && value >= 1),
    ],
    timeout: [
      `a number of milliseconds above 0 and up to ${MAX_TIMEOUT_MS}`,
      (value: number) => typeof value === "number" && value > 0 && value <= MAX_TIMEOUT_MS,
    ],
    callbacks: [
      "a list of callback handlers or a callback manager",
      (value: Partial<Manager> | null) =>
        value === null || Array.isArray(value) || (Array.isArray(value.handlers) && typeof value.copy === "function"),
    ],
    signal: [
      "an AbortSignal",
      (value: Partial<AbortSignal>) =>
        value instanceof AbortSignal ||
        (isObject(value) && typeof value.aborted === "boolean" && typeof value.addEventListener === "function"),
    ],
  }),
);

/** Refuses a config with a known key of the wrong kind. @throws RUNLANE_INVALID_CONFIG */
export function validateConfig(config: Partial<RunnableConfig>): void {
  copyValid(config, {});
}

/** Copies the values of a config that are defined, and refuses a known key of the wrong kind. @throws RUNLANE_INVALID_CONFIG */
export function copyValid(config: Partial<RunnableConfig>, to: RunnableConfig): void {
  if (typeof config !== "object") {
    throw runlaneError("RUNLANE_INVALID_CONFIG", {
      key: "*",
      expected: "part of an object",
      received: describe(config),
    });
  }
  for (const key of Object.keys(config)) {
    const value = config[key];
    if (value === undefined) continue;
    const check = CHECKS.get(key);
    if (check !== undefined && !check[1](value as never))
      throw runlaneError("RUNLANE_INVALID_CONFIG", { key, expected: check[0], received: describe(value) });
    setOwn(to, key, value);
  }
}

/**
 * Fills in the defaults of a config: `tags`, `metadata` and `recursionLimit` are present afterwards, `configurable.model` is noted
 * in the metadata, and `timeout` has become part of `signal`.
 *
 * @throws RUNLANE_INVALID_CONFIG
 * @example
 * ```ts
 * import { ensureConfig } from "runlane";
 *
 * ensureConfig({ tags: ["nightly"] }); // { tags: ["nightly"], metadata: {}, recursionLimit: 25, runId: undefined }
 * ```
 */
export function ensureConfig<CallOptions extends RunnableConfig = RunnableConfig>(
  config?: Partial<CallOptions>,
): CallOptions {
  const complete: RunnableConfig = { tags: [], metadata: {}, recursionLimit: 25 };
  (complete as { runId: string | undefined }).runId = undefined;
  const implicit = implicitConfig();
  if (implicit !== undefined) {
    const { runName, runId, ...inherited } = implicit;
    for (const key of Object.keys(inherited)) if (inherited[key] !== undefined) setOwn(complete, key, inherited[key]);
  }
  if (config) {
    validateConfig(config);
    for (const key of Reflect.ownKeys(config) as string[])
      if (config[key] !== undefined) setOwn(complete, key, config[key]);
  }
  const model = ownValue(complete.configurable, "model");
  if (typeof model === "string" && ownValue(complete.metadata, "model") === undefined) {
    complete.metadata = { ...complete.metadata, model };
  }
  if (complete.timeout !== undefined) {
    const expiry = AbortSignal.timeout(complete.timeout);
    complete.signal = complete.signal === undefined ? expiry : AbortSignal.any([complete.signal, expiry]);
    complete.metadata = { timeoutMs: complete.timeout, ...complete.metadata };
    delete complete.timeout;
  }
  return complete as CallOptions;
}

/**
 * Merges configs, later ones over earlier ones: `tags` are united, `metadata` and `configurable` are merged key by key, the shorter
 * `timeout` holds, either `signal` aborts, lists of `callbacks` are joined; of all other keys the last defined value holds.
 *
 * @example
 * ```ts
 * import { mergeConfigs } from "runlane";
 *
 * mergeConfigs({ tags: ["a"], timeout: 500 }, { tags: ["b"], timeout: 200 }); // { tags: ["a", "b"], timeout: 200 }
 * ```
 */
export function mergeConfigs<CallOptions extends RunnableConfig = RunnableConfig>(
  ...configs: (Partial<CallOptions> | RunnableConfig | null | undefined)[]
): Partial<CallOptions> {
  const merged: RunnableConfig = {};
  for (const config of configs) {
    if (!config) continue;
    for (const key of Reflect.ownKeys(config) as string[]) {
      const value = config[key];
      const before = ownValue(merged, key);
      if (value === undefined) {
        if (!Object.hasOwn(merged, key)) setOwn(merged, key, undefined);
      } else if (before === undefined) {
        setOwn(merged, key, key === "tags" ? [...new Set(value)] : isCopied(key) ? { ...value } : value);
      } else {
        setOwn(merged, key, mergeValue(key, before, value));
      }
    }
  }
  return merged as Partial<CallOptions>;
}

const isCopied = (key: string): boolean => key === "metadata" || key === "configurable";

// biome-ignore lint/suspicious/noExplicitAny: each key has its own type
function mergeValue(key: string, first: any, second: any): unknown {
  switch (key) {
    case "tags":
      return [...new Set([...first, ...second])];
    case "metadata":
    case "configurable":
      return { ...first, ...second };
    case "timeout":
      return Math.min(first, second);
    case "callbacks":
      return mergeCallbacks(first, second);
    case "signal":
      return first === second ? first : AbortSignal.any([first, second]);
    default:
      return second ?? first;
  }
}

/** The part of a callback manager, LangChain's or Runlane's, that merging needs. */
interface Manager {
  handlers: unknown[];
  inheritableHandlers: unknown[];
  copy(): Manager;
  addTags(tags: string[], inherit?: boolean): void;
  addMetadata(metadata: Record<string, unknown>, inherit?: boolean): void;
  readonly tags: string[];
  readonly inheritableTags: string[];
  readonly metadata: Record<string, unknown>;
}

/** The handlers of two `callbacks`. Where one of them is a manager, the result is one, with its parent run. */
function mergeCallbacks(first: unknown[] | Manager, second: unknown[] | Manager | null): unknown[] | Manager {
  if (second === null) return first;
  if (Array.isArray(first) && Array.isArray(second)) return [...first, ...second];
  const merged = (Array.isArray(second) ? (first as Manager) : second).copy();
  const others = Array.isArray(second) ? second : first;
  if (Array.isArray(others)) {
    merged.handlers = [...merged.handlers, ...others];
    merged.inheritableHandlers = [...merged.inheritableHandlers, ...others];
    return merged;
  }
  merged.handlers = [...others.handlers, ...merged.handlers];
  merged.inheritableHandlers = [...others.inheritableHandlers, ...merged.inheritableHandlers];
  merged.addTags(
    others.tags.filter((tag) => !others.inheritableTags.includes(tag) && !merged.tags.includes(tag)),
    false,
  );
  merged.addTags(others.inheritableTags.filter((tag) => !merged.tags.includes(tag)));
  merged.addMetadata({ ...others.metadata, ...merged.metadata });
  return merged;
}

/**
 * A complete copy of `config` with some keys replaced. New `callbacks` drop `runName`, and a `runId` in the patch drops the config's:
 * both belong to the run that the config was made for.
 *
 * @example
 * ```ts
 * import { patchConfig } from "runlane";
 *
 * patchConfig({ configurable: { a: 1 } }, { configurable: { b: 2 } }).configurable; // { a: 1, b: 2 }
 * ```
 */
export function patchConfig<CallOptions extends RunnableConfig = RunnableConfig>(
  config: Partial<CallOptions> = {},
  patch: RunnableConfig = {},
): Partial<CallOptions> {
  const patched: RunnableConfig = ensureConfig<RunnableConfig>(config);
  const { callbacks, maxConcurrency, recursionLimit, runName, configurable, runId } = patch;
  if (callbacks !== undefined) {
    delete patched.runName;
    patched.callbacks = callbacks;
  }
  if (recursionLimit !== undefined) patched.recursionLimit = recursionLimit;
  if (maxConcurrency !== undefined) patched.maxConcurrency = maxConcurrency;
  if (runName !== undefined) patched.runName = runName;
  if (configurable !== undefined) patched.configurable = { ...patched.configurable, ...configurable };
  if (runId !== undefined) delete patched.runId;
  return patched as Partial<CallOptions>;
}

/**
 * The keys of a config that steps inside a run inherit, without the run's own name and id and without call options.
 *
 * @example
 * ```ts
 * import { pickRunnableConfigKeys } from "runlane";
 *
 * pickRunnableConfigKeys({ tags: ["a"], stop: ["\n"] })?.tags; // ["a"]
 * ```
 */
export function pickRunnableConfigKeys<CallOptions extends RunnableConfig = RunnableConfig>(
  config?: CallOptions,
): Partial<RunnableConfig> | undefined {
  if (!config) return undefined;
  const { configurable, recursionLimit, callbacks, tags, metadata, maxConcurrency, timeout, signal, store, context } =
    config;
  return {
    configurable,
    recursionLimit,
    callbacks,
    tags,
    metadata,
    maxConcurrency,
    timeout,
    signal,
    store,
    context,
  } as Partial<RunnableConfig>;
}
