import type { RunnableConfig } from "../../core/config.ts";
import { PLAIN, type RunContext } from "../../core/context.ts";
import { setOwn } from "../../core/own.ts";
import { Scope } from "../../core/scope.ts";
import { isSame } from "./same.ts";
import { travelling } from "./travelling-config.ts";

/** The common part of inputs that may share a call. */
interface Sharing {
  /** The key of the inputs that may share a call. */
  readonly key: string;
  /** The config that the function of the call sees. */
  readonly config: RunnableConfig | undefined;
}

/** No config, or one that says nothing. */
const NOTHING: Sharing = { key: "", config: undefined };

/** The sharing of each config: contexts that share a config, as those of a batch do, look it up. */
const known = new WeakMap<RunnableConfig, Sharing>();

/** Decides which inputs of a batched step may share a call, and makes the config that its function sees. */
export class CallSharing {
  private last: { readonly config: RunnableConfig; readonly sharing: Sharing } | undefined;
  private readonly common = new WeakMap<object, { config: RunnableConfig | undefined }>();

  constructor(private readonly shareBy: ((config: RunnableConfig) => unknown) | undefined) {}

  /**
   * The sharing of an input with this context. Its key covers everything in the config that functions may act on, or the value that
   * `shareBy` gives. Callbacks, run names and ids, signals, timeouts and limits of levels and of concurrency belong to each input's own
   * run.
   */
  of(ctx: RunContext): Sharing {
    const { shareBy } = this;
    if (shareBy === undefined) return ctx.propagates ? sharingOf(ctx.config) : NOTHING;
    if (this.last?.config !== ctx.config) {
      const config = ctx.propagates ? commonPart(ctx.config) : undefined;
      this.last = { config: ctx.config, sharing: { key: keyOf(shareBy(ctx.config), 2), config } };
    }
    return this.last.sharing;
  }

  /** An input has joined a call: the function sees what its config has in common with those of the others. */
  joins(call: object, config: RunnableConfig | undefined): void {
    const common = this.common.get(call);
    if (common === undefined) this.common.set(call, { config });
    else if (common.config !== config) common.config = sharedPart(common.config, config);
  }

  commonOf(call: object): RunnableConfig | undefined {
    return this.common.get(call)?.config;
  }
}

function sharingOf(config: RunnableConfig): Sharing {
  let sharing = known.get(config);
  if (sharing === undefined) {
    const common = commonPart(config);
    sharing = common === undefined ? NOTHING : { key: keyOf(common, 2), config: common };
    known.set(config, sharing);
  }
  return sharing;
}

/** The context of a shared call. @param signal Aborts when nobody waits for the call any more. */
export function contextOf(config: RunnableConfig | undefined, signal: AbortSignal | undefined): RunContext {
  if (config === undefined && signal === undefined) return PLAIN;
  const scope = signal === undefined ? null : new Scope(signal);
  return PLAIN.with({ config: { ...PLAIN.config, ...config, ...(signal && { signal }) }, scope, propagates: true });
}

/** The keys that LangGraph adds for each task of a run: they do not belong to a call that several runs share. */
const OF_TASK: Readonly<Record<string, (key: string) => boolean>> = {
  "": (key) => ["writer", "interrupt", "control", "executionInfo", "serverInfo"].includes(key),
  configurable: (key) => key === "checkpoint_ns" || key === "checkpoint_id" || key === "checkpoint_map",
  metadata: (key) => key === "timeoutMs" || key === "checkpoint_ns" || key.startsWith("langgraph_"),
};

function commonPart({ recursionLimit, ...config }: RunnableConfig): RunnableConfig | undefined {
  for (const key of Object.keys(config)) if (OF_TASK[""]!(key)) delete config[key];
  for (const part of ["configurable", "metadata"] as const) {
    if (config[part] === undefined) continue;
    const rest = without(config[part], OF_TASK[part]!);
    if (part === "configurable" && Object.keys(rest).every((key) => key.startsWith("__"))) delete config[part];
    else config[part] = rest;
  }
  return travelling(config);
}

/** The object itself where nothing is to be left out: objects are compared by identity at some depth. */
function without(object: Record<string, unknown>, isOut: (key: string) => boolean): Record<string, unknown> {
  const entries = Object.entries(object).filter(([key]) => !isOut(key));
  return entries.length === Object.keys(object).length ? object : Object.fromEntries(entries);
}

/** The keys that say the same in two configs; those of `configurable` and `metadata` each by itself. */
function sharedPart(one: RunnableConfig | undefined, other: RunnableConfig | undefined): RunnableConfig | undefined {
  if (one === undefined || other === undefined) return undefined;
  const shared: RunnableConfig = {};
  for (const key of Object.keys(one)) {
    if (!Object.hasOwn(other, key)) continue;
    if (key === "configurable" || key === "metadata") shared[key] = sharedPart(one[key], other[key]) ?? {};
    else if (isSame(one[key], other[key], 2)) setOwn(shared, key, one[key]);
  }
  return shared;
}

/** A text that two values share if they are equal as data, looking into so many levels of arrays and plain objects. */
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
