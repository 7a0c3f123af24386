import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { copyPackage } from "../bundler/installed.mjs";
import { everything } from "../everything.ts";

// Jest itself, with the recipes of docs/watchdog.md and docs/typescript.md. It is installed in a folder of its own.
const FOLDER = fileURLToPath(new URL("jest", import.meta.url));
const MODULES = join(FOLDER, "node_modules");
const run = promisify(execFile);

test("what compiles the package for Jest here is what the documentation says", () => {
  const [, code = ""] = readFileSync(join(FOLDER, "to-commonjs.cjs"), "utf8").split(/^\/\/.*\n/);
  expect(readFileSync(fileURLToPath(new URL("../../docs/typescript.md", import.meta.url)), "utf8")).toContain(code);
});

test.runIf(everything)("in Jest, blocking calls and computing fail their tests", { timeout: 600_000 }, async () => {
  if (!existsSync(join(MODULES, "jest")))
    await run("npm", ["install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline"], { cwd: FOLDER });
  copyPackage(MODULES);
  // Not those that say that this is a test of Vitest.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(?:VITEST|NODE_OPTIONS|NODE_ENV)/.test(name)),
  );
  const args = [join(MODULES, "jest", "bin", "jest.js"), "--runInBand"];
  const failed = await run(process.execPath, args, { cwd: FOLDER, env: { ...env, NO_COLOR: "1" } }).then(
    () => "nothing failed",
    ({ stdout, stderr }) => stdout + stderr,
  );
  expect(failed).toContain("2 failed, 1 passed");
  expect(failed).toMatch(/fs\.readFileSync was called in the step "reads"/);
  expect(failed).toMatch(
    /The step "computes" held the event loop for \d+ ms, of 50 ms .* at .*blocking\.test\.cjs:\d+/,
  );
});
