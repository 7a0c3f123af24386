import { Backoff, type BackoffOptions } from "../core/backoff.ts";
import { describe, invalidOption, runlaneError } from "../core/errors/errors.ts";
import type { Resource } from "./resource.ts";
import type { ResourceScope } from "./status.ts";

/** The resources and values that a function or a loader uses besides its arguments, by name. */
export type ResourceUses = Readonly<Record<string, unknown>>;

/** The `uses` that a function gets: the value of each resource, everything else as it is. */
export type Used<Uses> = {
  [Name in keyof Uses]: Uses[Name] extends Resource<infer Value> ? Value : Uses[Name];
};

/** The argument of a loader. */
export interface LoadContext<Uses extends ResourceUses = ResourceUses> {
  /** The `uses` of the resource's options: the value of each resource there, loaded before. */
  readonly uses: Used<Uses>;
  /**
   * Loads another resource, for loaders that see it: those of the event loop, and those that stand in the same module.
   *
   * @throws RUNLANE_RESOURCE_CYCLE
   */
  use<Value>(other: Resource<Value>): Promise<Value>;
  /** Aborts when the time of the load is up. */
  readonly signal: AbortSignal;
}

/** Loads a resource: returns it, or a promise of it. */
export type ResourceLoader<Value, Uses extends ResourceUses = ResourceUses> = (
  context: LoadContext<Uses>,
) => Value | PromiseLike<Value>;

/** The options of a resource: how it is loaded, kept and given up. */
export interface ResourceOptions<Value = unknown, Uses extends ResourceUses = ResourceUses> {
  /**
   * Undoes the work of the loader: closes a connection, frees memory. Called where the resource was loaded, in the reverse order of loads,
   * when its worker retires, when its lane is closed, and when the process ends.
   */
  dispose?: ((value: Value) => unknown) | undefined;
  /**
   * `"worker"`: one on the event loop, and one in each worker of a lane. `"process"`: on the event loop only. `"shared"`: loaded once, and
   * given to the event loop and all threads: its ArrayBuffers and typed arrays are put into shared memory, to be read there.
   *
   * @default "worker"
   */
  scope?: ResourceScope | undefined;
  /** Whether each worker of a lane that uses the resource loads it as it starts, before the first input. @default false */
  warm?: boolean | undefined;
  /** The time from a failed load to the next one. @default 1 s, doubled each time, up to 30 s */
  retry?: BackoffOptions | undefined;
  /** The time that a load may take, in milliseconds. `Infinity` waits for ever. @default 60000 */
  timeoutMs?: number | undefined;
  /**
   * The version of the resource. A resource of a known name with a new version takes the place of the old one: it is loaded beside the old
   * one, serves once it is loaded, and the old one is disposed of when the last call that uses it has ended.
   */
  version?: string | number | undefined;
  /** Everything that the loader needs from around it: other resources, plain data, functions that need nothing themselves. */
  uses?: Uses | undefined;
}

const DEFAULT_TIMEOUT_MS = 60_000;
const DEFAULT_RETRY: BackoffOptions = { initialDelayMs: 1000, maxDelayMs: 30_000 };
const SCOPES: readonly unknown[] = ["worker", "process", "shared"] satisfies ResourceScope[];
const KNOWN = ["dispose", "scope", "warm", "retry", "timeoutMs", "version", "uses"];

let declarations = 0;

/** One version of a resource, as it was declared: its loader and its options, checked. */
export class Declaration {
  /** Counts declarations, so that workers can tell one that arrives again. */
  readonly id = ++declarations;
  readonly dispose: ((value: unknown) => unknown) | undefined;
  readonly scope: ResourceScope;
  readonly warm: boolean;
  readonly retry: BackoffOptions | undefined;
  readonly backoff: Backoff;
  readonly timeoutMs: number;
  readonly version: string | number | undefined;
  readonly uses: ResourceUses;

  /** @throws RUNLANE_INVALID_OPTION */
  constructor(
    readonly name: string,
    readonly load: ResourceLoader<unknown>,
    options: ResourceOptions,
  ) {
    const where = `The resource ${typeof name === "string" ? JSON.stringify(name) : describe(name)}`;
    const refuse = (option: string, expected: string, received: unknown) =>
      invalidOption(where, option, expected, received);
    if (typeof name !== "string" || name === "") throw refuse("its name", "a string that is not empty", name);
    if (typeof load !== "function") throw refuse("its loader", "a function", load);
    if (typeof options !== "object" || options === null) throw refuse("its options", "an object", options);
    for (const [key, value] of Object.entries(options))
      if (!KNOWN.includes(key)) throw refuse(key, `left out: the options are ${KNOWN.join(", ")}`, value);
    const {
      dispose,
      scope = "worker",
      warm = false,
      retry,
      timeoutMs = DEFAULT_TIMEOUT_MS,
      version,
      uses = {},
    } = options;
    if (dispose !== undefined && typeof dispose !== "function") throw refuse("dispose", "a function", dispose);
    if (!SCOPES.includes(scope)) throw refuse("scope", '"worker", "process" or "shared"', scope);
    if (typeof warm !== "boolean") throw refuse("warm", "true or false", warm);
    if (typeof timeoutMs !== "number" || !(timeoutMs > 0))
      throw refuse("timeoutMs", "a number of milliseconds above 0, or Infinity", timeoutMs);
    if (version !== undefined && typeof version !== "string" && typeof version !== "number")
      throw refuse("version", "a string or a number", version);
    if (typeof uses !== "object" || uses === null || Array.isArray(uses))
      throw refuse("uses", "an object with what the loader uses, by name", uses);
    this.dispose = dispose as typeof this.dispose;
    this.scope = scope;
    this.warm = warm;
    this.retry = retry;
    this.backoff = new Backoff({ ...DEFAULT_RETRY, ...retry }, Math.random, where);
    this.timeoutMs = timeoutMs;
    this.version = version;
    this.uses = uses;
  }

  /** The error of a load that failed. */
  failure(cause: unknown): Error {
    const text = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
    const reason = text.split("\n", 1)[0]!.replace(/\.$/, "");
    return runlaneError("RUNLANE_RESOURCE_LOAD", { name: JSON.stringify(this.name), reason }, { cause });
  }
}
