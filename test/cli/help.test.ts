import { spawnSync } from "node:child_process";
import { cpSync, existsSync, readFileSync } from "node:fs";
import nodeModule from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { run } from "./command.ts";
import { scratchFolder } from "./scratch.ts";

describe("help", () => {
  it("lists the commands, and is the same with and without dashes", async () => {
    const cwd = scratchFolder();
    const { code, stdout, stderr } = await run(["--help"], { cwd });
    expect(code).toBe(0);
    expect(stderr).toBe("");
    expect(stdout).toContain("Usage: runlane");
    expect(stdout).toMatch(/batch .*run a pipeline over many inputs/);
    expect(stdout).toMatch(/explain .*show where each step runs, and why/);
    expect((await run(["help"], { cwd })).stdout).toBe(stdout);
  });

  it("tells every option of batch, with examples", async () => {
    const cwd = scratchFolder();
    const { code, stdout } = await run(["help", "batch"], { cwd });
    expect(code).toBe(0);
    expect((await run(["batch", "--help"], { cwd })).stdout).toBe(stdout);
    const options = [
      "input",
      "files",
      "format",
      "limit",
      "output",
      "errors",
      "report",
      "resume",
      "overwrite",
      "concurrency",
      "lane",
      "quiet",
    ];
    for (const option of options) expect(stdout).toContain(`--${option}`);
    expect(stdout).toContain("$ runlane batch");
    const tooWide = stdout.split("\n").filter((line) => line.length > 96);
    expect(tooWide).toEqual([]);
  });

  it("is what a bare command shows, as an error", async () => {
    const { code, stdout, stderr } = await run([], { cwd: scratchFolder() });
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toContain("Usage: runlane");
  });
});

describe("--version", () => {
  it("prints the version of the package", async () => {
    const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
    expect(await run(["--version"], { cwd: scratchFolder() })).toMatchObject({
      code: 0,
      stdout: `${version}\n`,
      stderr: "",
    });
  });

  it("loads nothing but the entry of the command", () => {
    const folder = scratchFolder();
    const root = fileURLToPath(new URL("../../", import.meta.url));
    for (const file of ["package.json", "dist/cli/main.js"]) cpSync(join(root, file), join(folder, file));
    const { stdout, stderr } = spawnSync(process.execPath, ["dist/cli/main.js", "-v"], {
      cwd: folder,
      encoding: "utf8",
    });
    expect(stderr).toBe("");
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe.skipIf(!("enableCompileCache" in nodeModule))("the compile cache", () => {
  const cached = async (args: string[], env: Record<string, string>) => {
    const cwd = scratchFolder();
    // A cache that the environment names is Node's own business.
    await run(args, { cwd, env: { TMPDIR: cwd, TMP: cwd, TEMP: cwd, NODE_COMPILE_CACHE: "", ...env } });
    return existsSync(join(cwd, "node-compile-cache"));
  };

  it("is kept in the folder for temporary files", async () => {
    expect(await cached(["help"], {})).toBe(true);
  });

  it("is left out for --version, and where it is turned off", async () => {
    expect(await cached(["--version"], {})).toBe(false);
    expect(await cached(["help"], { NODE_DISABLE_COMPILE_CACHE: "1" })).toBe(false);
  });
});
