import { describe, runlaneError } from "../errors/errors.ts";
import { ownValue, setOwn } from "../own.ts";

/**
 * Joins two chunks of one stream, by LangChain's rules: strings, numbers and arrays with what adds them, objects with a `concat`
 * method by that, other objects key by key (a key that holds an array is replaced). A missing chunk is no chunk.
 *
 * @throws RUNLANE_NOT_CONCATENABLE
 */
// biome-ignore lint/suspicious/noExplicitAny: chunks have any type
export function concat(first: any, second: any): any {
  if (first === undefined || first === null) return second;
  if (second === undefined || second === null) return first;
  const type = typeof first;
  if (type === typeof second) {
    if (type === "string" || type === "number") return first + second;
    if (Array.isArray(first) && Array.isArray(second)) return first.concat(second);
  }
  if (typeof first.concat === "function" && type === "object") return first.concat(second);
  if (type === "object" && typeof second === "object") return concatObjects(first, second);
  throw runlaneError("RUNLANE_NOT_CONCATENABLE", { first: describe(first), second: describe(second) });
}

function concatObjects(first: Record<string, unknown>, second: Record<string, unknown>): Record<string, unknown> {
  const joined = { ...first };
  for (const key of Object.keys(second)) {
    const value = second[key];
    const before = ownValue(joined, key);
    setOwn(joined, key, Object.hasOwn(joined, key) && !Array.isArray(before) ? concat(before, value) : value);
  }
  return joined;
}

/** Joins the chunks of a stream where it can be done, and keeps the last one where it cannot. */
export class Aggregate {
  value: unknown = undefined;
  private joinable = true;

  add(chunk: unknown): void {
    if (this.value === undefined || !this.joinable) {
      this.value = chunk;
      return;
    }
    try {
      this.value = concat(this.value, chunk);
    } catch {
      this.joinable = false;
      this.value = chunk;
    }
  }
}
