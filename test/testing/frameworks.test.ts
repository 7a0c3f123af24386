import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { everything } from "../everything.ts";

// The frameworks themselves, each in a process of its own; forbid-blocking.test.ts tries what they share. Jest, with its 250 packages, is
// tried by jest.test.ts.
const FOLDER = fileURLToPath(new URL("fixtures/frameworks", import.meta.url));
const VITEST = join(dirname(createRequire(import.meta.url).resolve("vitest/package.json")), "vitest.mjs");

/** What a run of tests has printed, in which some fail. */
function failing(args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    // Not those that say that this is a test of Vitest.
    const { VITEST: _, VITEST_WORKER_ID: __, VITEST_POOL_ID: ___, NODE_TEST_CONTEXT: ____, ...env } = process.env;
    execFile(process.execPath, args, { cwd: FOLDER, env: { ...env, NO_COLOR: "1" } }, (error, stdout, stderr) => {
      if (error === null) reject(new Error(`nothing failed:\n${stdout}`));
      else resolve(stdout + stderr);
    });
  });
}

test.runIf(everything)(
  "in Vitest's worker threads, a call fails where it is made, and computing after the test, with the function's line",
  async () => {
    const printed = await failing([VITEST, "run", "--root", ".", "--pool", "threads", "vitest.test.mjs"]);
    expect(printed).toContain("2 failed | 1 passed");
    expect(printed).toMatch(/fs\.readFileSync was called in the step "reads"/);
    expect(printed).toMatch(
      /The step "computes" held the event loop for \d+ ms, of 50 ms .* at .*vitest\.test\.mjs:\d+/,
    );
  },
);

test.runIf(everything)("in node:test, both fail their tests", async () => {
  const printed = await failing(["--test", "--test-reporter=tap", "node.test.mjs"]);
  expect(printed).toMatch(/^# pass 1$[\s\S]*^# fail 2$/m);
  expect(printed).toMatch(/fs\.readFileSync was called in the step "reads"/);
  expect(printed).toMatch(/The step "computes" held the event loop for \d+ ms/);
});
