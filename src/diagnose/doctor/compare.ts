import { isDeepStrictEqual } from "node:util";
import type { Compare } from "./types.ts";

/** What differs between the outputs of two runs; undefined when nothing does, as far as is asked. */
export function difference(
  before: readonly unknown[],
  after: readonly unknown[],
  compare: Compare,
): string | undefined {
  if (compare === "none") return undefined;
  const isSame = sameBy(compare);
  const at = before.findIndex((output, index) => !isSame(output, after[index]));
  return at < 0 ? undefined : `output ${at} differs`;
}

function sameBy(compare: Exclude<Compare, "none">): (before: unknown, after: unknown) => boolean {
  if (typeof compare === "function") return (before, after) => Boolean(compare(before, after));
  if (compare === "keys") return (before, after) => isDeepStrictEqual(keysOf(before), keysOf(after));
  return (before, after) => isDeepStrictEqual(comparable(before), comparable(after));
}

/** Errors have stacks, which always differ. */
function comparable(value: unknown): unknown {
  return value instanceof Error ? [value.name, value.message] : value;
}

function keysOf(value: unknown): unknown {
  if (value instanceof Error) return value.name;
  if (Array.isArray(value)) return value.length;
  return typeof value === "object" && value !== null ? Object.keys(value).sort() : typeof value;
}
