import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { fixture, KINDS } from "./helpers.ts";

/** A program of its own, because what is tested is how it prints and ends. It loads a pool that was built for it. */
const cache = fileURLToPath(new URL("../../.cache/", import.meta.url));
let folder: string;
let built: string;

beforeAll(async () => {
  folder = mkdtempSync(join(cache, "lanes-"));
  built = join(folder, "lane.mjs");
  await build({
    entryPoints: [fileURLToPath(new URL("helpers.ts", import.meta.url))],
    outfile: built,
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
  });
});

const children = new Set<ChildProcess>();

afterEach(() => {
  for (const child of children) child.kill("SIGKILL");
  children.clear();
});

afterAll(() => rmSync(folder, { recursive: true }));

function start(kind: string, program: string) {
  const child = spawn(process.execPath, [fileURLToPath(fixture(program)), kind, built], { stdio: "pipe" });
  children.add(child);
  const printed = { out: "", err: "" };
  child.stdout.on("data", (chunk) => (printed.out += chunk));
  child.stderr.on("data", (chunk) => (printed.err += chunk));
  return { child, printed };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe.each(KINDS)("a program with a lane: %s", (kind) => {
  it("sees what workers print before their results, and ends by itself although no lane was closed", async () => {
    const { child, printed } = start(kind, "prints");
    const [code] = await once(child, "close");
    expect(printed).toEqual({ out: "out a\nresult a\nout b\nresult b\n", err: "err a\nerr b\n" });
    expect(code).toBe(0);
  });

  it("waits for calls that are pending", async () => {
    const { child, printed } = start(kind, "waits");
    await once(child, "close");
    expect(printed).toEqual({ out: "84\n", err: "" });
  });
});

it("does not leave a child process behind when it is killed, not even in an endless loop", async () => {
  const { child, printed } = start("process", "is-killed");
  await expect.poll(() => printed.out, { timeout: 10_000 }).toMatch(/\d+\n/);
  const pid = Number(printed.out);
  expect(isAlive(pid)).toBe(true);
  child.kill("SIGKILL");
  await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false);
});
