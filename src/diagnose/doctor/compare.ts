import { isDeepStrictEqual } from "node:util";
import { isPlainObject } from "../../core/plain-object.ts";
import type { Compare } from "./types.ts";

/** Numbers with fractions are the same when they differ by less: a model gives other last digits where it gets many inputs at once. */
const SAME = 1e-6;

/** The first difference between the outputs of two runs, in words; undefined when there is none that counts. */
export function difference(
  before: readonly unknown[],
  after: readonly unknown[],
  compare: Compare,
): string | undefined {
  if (compare === "none") return undefined;
  const isSame = sameBy(compare);
  const at = before.findIndex((output, index) => !isSame(output, after[index]));
  if (at < 0) return undefined;
  const [one, other] = [before[at], after[at]];
  if (!(other instanceof Error) || one instanceof Error) return `output ${at} differs`;
  return `input ${at} fails then: ${String(other).split("\n", 1)[0]}`;
}

function sameBy(compare: Exclude<Compare, "none">): (before: unknown, after: unknown) => boolean {
  if (typeof compare === "function") return (before, after) => Boolean(compare(before, after));
  if (compare === "keys") return (before, after) => isDeepStrictEqual(keysOf(before), keysOf(after));
  return (before, after) => isSame(comparable(before), comparable(after));
}

function isSame(before: unknown, after: unknown): boolean {
  if (typeof before === "number" && typeof after === "number") return isSameNumber(before, after);
  if (isDeepStrictEqual(before, after)) return true;
  if (!isWalked(before) || !isWalked(after) || before.constructor !== after.constructor) return false;
  const keys = Object.keys(before);
  return (
    keys.length === Object.keys(after).length &&
    keys.every((key) => Object.hasOwn(after, key) && isSame(before[key], after[key]))
  );
}

function isSameNumber(before: number, after: number): boolean {
  if (Object.is(before, after)) return true;
  if (Number.isInteger(before) && Number.isInteger(after)) return before === after;
  return Math.abs(before - after) <= SAME * Math.max(1, Math.abs(before), Math.abs(after));
}

/** Whether a value is its elements: a list, a plain object, numbers in a typed array. */
function isWalked(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  return Array.isArray(value) || value instanceof Float32Array || value instanceof Float64Array || isPlainObject(value);
}

/** An output without the stacks of errors, which always differ. */
function comparable(value: unknown): unknown {
  return value instanceof Error ? [value.name, value.message] : value;
}

function keysOf(value: unknown): unknown {
  if (value instanceof Error) return value.name;
  if (Array.isArray(value)) return value.length;
  return typeof value === "object" && value !== null ? Object.keys(value).sort() : typeof value;
}
