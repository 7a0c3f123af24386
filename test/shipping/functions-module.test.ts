import { describe, expect, it } from "vitest";
import { inspectFunction, shipFunction } from "../../src/shipping/functions/function-ref.ts";
import { loadExport } from "../../src/shipping/functions/load-export.ts";
import { markModule, moduleRef } from "../../src/shipping/functions/module-ref.ts";
import { reviveFunction } from "../../src/shipping/tree/revive.ts";

const at = (name: string) => new URL(`../fixtures/shipping/${name}`, import.meta.url);

function refusal(run: () => unknown): any {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error("It was not refused.");
}

describe("pointing at a module's export", () => {
  it("gives plain data, for a URL or its text", () => {
    const ref = { from: "module", url: at("exports.mjs").href, exportName: "double" };
    expect(moduleRef(at("exports.mjs"), "double")).toEqual(ref);
    expect(moduleRef(at("exports.mjs").href, "double")).toEqual(ref);
  });

  it.each(["nowhere.mjs", ""])("fails at once when there is no such file: %j", (name) => {
    const error = refusal(() => moduleRef(at(name), "double"));
    expect(error.code).toBe("RUNLANE_MODULE_NOT_FOUND");
    expect(error.message).toContain(`there is no file ${at(name).href}`);
  });

  it("takes the TypeScript file of a compiled one that is not there", () => {
    expect(moduleRef(at("own-chain.js"), "triple").url).toBe(at("own-chain.ts").href);
  });

  it.each(["./exports.mjs", "lodash", "https://example.com/x.js", 7, undefined])(
    "refuses what is no file URL: %j",
    (url) => {
      const error = refusal(() => moduleRef(url as string, "double"));
      expect(error.code).toBe("RUNLANE_INVALID_OPTION");
      expect(error.message).toContain('new URL("./module.js", import.meta.url)');
    },
  );

  it("refuses what is no name", () => {
    expect(refusal(() => moduleRef(at("exports.mjs"), "")).code).toBe("RUNLANE_INVALID_OPTION");
  });

  it("ships a marked function as its module's, whatever it captures", () => {
    const ref = moduleRef(at("exports.mjs"), "double");
    const func = markModule(() => at, ref);
    expect(shipFunction(func, { where: "The test" })).toBe(ref);
    expect(inspectFunction(func)).toMatchObject({ shippable: true, pure: false });
  });
});

describe("loading a module's export", () => {
  it.each([
    ["exports.mjs", "double", 6],
    ["exports.mjs", "default", 2],
    ["own-chain.ts", "triple", 9],
    ["sloppy.cjs", "double", 6],
    ["sloppy.cjs", "not-an-identifier", 4],
    ["transpiled.cjs", "default", 103],
    ["transpiled.cjs", "named", 203],
  ])("finds a function of %s: %s", async (file, name, output) => {
    expect((await reviveFunction(moduleRef(at(file), name)))(3)).toBe(output);
  });

  it("finds a runnable, LangChain's included", async () => {
    const revived = await reviveFunction(moduleRef(at("exports.mjs"), "chain"));
    expect(await revived().invoke(1)).toBe(20);
  });

  it.each([
    ["exports.mjs", "treble", "which does not export it; its exports are: Model, chain, default, double, limit."],
    ["exports.mjs", "limit", "which exports the number 3 under that name"],
    ["exports.mjs", "Model", "which exports the class Model under that name"],
    ["sloppy.cjs", "toString", "which does not export it"],
  ])("says what the module exports when it does not have it: %s %s", async (file, name, message) => {
    const error = await loadExport(moduleRef(at(file), name)).catch((thrown) => thrown);
    expect(error.code).toBe("RUNLANE_EXPORT_NOT_FOUND");
    expect(error.message).toContain(message);
  });

  it("passes on what the module itself throws", async () => {
    const file = new URL("data:text/javascript,throw new RangeError('broken')");
    await expect(loadExport({ from: "module", url: file.href, exportName: "x" })).rejects.toThrow(RangeError);
  });
});
