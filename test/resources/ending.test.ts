import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { type constants, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { everything } from "../everything.ts";

const program = fileURLToPath(new URL("../fixtures/resources/ending.mjs", import.meta.url));
const WAITED = ["begun third", "async third", "sync second", "sync first"];
const AT_ONCE = ["begun third", "sync second", "sync first"];
const PATIENCE = { timeout: 50_000 };

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "runlane-ending-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const run = (file: string, place: string, ending: string) =>
  new Promise<number | string | null>((resolve) => {
    const child = spawn(process.execPath, [program, file, place, ending], { stdio: "ignore" });
    child.on("exit", (exitCode, signal) => resolve(signal ?? exitCode));
  });

/** Each way to end, where it differs: without workers, and with those that have to be ended first. */
const SHORT: Record<string, string[]> = {
  loop: ["idle", "throw", "handled", "SIGINT"],
  thread: ["exit", "SIGTERM"],
  process: ["SIGHUP"],
};

describe.each(["loop", "thread", "process"])("resources of a program that ends: %s", (place) => {
  const endings: [string, number | string, string[], string[]][] = [
    ["idle", 0, ["loaded"], WAITED],
    ["exit", 7, ["loaded"], place === "loop" ? AT_ONCE : WAITED],
    ["throw", 1, ["loaded"], place === "loop" ? AT_ONCE : WAITED],
    ["handled", 9, ["loaded", "handled"], place === "loop" ? AT_ONCE : WAITED],
  ];
  if (process.platform !== "win32")
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] satisfies (keyof typeof constants.signals)[])
      endings.push([signal, signal, ["loaded"], WAITED]);
  if (place !== "loop") endings.push(["close", 0, ["loaded"], WAITED]);

  const cells = endings.filter(([ending]) => everything || SHORT[place]!.includes(ending));
  it.each(cells)("are disposed of, the last loaded first, by %s", async (ending, end, before, disposed) => {
    const file = join(folder, `${place}-${ending}`);
    expect(await run(file, place, ending)).toBe(end);
    // A child process may outlive its parent by a moment.
    await vi.waitFor(
      () => expect(readFileSync(file, "utf8").trim().split("\n")).toEqual([...before, ...disposed]),
      PATIENCE,
    );
  });
});
