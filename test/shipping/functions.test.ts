import { execFileSync } from "node:child_process";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { resource } from "../../src/runnables/resource.ts";
import { inspectFunction, shipFunction } from "../../src/shipping/functions/function-ref.ts";
import { reviveFunction } from "../../src/shipping/tree/revive.ts";
import { everything } from "../everything.ts";
import {
  asyncGenerator,
  generator,
  greet,
  harmful,
  harmless,
  join,
  purity,
  selfNamed,
  shipped,
  tellsConfig,
} from "../fixtures/shipping/shipped.mjs";

const where = "The test";

async function roundTrip(func: any, uses?: Record<string, unknown>): Promise<any> {
  return reviveFunction(structuredClone(shipFunction(func, { where, uses })));
}

async function inTurn(chunks: AsyncIterable<unknown> | Iterable<unknown>): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return all;
}

describe("a function that its source makes", () => {
  it.each(Object.entries(shipped))("does the same after the way: %s", async (_, [func, ...args]: any) => {
    const revived = await roundTrip(func);
    expect(revived).not.toBe(func);
    expect(revived.name).toBe(func.name);
    expect(await revived(...args)).toEqual(await func(...args));
  });

  it.runIf(everything)("may import what has the same address everywhere", () => {
    // In a process of its own, since Vitest's modules have no import() for what they evaluate.
    const program = `
      import { shipFunction } from "./src/shipping/functions/function-ref.ts";
      import { reviveFunction } from "./src/shipping/tree/revive.ts";
      import { importsBuiltin } from "./test/fixtures/shipping/shipped.mjs";
      const revived = await reviveFunction(structuredClone(shipFunction(importsBuiltin, { where: "The test" })));
      console.log(await revived("b"));
    `;
    const args = ["--import", "tsx", "--input-type", "module", "--eval", program];
    expect(execFileSync(process.execPath, args, { encoding: "utf8" })).toBe("a/b\n");
  });

  it("may call itself by the name of the variable that it is in", async () => {
    expect((await roundTrip(selfNamed))(5)).toBe(120);
  });

  it("may be a generator, sync or async", async () => {
    expect(await inTurn((await roundTrip(generator))("abc"))).toEqual(["a", "b", "c"]);
    expect(await inTurn((await roundTrip(asyncGenerator))("abc"))).toEqual(["a", "b", "c"]);
  });

  it("may have been given names by tsx or esbuild, which keep them with a helper", async () => {
    const source = `(x) => { const inner = /* @__PURE__ */ __name((y) => y * 2, "inner"); return [inner.name, inner(x)]; }`;
    const func = new Function("__name", `return ${source}`)((target: unknown) => target);
    expect((await roundTrip(func))(2)).toEqual(["inner", 4]);
  });

  it("sees the first line of its source as line 1 of a file with its name", async () => {
    const fails = runInNewContext(`(function fails() {\n  throw new Error("oops");\n})`);
    const revived = await roundTrip(fails);
    expect(() => revived()).toThrow(expect.objectContaining({ stack: expect.stringContaining("(runlane:fails:2:9)") }));
  });
});

describe("what a function uses", () => {
  it("comes with its config: plain data as a copy, functions by their source", async () => {
    const style = { separator: ", " };
    const revived = await roundTrip(greet, { greeting: "Hello", join, style });
    style.separator = "!";
    expect(revived("Ada", {})).toBe("Hello, Ada");
  });

  it("is added to the config of each call", async () => {
    const revived = await roundTrip(tellsConfig, { limit: new Map([["a", 1n]]) });
    expect(revived(1, { configurable: { user: "u1" } })).toEqual([1, "u1", new Map([["a", 1n]])]);
    expect(revived(2, { configurable: { user: "u2" } })).toEqual([2, "u2", new Map([["a", 1n]])]);
    expect(revived(3)).toEqual([3, undefined, new Map([["a", 1n]])]);
  });

  it("is checked like the function itself", () => {
    const uses = { join: () => where };
    expect(() => shipFunction(greet, { where, uses })).toThrow(
      /^The test, `uses\.join`: its function join .* uses where /,
    );
  });

  it("is refused with its path when it cannot travel", () => {
    const uses = { model: { load: Promise.resolve(1) } };
    expect(() => shipFunction(greet, { where, uses })).toThrow(
      expect.objectContaining({ code: "RUNLANE_NOT_SERIALIZABLE" }),
    );
    expect(() => shipFunction(greet, { where, uses })).toThrow("uses.model.load");
  });

  it("may be shared memory between threads, and not between processes", () => {
    const uses = { seen: new SharedArrayBuffer(8) };
    expect(shipFunction(greet, { where, uses })).toMatchObject({ uses: { seen: { as: "value", value: uses.seen } } });
    expect(() => shipFunction(greet, { where, uses, shared: false })).toThrow("uses.seen is a SharedArrayBuffer");
  });

  it("may be a resource, whose parts are shipped and which the other side loads", async () => {
    const model = resource("shipped model", () => ({ weight: 3 }));
    const revived = await roundTrip(tellsConfig, { limit: model });
    expect(revived(1)).toEqual([1, undefined, { weight: 3 }]);
  });
});

describe("inspecting a function", () => {
  it("finds one pure that touches nothing but its arguments and pure globals", () => {
    expect(inspectFunction(purity.pure)).toEqual({ shippable: true, pure: true, isAsync: false });
  });

  it.each([
    ["logs", "it uses console"],
    ["waits", "it uses setTimeout"],
    ["reads", "it uses process"],
    ["reaches", "it uses globalThis"],
    ["builds", "it uses Function"],
    ["imports", "it imports modules"],
    ["patches", "it assigns to what is outside of it"],
    ["counts", "it assigns to what is outside of it"],
  ] as const)("says why one is not pure that can be shipped all the same: %s", (name, reason) => {
    expect(inspectFunction(purity[name])).toEqual({
      shippable: true,
      pure: false,
      isAsync: name === "imports",
      reason,
    });
  });

  it.each(Object.entries(harmless))("finds one pure that changes only what it made itself: %s", (_, func) => {
    expect(inspectFunction(func)).toEqual({ shippable: true, pure: true, isAsync: false });
  });

  it.each(Object.entries(harmful))("finds one impure that may change its input: %s", (_, func) => {
    expect(inspectFunction(func)).toMatchObject({ shippable: true, pure: false, reason: "it may change its input" });
  });

  it("takes a pure global that was replaced for an impure one", () => {
    const original = globalThis.Date;
    globalThis.Date = class extends original {} as DateConstructor;
    try {
      const func = new Function("return (x) => new Date(x)")();
      expect(inspectFunction(func)).toMatchObject({ pure: false, reason: "it uses Date" });
    } finally {
      globalThis.Date = original;
    }
  });
});
