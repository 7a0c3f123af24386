import { spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";

// In processes of their own: the watchdog says what it sees while this one would be held.
const HELD = fileURLToPath(new URL("fixtures/held.mjs", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "runlane-watchdog-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let runs = 0;

/** Runs the fixture, and returns its exit code and what it has printed to stderr. */
async function hold(how: string, nodeOptions: string[] = []) {
  const path = join(folder, `${++runs}.txt`);
  const file = openSync(path, "w");
  const child = spawn(process.execPath, [...nodeOptions, HELD, how, path], { stdio: ["ignore", "ignore", file] });
  const code = await new Promise((done) => child.on("exit", done));
  closeSync(file);
  return { code, text: readFileSync(path, "utf8"), kill: () => child.kill() };
}

test("a held loop is told of while it is held: step, input, run, line, and that it computes", async () => {
  const { code, text } = await hold("sync");
  // The loop was held until it was told of.
  expect(text).toMatch(
    /^runlane: the event loop has been held for \d.* by step "counts" \(input 0, run 0b54d3a8-\S+\) at .*held\.mjs:\d+; it computes\n {4}at .*held\.mjs:/,
  );
  expect(text).toMatch(/the event loop was held for \S+ m?s by step "counts"/);
  expect(code).toBe(0);
});

test("what runs after an await is told of as well", async () => {
  const { text } = await hold("later");
  expect(text).toMatch(/has been held for \d.* by step "counts later" \(input 0.*\) at .*held\.mjs:/);
});

test("a step that waits in the system is named while it waits, and its line when it returns", async () => {
  const { text } = await hold("system");
  expect(text).toMatch(/has been held for \d.* by step "sleeps"; it waits in the system/);
  expect(text).toMatch(/by step "sleeps" \(input 0.*\) at .*held\.mjs:\d+/);
});

test("code that belongs to no step is told of with its line", async () => {
  const { text } = await hold("outside");
  expect(text).toMatch(/by code outside of any step at .*held\.mjs:/);
});

test("a loop that waits for timers is not told of, and nothing keeps the process alive", async () => {
  const { code, text } = await hold("idle");
  expect({ code, text }).toEqual({ code: 0, text: "" });
});

test("a breakpoint of a debugger is told of by nobody", async () => {
  expect(await hold("breakpoint")).toMatchObject({ code: 0, text: "" });
});

test("the end of the process prints nothing of the inspector's", async () => {
  const { code, text } = await hold("exit");
  expect(code).toBe(3);
  expect(text).not.toMatch(/debugger|inspector/i);
});
