import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { everything } from "../everything.ts";
import { jsonOf, post } from "../serve/support.ts";
import { start } from "./command.ts";
import { scratchFolder } from "./scratch.ts";
import { addressOf } from "./serving.ts";

/** A pipeline whose answer comes from a module that it imports. */
function project(version: number): { cwd: string; write(version: number | string): void } {
  const cwd = scratchFolder();
  mkdirSync(join(cwd, "lib"));
  writeFileSync(join(cwd, "package.json"), "{}");
  writeFileSync(
    join(cwd, "chain.mjs"),
    'import { version } from "./lib/version.mjs";\nexport default async (x) => { await new Promise(setImmediate); return version + ": " + x; };\n',
  );
  const write = (next: number | string) =>
    writeFileSync(
      join(cwd, "lib", "version.mjs"),
      typeof next === "number" ? `export const version = ${next};\n` : next,
    );
  write(version);
  return { cwd, write };
}

describe("runlane serve --reload", () => {
  it("serves what the sources say, and loses no request on the way there", async () => {
    const { cwd, write } = project(1);
    const server = start(["serve", "chain.mjs", "-p", "0", "--log", "none", "--reload"], { cwd });
    const url = await addressOf(server);
    let asked = 0;
    let isOver = false;
    const failures: unknown[] = [];
    const ask = async () => (await jsonOf(post(`${url}/chain/invoke`, { input: asked++ }))).output as string;
    const client = async () => {
      while (!isOver) {
        await ask().catch((error) => failures.push(error));
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    };
    const clients = Array.from({ length: 4 }, client);
    const reloads = everything ? 20 : 1;
    for (let version = 2; version < 2 + reloads; version++) {
      write(version);
      await expect.poll(ask, { timeout: 30_000, interval: 50 }).toMatch(new RegExp(`^${version}: `));
    }
    isOver = true;
    await Promise.all(clients);
    expect(failures).toEqual([]);
    expect(asked).toBeGreaterThan(reloads);
    server.process.kill("SIGTERM");
    expect((await server.finished).code).toBe(0);
  });

  it("serves on by the old sources where the new ones do not load", async () => {
    const { cwd, write } = project(1);
    const server = start(["serve", "chain.mjs", "-p", "0", "--log", "none", "--reload"], { cwd });
    const url = await addressOf(server);
    const ask = async () => (await jsonOf(post(`${url}/chain/invoke`, { input: "a" }))).output as string;
    write("export const version = ;\n");
    await server.says("the old version serves on");
    expect(server.stderr()).toContain("cannot load chain.mjs: SyntaxError");
    expect(await ask()).toBe("1: a");
    write(2);
    await expect.poll(ask, { timeout: 30_000, interval: 50 }).toBe("2: a");
    server.process.kill("SIGINT");
    expect((await server.finished).code).toBe(0);
  });

  it.runIf(everything)("ends with what kept the first one from starting", async () => {
    const { cwd } = project(1);
    const server = start(["serve", "nothing.mjs", "-p", "0", "--reload"], { cwd });
    expect(await server.finished).toMatchObject({ code: 2, stderr: expect.stringContaining("there is no pipeline") });
  });
});
