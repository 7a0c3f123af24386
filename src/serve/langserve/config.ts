import type { RunnableConfig } from "../../core/config.ts";
import { Refusal } from "../refusal.ts";

/** The keys as clients in Python write them, in snake_case; those in JavaScript write camelCase. */
const SNAKE_CASE: Readonly<Record<string, string>> = {
  run_name: "runName",
  run_id: "runId",
  max_concurrency: "maxConcurrency",
  recursion_limit: "recursionLimit",
};

/** The keys that a client may set, of a config and of its `configurable`. */
export interface ConfigRules {
  /** Keys of a config that clients may set. @default ["configurable"] */
  readonly configKeys?: readonly string[] | undefined;
  /** Keys of `configurable` that clients may set. @default none */
  readonly configurableKeys?: readonly string[] | undefined;
}

/**
 * The accepted part of the config that a client has sent. Everything else is dropped without a word, as LangServe does: a client sends
 * the whole config that its own user gave it.
 *
 * @throws Refusal 422 when it is no object.
 */
export function acceptConfig(sent: unknown, rules: ConfigRules): Partial<RunnableConfig> {
  const accepted: Partial<RunnableConfig> = {};
  if (sent === undefined || sent === null) return accepted;
  const { configKeys = ["configurable"], configurableKeys = [] } = rules;
  if (typeof sent !== "object" || Array.isArray(sent)) {
    throw new Refusal(422, [
      { type: "dict_type", loc: ["body", "config"], msg: "Input should be an object", input: sent },
    ]);
  }
  for (const [name, value] of Object.entries(sent)) {
    const key = Object.hasOwn(SNAKE_CASE, name) ? SNAKE_CASE[name]! : name;
    if (value === null || value === undefined || !configKeys.includes(key)) continue;
    if (key !== "configurable") accepted[key] = value;
    else if (typeof value === "object") accepted.configurable = allowedOf(value, configurableKeys);
  }
  return accepted;
}

function allowedOf(sent: object, keys: readonly string[]): Record<string, unknown> {
  const allowed = Object.entries(sent).filter(([key]) => keys.includes(key));
  return Object.fromEntries(allowed);
}
