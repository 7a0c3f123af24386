import type { RunnableConfig } from "../../core/config.ts";
import { PLAIN, type RunContext } from "../../core/context.ts";
import { Scope } from "../../core/scope.ts";
import { travelling } from "./lane-calls.ts";

/** What inputs that may share a call have in common. */
interface Sharing {
  /** The same for configs that say the same. */
  readonly key: string;
  /** What the function of the call sees of their configs. */
  readonly config: RunnableConfig | undefined;
}

/** No config, or one that says nothing. */
const NOTHING: Sharing = { key: "", config: undefined };

/** Contexts that share a config, as those of a batch do, share what is known of it. */
const known = new WeakMap<RunnableConfig, Sharing>();

/**
 * What inputs must have in common with one of this context to share its call: everything in the config that functions may act on.
 * Callbacks, run names and ids, signals, timeouts and limits of levels and of concurrency belong to each input's own run.
 */
export function sharingOf(ctx: RunContext): Sharing {
  if (!ctx.propagates) return NOTHING;
  let sharing = known.get(ctx.config);
  if (sharing === undefined) {
    const config = commonPart(ctx.config);
    sharing = config === undefined ? NOTHING : { key: keyOf(config, 2), config };
    known.set(ctx.config, sharing);
  }
  return sharing;
}

/** The context of a shared call. @param signal Aborts when nobody waits for the call any more. */
export function contextOf(config: RunnableConfig | undefined, signal: AbortSignal | undefined): RunContext {
  if (config === undefined && signal === undefined) return PLAIN;
  const scope = signal === undefined ? null : new Scope(signal);
  return PLAIN.with({ config: { ...PLAIN.config, ...config, ...(signal && { signal }) }, scope, propagates: true });
}

function commonPart({ recursionLimit, ...config }: RunnableConfig): RunnableConfig | undefined {
  if (config.metadata !== undefined && "timeoutMs" in config.metadata) {
    const { timeoutMs, ...metadata } = config.metadata;
    config.metadata = metadata;
  }
  return travelling(config);
}

/** A text that two values share if they say the same, as far as so many levels of arrays and plain objects show. */
function keyOf(value: unknown, levels: number): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "symbol" || typeof value === "function") return idOf(value);
  if (typeof value !== "object" || value === null) return `${typeof value} ${value}`;
  if (levels === 0) return idOf(value);
  if (Array.isArray(value)) return `[${value.map((element) => keyOf(element, levels - 1)).join()}]`;
  if (Object.getPrototypeOf(value) !== Object.prototype) return idOf(value);
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${entries.map(([name, one]) => `${JSON.stringify(name)}:${keyOf(one, levels - 1)}`).join()}}`;
}

const ids = new WeakMap<object, number>();
const symbols = new Map<symbol, number>();
let lastId = 0;

function idOf(value: object | symbol): string {
  const map = (typeof value === "symbol" ? symbols : ids) as Map<object | symbol, number>;
  let id = map.get(value);
  if (id === undefined) {
    id = ++lastId;
    map.set(value, id);
  }
  return `#${id}`;
}
