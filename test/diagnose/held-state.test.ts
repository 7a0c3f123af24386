import { expect, test } from "vitest";
import type { BlockedReport } from "../../src/diagnose/report.ts";
import { isAtBreakpoint } from "../../src/diagnose/watcher/breakpoint.ts";
import { HeldState } from "../../src/diagnose/watcher/thread-state.ts";

/** What a thread mostly does that was seen doing this, look by look, in one turn of the loop. */
function seen(...states: BlockedReport["state"][]) {
  const held = new HeldState(() => states.shift()!);
  held.look(1);
  while (states.length > 0) held.look(1);
  return held.mostly;
}

test("a thread that starts a process and then waits for it waits", () => {
  expect(seen("computes", "waits", "waits", "waits")).toBe("waits");
});

test("one that is seen waiting once computes", () => {
  expect(seen("computes", "waits", "computes", "computes")).toBe("computes");
});

test("what it did long ago does not count", () => {
  expect(seen(...new Array(50).fill("waits"), ...new Array(6).fill("computes"))).toBe("computes");
});

test("where the system does not tell, it is not known", () => {
  expect(seen("unknown", "unknown")).toBe("unknown");
  expect(seen()).toBe("unknown");
});

test("another turn of the loop is another hold", () => {
  const held = new HeldState(() => "waits");
  for (const beat of [1, 1, 1, 2]) held.look(beat);
  expect(held.mostly).toBe("unknown");
});

const at = (frame: string) => `Error\n    at <anonymous>:5:9\n    at ${frame}\n    at node:internal/main:1:1`;

test.each([
  ["waits", "stops (file:///app/main.ts:3:5)", true],
  ["waits", "/app/main.js:3:5", true],
  ["waits", "C:\\app\\main.js:3:5", true],
  // It computes: no debugger holds it.
  ["computes", "stops (file:///app/main.ts:3:5)", false],
  // Native code, and Node's, may wait by itself.
  ["waits", "Atomics.wait (<anonymous>)", false],
  ["waits", "spawnSync (node:internal/child_process:1:1)", false],
] as const)("a thread that %s in %s: a debugger holds it is %s", (state, frame, expected) => {
  expect(isAtBreakpoint(state, at(frame))).toBe(expected);
});
