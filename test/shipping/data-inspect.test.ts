import { describe, expect, it } from "vitest";
import { runlaneError } from "../../src/core/errors/errors.ts";
import { bytesOf, findInstance } from "../../src/shipping/data/find-instance.ts";
import { registerClass } from "../../src/shipping/data/registered-classes.ts";
import { TRANSPORTS } from "./data-transports.ts";

class Known {}
registerClass(Known, { name: "inspect.Known" });
class Unknown {}
class Narrower extends Known {}
class Names extends Array {}
class OddError extends Error {}

describe("findInstance", () => {
  it.each([
    [5],
    ["text"],
    [undefined],
    [{ a: [1, { b: null }], map: new Map([[1, new Set([2])]]) }],
    [[new Date(), /a/, 5n, new Uint8Array(2), Buffer.from("a"), new ArrayBuffer(1), new SharedArrayBuffer(1)]],
    [Object.create(null)],
    [
      [
        new TypeError("no"),
        new DOMException("no"),
        new AggregateError([]),
        runlaneError("RUNLANE_NO_RUN", { event: "" }),
      ],
    ],
    [new URL("https://example.com")],
    [{ known: new Known() }],
    [Object("boxed")],
  ])("finds nothing in what arrives as it is: %o", (value) => {
    expect(findInstance(value)).toBeUndefined();
    for (const { send } of TRANSPORTS.slice(0, 1)) expect(send(value)).toEqual(value);
  });

  it.each<[unknown, string, string]>([
    [new Unknown(), "input", "Unknown"],
    [{ user: { address: new Unknown() } }, "input.user.address", "Unknown"],
    [[1, new Map([["a", [new Unknown()]]])], 'input[1].get("a")[0]', "Unknown"],
    [{ list: Names.of(1) }, "input.list", "Names"],
    [{ narrow: new Narrower() }, "input.narrow", "Narrower"],
    [{ error: new OddError() }, "input.error", "OddError"],
    [Object.assign(new Error("x"), { by: new Unknown() }), "input.by", "Unknown"],
    [{ call: () => 1 }, "input.call", "function"],
    [[Promise.resolve()], "input[0]", "Promise"],
    [new (class {})(), "input", "an unnamed class"],
  ])("finds what would lose its class, with its place: %o", (value, path, className) => {
    expect(findInstance(value)).toEqual({ path, className });
  });

  it("ends in values that lead back to themselves", () => {
    const value: Record<string, unknown> = { a: {} };
    (value.a as Record<string, unknown>).back = value;
    expect(findInstance(value)).toBeUndefined();
    value.last = new Unknown();
    expect(findInstance(value, "output")).toEqual({ path: "output.last", className: "Unknown" });
  });
});

describe("bytesOf", () => {
  it.each([
    ["a number", 5, 8],
    ["a text", "x".repeat(1000), 1000],
    ["a typed array", new Float64Array(1000), 8000],
    ["an array of numbers", Array.from({ length: 1000 }, (_, index) => index + 0.5), 9000],
    ["objects", Array.from({ length: 1000 }, (_, id) => ({ id: `number ${id}`, done: true })), 40_000],
    ["a Map", new Map(Array.from({ length: 100 }, (_, id) => [id, "x".repeat(50)])), 6000],
  ])("is about the size of a message: %s", (_, value, size) => {
    expect(bytesOf(value)).toBeGreaterThan(size / 2);
    expect(bytesOf(value)).toBeLessThan(size * 2);
  });

  it("looks at few places of a large value, and ends in cycles", () => {
    let reads = 0;
    const item = { get text() { return `${++reads}`; } }; // biome-ignore format: one line
    bytesOf(new Array(100_000).fill(item));
    expect(reads).toBeLessThan(100);
    const cycle: Record<string, unknown> = {};
    cycle.self = [cycle, cycle];
    expect(bytesOf(cycle)).toBeGreaterThan(0);
  });
});
