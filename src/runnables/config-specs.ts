import { isRunnable } from "./coerce.ts";
import type { RunnableNode } from "./registry.ts";

/** What a config can set by `configurable[id]`, and how it is presented to people. */
export interface ConfigurableField {
  /** The key in `config.configurable`. */
  readonly id: string;
  /** A name for people. */
  readonly name?: string | undefined;
  /** What it is good for, for people. */
  readonly description?: string | undefined;
}

/** One key of `config.configurable` that a runnable, or one inside it, reads. */
export interface ConfigSpec extends ConfigurableField {
  /** What holds when the config does not set the key. */
  readonly default: unknown;
  /** The values to choose from, where it is a choice. */
  readonly options?: readonly string[] | undefined;
}

/** Keys of nodes under which configs stand: no step is to be looked for in them. */
const CONFIG_KEYS = new Set(["config", "kwargs"]);

/** What can be configured in the steps that a node is made of. */
export function specsInside(node: RunnableNode): ConfigSpec[] {
  const children: object[] = [];
  for (const [key, value] of Object.entries(node)) if (!CONFIG_KEYS.has(key)) collect(value, children, new Set());
  // The node of a subclass that only has an `invoke` holds that runnable itself.
  return uniqueSpecs(node.kind === "custom" ? [] : children.flatMap(specsOf));
}

/** What can be configured in a runnable, Runlane's or LangChain's. */
export function specsOf(runnable: object): readonly ConfigSpec[] {
  const { configSpecs, lc_kwargs } = runnable as { configSpecs?: () => readonly ConfigSpec[]; lc_kwargs?: object };
  if (typeof configSpecs === "function") return configSpecs.call(runnable);
  return specsInside({ kind: "foreign", ...lc_kwargs });
}

/** Each id once: the first one of those that share it. */
export function uniqueSpecs(specs: readonly ConfigSpec[]): ConfigSpec[] {
  const byId = new Map<string, ConfigSpec>();
  for (const spec of specs) if (!byId.has(spec.id)) byId.set(spec.id, spec);
  return [...byId.values()];
}

/** Finds the runnables in arrays and plain objects. */
function collect(value: unknown, found: object[], seen: Set<object>): void {
  if (typeof value !== "object" || value === null || seen.has(value)) return;
  seen.add(value);
  if (isRunnable(value)) found.push(value);
  else if (Array.isArray(value)) for (const element of value) collect(element, found, seen);
  else if (Object.getPrototypeOf(value) === Object.prototype)
    for (const element of Object.values(value)) collect(element, found, seen);
}
