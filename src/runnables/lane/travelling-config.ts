import type { RunnableConfig } from "../../core/config.ts";
import { PLAIN } from "../../core/context.ts";
import { describe, RunlaneError } from "../../core/errors/errors.ts";
import { type LeftOut, noteLeftOut } from "../../core/left-out.ts";
import { ownValue, setOwn } from "../../core/own.ts";
import { isPlainObject } from "../../core/plain-object.ts";
import { nodeTypes } from "../../shipping/data/node-types.ts";
import { notSerializable } from "../../shipping/data/not-serializable.ts";
import { checkSendable } from "../../shipping/data/pack.ts";
import { formatPath } from "../../shipping/data/path.ts";
import { isPlain } from "../../shipping/data/plain.ts";
import { isSame } from "./same.ts";

/** Keys of the call itself: the lane gets them in other ways, or they stay. */
const STAYING = new Set(["callbacks", "signal", "store", "runName", "runId", "maxConcurrency", "timeout"]);

/** The part of a config that travels to a lane, or into a call that several share. Nothing, when the config says nothing. */
export function travelling(config: RunnableConfig): Record<string, unknown> | undefined {
  const data: Record<string, unknown> = {};
  let isDefault = true;
  for (const [key, value] of Object.entries(config)) {
    if (value === undefined || STAYING.has(key)) continue;
    const travels = key === "configurable" ? withoutInternals(value) : value;
    setOwn(data, key, travels);
    isDefault &&= isSame(travels, PLAIN.config[key], 1);
  }
  return isDefault ? undefined : data;
}

/** The `configurable` without keys like LangGraph's `__pregel_send`, under which libraries keep objects of this thread. */
function withoutInternals(configurable: object): object {
  const keys = Object.keys(configurable);
  if (!keys.some((key) => key.startsWith("__"))) return configurable;
  return Object.fromEntries(Object.entries(configurable).filter(([key]) => !key.startsWith("__")));
}

type Sent = Record<string, unknown> | undefined;
const known = { shared: new WeakMap<object, { sent: Sent }>(), apart: new WeakMap<object, { sent: Sent }>() };

/**
 * The part of a config that goes to a worker: without what cannot be cloned, which is noted. It is found out once for each config.
 *
 * @param shared Whether the worker shares memory with this thread.
 */
export function sentConfig(config: RunnableConfig, shared: boolean): Sent {
  const cache = known[shared ? "shared" : "apart"];
  let found = cache.get(config);
  if (found === undefined) {
    found = { sent: sendable(config, shared) };
    cache.set(config, found);
  }
  return found.sent;
}

function sendable(config: RunnableConfig, shared: boolean): Sent {
  const data = travelling(config);
  const store = ownValue(config, "store");
  if (store === undefined && (data === undefined || (isPlain(data, shared) && !hasProxy(data, MAX_DEPTH)))) return data;
  const leftOut: LeftOut[] = [];
  if (store !== undefined && store !== null) leftOut.push({ path: ["store"], reason: `it is ${describe(store)}` });
  const sent = record(data ?? {}, [], { shared, leftOut, copies: new Map() });
  noteLeftOut(sent, leftOut);
  return sent;
}

/** Plain data may be a Proxy, which cannot be cloned. */
function hasProxy(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null || levels === 0) return false;
  if (nodeTypes().isProxy(value)) return true;
  return isPlainObject(value) && Object.values(value).some((field) => hasProxy(field, levels - 1));
}

interface Search {
  readonly shared: boolean;
  readonly leftOut: LeftOut[];
  readonly copies: Map<object, object>;
}

function record(value: object, path: readonly string[], search: Search): Record<string, unknown> {
  const copy: Record<string, unknown> = {};
  search.copies.set(value, copy);
  for (const key of Object.keys(value)) {
    const inner = [...path, key];
    try {
      const field = (value as Record<string, unknown>)[key];
      const known = typeof field === "object" && field !== null ? search.copies.get(field) : undefined;
      setOwn(copy, key, known ?? sent(field, inner, search));
    } catch (error) {
      search.leftOut.push({ path: inner, reason: reasonOf(error, inner) });
    }
  }
  return copy;
}

/** @throws When a value cannot travel. */
function sent(value: unknown, path: readonly string[], { shared, ...search }: Search): unknown {
  try {
    checkSendable(value, "", { shared, root: nameOf(path), onForeign });
  } catch (error) {
    if (isPlainObject(value) && path.length < MAX_DEPTH) return record(value, path, { shared, ...search });
    throw error;
  }
  return value;
}

/** Refuses an instance all of whose state is private: it would arrive empty. */
function onForeign(className: string, path: string, isEmpty: boolean): void {
  if (isEmpty) throw notSerializable("", path, `an instance of ${className}`);
}

/** The number of levels in which single values are left out. Objects further inside are left out as a whole. */
const MAX_DEPTH = 8;

/** The reason why a value cannot travel, as the end of a sentence. */
function reasonOf(error: unknown, path: readonly string[]): string {
  if (!(error instanceof RunlaneError)) return `reading it throws: ${String(error)}`;
  const { path: at, received } = error.details;
  return at === nameOf(path) ? `it is ${received}` : `${at} is ${received}`;
}

function nameOf(path: readonly string[]): string {
  return formatPath("config", path);
}
