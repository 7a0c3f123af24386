// @ts-check
/** Node's `assert` as far as the cases for lanes use it, for browsers. */
import { assert } from "chai";

export const { strictEqual, notStrictEqual, deepStrictEqual, ok } = assert;
export const equal = assert.strictEqual;

export class AssertionError extends Error {
  /** @param {{ message: string }} options */
  constructor({ message }) {
    super(message);
  }
}

/** @param {string} message */
export function fail(message) {
  throw new AssertionError({ message });
}
