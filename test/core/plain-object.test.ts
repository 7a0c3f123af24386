import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { isPlainObject } from "../../src/core/plain-object.ts";

it.each<[string, unknown]>([
  ["a literal", { a: 1 }],
  ["one without a prototype", Object.create(null)],
  ["one of another realm", runInNewContext("({ a: 1 })")],
])("a plain object is %s", (_, value) => {
  expect(isPlainObject(value)).toBe(true);
});

it.each<[string, unknown]>([
  ["null", null],
  ["a text", "a"],
  ["an array", []],
  ["an array of another realm", runInNewContext("[]")],
  ["a function", () => 1],
  ["an instance", new (class A {})()],
  ["a Map", new Map()],
  ["a Date", new Date()],
  ["an error", new Error("e")],
  ["what inherits from a literal", Object.create({ a: 1 })],
])("a plain object is not %s", (_, value) => {
  expect(isPlainObject(value)).toBe(false);
});
