import { spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

// In processes of their own: the watchdog says what it sees while this one would be held.
const HELD = fileURLToPath(new URL("fixtures/held.mjs", import.meta.url));

/** Has the fixture hold its loop in these ways. Gives its exit code, and what was printed to stderr in each. */
async function hold(ways: readonly string[]) {
  const folder = mkdtempSync(join(tmpdir(), "runlane-watchdog-"));
  const path = join(folder, "stderr");
  const file = openSync(path, "w");
  try {
    const child = spawn(process.execPath, [HELD, path, ...ways], { stdio: ["ignore", "ignore", file] });
    const code = await new Promise((done) => child.on("exit", done));
    const said: Record<string, string> = {};
    for (const section of readFileSync(path, "utf8").split(/^--- /m).slice(1)) {
      const end = section.indexOf("\n");
      said[section.slice(0, end)] = section.slice(end + 1);
    }
    return { code, said };
  } finally {
    closeSync(file);
    rmSync(folder, { recursive: true });
  }
}

const held = hold(["idle", "sync", "later", "outside", "system", "exit"]);

test("a held loop is told of while it is held: step, input, run, line, and that it computes", async () => {
  const { sync } = (await held).said;
  // The loop was held until it was told of.
  expect(sync).toMatch(
    /^runlane: the event loop has been held for \d.* by step "counts" \(input 0, run 0b54d3a8-\S+\) at .*held\.mjs:\d+; it computes\n {4}at .*held\.mjs:/,
  );
  expect(sync).toMatch(/the event loop was held for \S+ m?s by step "counts"/);
});

test("what runs after an await is told of as well", async () => {
  expect((await held).said.later).toMatch(
    /has been held for \d.* by step "counts later" \(input 0.*\) at .*held\.mjs:/,
  );
});

test("a step that waits in the system is named while it waits, and its line when it returns", async () => {
  const { system } = (await held).said;
  expect(system).toMatch(/has been held for \d.* by step "sleeps"; it waits in the system/);
  expect(system).toMatch(/was held for .* by step "sleeps" \(input 0.*\) at .*held\.mjs:\d+/);
});

test("code that belongs to no step is told of with its line", async () => {
  expect((await held).said.outside).toMatch(/by code outside of any step at .*held\.mjs:/);
});

test("a loop that waits for timers is not told of", async () => {
  expect((await held).said.idle).toBe("");
});

test("the end of the process prints nothing of the inspector's", async () => {
  const { code, said } = await held;
  expect({ code, exit: said.exit }).toEqual({ code: 3, exit: "" });
});

test("a breakpoint of a debugger is told of by nobody, and nothing keeps the process alive", async () => {
  const { code, said } = await hold(["breakpoint"]);
  expect(code).toBe(0);
  // To start the debugger may hold the loop for long, where a machine is busy.
  expect(said.breakpoint).not.toContain("stops");
});
