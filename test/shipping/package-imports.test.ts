import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { everything } from "../everything.ts";

/** A program of its own, with packages that nobody else finds. */
let folder: string;

const FILES = {
  "node_modules/esm-only/package.json": { type: "module", exports: { ".": { import: "./index.js" } } },
  "node_modules/esm-only/index.js": `export const who = "esm-only";`,
  "node_modules/@scope/dual/package.json": { exports: { "./sub": { import: "./sub.mjs", require: "./sub.cjs" } } },
  "node_modules/@scope/dual/sub.mjs": `export const who = "for import";`,
  "node_modules/@scope/dual/sub.cjs": `exports.who = "for require";`,
  "package.json": { type: "module", imports: { "#own": "./own.js" } },
  "own.js": `export const who = "own";`,
};

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "runlane-packages-"));
  for (const [name, content] of Object.entries(FILES)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), typeof content === "string" ? content : JSON.stringify(content));
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What a program prints: JSON, and errors and warnings. */
function run(program: string): { out: any; errors: string } {
  const entry = new URL("../../dist/index.js", import.meta.url).href;
  const file = join(folder, "main.js");
  writeFileSync(file, `import { RunnableLambda } from ${JSON.stringify(entry)};\n${program}`);
  const { stdout, stderr } = spawnSync(process.execPath, [file], { encoding: "utf8" });
  return { out: JSON.parse(stdout || "null"), errors: stderr };
}

describe("a function that travels by its source and imports packages", () => {
  it.each(everything ? ["thread", "process"] : ["thread"])(
    "gets there what it would get in its file, without a warning: %s",
    (lane) => {
      const { out, errors } = run(`
      const step = RunnableLambda.from(async (x) => {
        const found = [await import("esm-only"), await import("@scope/dual/sub"), await import("#own")];
        const [, line] = /main\\.js:(\\d+)/.exec(new Error("here").stack);
        return [x, line, ...found.map(({ who }) => who)];
      }).withLane(${JSON.stringify(lane)});
      console.log(JSON.stringify({ got: await step.invoke(1) }));
    `);
      expect(out.got).toEqual([1, "5", "esm-only", "for import", "own"]);
      expect(errors).toBe("");
    },
  );

  it("is refused when a package is not there, or the import is relative, with the line", () => {
    const { out } = run(`
      const refusal = (func) => {
        try {
          RunnableLambda.from(func).withLane("thread");
        } catch ({ code, line }) {
          return [code, line];
        }
      };
      const absent = async (x) => (await import("not-installed")).run(x);
      const relative = async (x) => (await import("./own.js")).who + x;
      console.log(JSON.stringify({ absent: refusal(absent), relative: refusal(relative) }));
    `);
    expect(out).toEqual({ absent: ["RUNLANE_NOT_SHIPPABLE", 1], relative: ["RUNLANE_NOT_SHIPPABLE", 1] });
  });
});
