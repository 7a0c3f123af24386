import { describe, runlaneError } from "../../core/errors/errors.ts";
import { common } from "./format.ts";

interface Marks {
  /** Whether somebody has marked a value: before that, nobody has to look. */
  used: boolean;
  readonly lists: WeakMap<object, readonly object[] | undefined>;
}

const marks = common<Marks>("transfers", () => ({ used: false, lists: new WeakMap() }));

/**
 * Marks the buffers in a value to be moved to another thread instead of copied, in either direction: wrap an input, or what a function
 * returns. Once it is sent, the buffers are gone here (their length is 0). It holds for one call; between processes, and for
 * calls that end before they are sent, nothing is moved.
 *
 * @param value What travels, or a part of it.
 * @param list The buffers to move. @default all inside the value
 * @returns The value itself.
 * @throws RUNLANE_INVALID_OPTION for a list of something else.
 * @example
 * ```ts
 * import { transfer } from "runlane";
 *
 * const pixels = new Float32Array(16_000_000);
 * const message = transfer({ width: 4000, pixels }); // what is sent with it moves: constant time, whatever the size
 * ```
 */
export function transfer<T>(value: T, list?: readonly object[]): T {
  if (list !== undefined && !(Array.isArray(list) && list.every(isMovable)))
    throw runlaneError("RUNLANE_INVALID_OPTION", {
      where: "transfer",
      option: "list",
      expected: "an array of ArrayBuffers",
      received: describe(list),
    });
  if (typeof value !== "object" || value === null) return value;
  marks.used = true;
  marks.lists.set(value, list);
  return value;
}

/** Whether this object is marked. Costs one check until something is. */
export function isMarked(value: object): boolean {
  return marks.used && marks.lists.has(value);
}

/** Takes the mark off: the buffers to move, or undefined for all inside. */
export function takeMark(value: object): readonly object[] | undefined {
  const list = marks.lists.get(value);
  marks.lists.delete(value);
  return list;
}

function isMovable(value: unknown): boolean {
  return (
    typeof value === "object" && value !== null && !ArrayBuffer.isView(value) && !(value instanceof SharedArrayBuffer)
  );
}
