import { describe, expect, it } from "vitest";
import { takesConfig } from "../../src/runnables/kinds/takes-config.ts";

/** A function of that source. */
const made = (source: string): (() => unknown) => new Function(`return (${source});`)();

describe("whether a function may look at its config", () => {
  it.each([
    "x => x",
    "(x) => x",
    "( x , ) => x",
    "() => 1",
    "$_1 => 1",
    "async x => x",
    "async (x) => x",
    "async(x)=>x",
    "async => async",
    "({ a, b: c }) => a + c",
    "([a, b]) => a + b",
    "(x) => { return (y, z) => z; }",
  ])("it may not: %s", (source) => {
    expect(takesConfig(made(source))).toBe(false);
  });

  it.each([
    "(x, config) => config",
    "(...all) => all",
    "async (...all) => all",
    "(x, ...rest) => rest",
    "({ a, ...rest }, config) => config",
    "([a, ...rest]) => rest",
    "(x = 1, config) => config",
    "(x = (() => 1)()) => x",
    "(x /*, config */, config) => config",
    "function (x) { return arguments[1]; }",
    "function* (x) { yield arguments[1]; }",
    "async function (x) { return arguments[1]; }",
    "{ method(x) { return arguments[1]; } }.method",
    "((x) => x).bind(null)",
    "new Proxy((x) => x, {})",
    "class { constructor(x) {} }",
  ])("it may: %s", (source) => {
    expect(takesConfig(made(source))).toBe(true);
  });
});
