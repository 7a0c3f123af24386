import type { RunnableNode } from "../registry.ts";
import { childrenOf, runnablesIn } from "./children.ts";

/** A value that configs can set by `configurable[id]`, and how it is presented to people. */
export interface ConfigurableField {
  /** The key in `config.configurable`. */
  readonly id: string;
  /** A name for people. */
  readonly name?: string | undefined;
  /** A description for people. */
  readonly description?: string | undefined;
}

/** One key of `config.configurable` that a runnable, or one inside it, reads. */
export interface ConfigSpec extends ConfigurableField {
  /** The value that holds when the config does not set the key. */
  readonly default: unknown;
  /** The values to choose from, where it is a choice. */
  readonly options?: readonly string[] | undefined;
}

/** The configurable keys of the steps in a node. */
export function specsInside(node: RunnableNode): ConfigSpec[] {
  return uniqueSpecs(childrenOf(node).flatMap(specsOf));
}

/** The configurable keys of a runnable, Runlane's or LangChain's. */
export function specsOf(runnable: object): readonly ConfigSpec[] {
  const { configSpecs, lc_kwargs } = runnable as { configSpecs?: () => readonly ConfigSpec[]; lc_kwargs?: object };
  if (typeof configSpecs === "function") return configSpecs.call(runnable);
  // The `config` and `kwargs` of LangChain's bindings hold no specs: a model has its tools there.
  const { config, kwargs, ...fields } = (lc_kwargs ?? {}) as Record<string, unknown>;
  return uniqueSpecs(runnablesIn(Object.values(fields)).flatMap(specsOf));
}

/** Each id once: the first one of those that share it. */
export function uniqueSpecs(specs: readonly ConfigSpec[]): ConfigSpec[] {
  const byId = new Map<string, ConfigSpec>();
  for (const spec of specs) if (!byId.has(spec.id)) byId.set(spec.id, spec);
  return [...byId.values()];
}
