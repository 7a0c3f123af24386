import { execSync } from "node:child_process";
import * as crypto from "node:crypto";
import fs, { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, expect, test } from "vitest";
import { RunnableLambda } from "../../src/index.ts";
import { type BlockingGuard, type ForbidBlockingOptions, forbidBlocking } from "../../src/testing/forbid-blocking.ts";

const guards: BlockingGuard[] = [];
function forbid(options: ForbidBlockingOptions = {}): BlockingGuard {
  const guard = forbidBlocking(options);
  guards.push(guard);
  return guard;
}
afterEach(async () => {
  for (const guard of guards.splice(0)) await guard.stop();
});

const inStep = (call: () => unknown, name = "score") => RunnableLambda.from(async () => call(), { name }).invoke(1);
const here = import.meta.filename ?? process.execPath;

test.each([
  ["fs.readFileSync", () => readFileSync(here), "readFile of node:fs/promises"],
  ["fs.statSync", () => fs.statSync("/"), "stat of node:fs/promises"],
  ["child_process.execSync", () => execSync("true"), "exec of node:child_process"],
  ["crypto.pbkdf2Sync", () => crypto.pbkdf2Sync("a", "b", 1, 8, "sha1"), "pbkdf2 of node:crypto"],
  ["zlib.gzipSync", () => gzipSync("a"), "gzip of node:zlib"],
  ["Atomics.wait", () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1), "Atomics.waitAsync"],
])("%s throws in a step, and names the step and what to call instead", async (name, call, counterpart) => {
  forbid();
  await expect(inStep(call)).rejects.toMatchObject({
    code: "RUNLANE_BLOCKING_CALL",
    message: expect.stringContaining(
      `${name} was called in the step "score", and would hold the event loop; there is ${counterpart}`,
    ),
  });
});

test("a call after an await throws as well", async () => {
  forbid();
  const step = RunnableLambda.from(async () => {
    await null;
    return statSync("/");
  });
  await expect(step.invoke(1)).rejects.toMatchObject({ code: "RUNLANE_BLOCKING_CALL" });
});

test("outside of steps, and in threads, nothing is forbidden", async () => {
  forbid();
  expect(readFileSync(here).length).toBeGreaterThan(0);
  const step = RunnableLambda.from((path: string) => process.getBuiltinModule("node:fs").readdirSync(path).length, {
    lane: "thread",
  });
  expect(await step.invoke("/")).toBeGreaterThan(0);
});

test("what Node calls by itself passes: modules that are required, and output", async () => {
  forbid();
  const folder = mkdtempSync(join(tmpdir(), "runlane-forbid-"));
  fs.writeFileSync(join(folder, "one.cjs"), "module.exports = 1;");
  expect(await inStep(() => createRequire(here)(join(folder, "one.cjs")))).toBe(1);
  await inStep(() => process.stdout.write(""));
  rmSync(folder, { recursive: true });
});

test("calls and steps that are allowed pass", async () => {
  forbid({ allow: { calls: ["fs.statSync"], steps: ["loads"] } });
  await inStep(() => statSync("/"));
  await inStep(() => readFileSync(here), "loads");
  await expect(inStep(() => readFileSync(here))).rejects.toThrow("fs.readFileSync");
});

test("everything is restored", async () => {
  const before = [fs.readFileSync, Atomics.wait];
  const guard = forbid();
  expect(fs.readFileSync).not.toBe(before[0]);
  await guard.stop();
  expect([fs.readFileSync, Atomics.wait]).toEqual(before);
  expect(await inStep(() => readFileSync(here).length)).toBeGreaterThan(0);
});

/** Holds the loop for so long as this process has the processor. */
function spin(cpuMs: number): void {
  const start = process.cpuUsage();
  while (process.cpuUsage(start).user + process.cpuUsage(start).system < cpuMs * 1000);
}

test("a step that computes for too long fails the check, with its line; one that is allowed does not", {
  timeout: 30_000,
}, async () => {
  const guard = forbid({ allow: { steps: ["trains"] } });
  await guard.check();
  await inStep(() => spin(400), "trains");
  await guard.check();
  // Until the thread that watches had the processor at the right time.
  const failed = async () => {
    await inStep(() => spin(400), "counts");
    return await guard.check().catch((error) => error);
  };
  await expect.poll(failed, { timeout: 25_000 }).toMatchObject({
    code: "RUNLANE_LOOP_HELD",
    message: expect.stringMatching(
      /^The step "counts" held the event loop for \d+ ms, of 50 ms that are allowed, at .*forbid-blocking\.test\.ts:\d+\./,
    ),
  });
  await guard.check();
});

test("the hooks of a framework are used", async () => {
  const registered: string[] = [];
  forbid({
    hooks: { afterEach: (check) => registered.push(typeof check), after: (stop) => registered.push(typeof stop) },
  });
  expect(registered).toEqual(["function", "function"]);
});
