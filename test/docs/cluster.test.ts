import { spawn } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished } from "vitest";
import { jsonOf, post } from "../serve/support.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** The program of docs/serving.md that serves with several processes, as JavaScript beside the packages that it imports. */
function program(): string {
  const docs = readFileSync(new URL("../../docs/serving.md", import.meta.url), "utf8");
  const [, code] = /```ts\n(import cluster[\s\S]*?)```/.exec(docs)!;
  const path = fileURLToPath(new URL(`../../.cache/cluster-${process.pid}.mjs`, import.meta.url));
  writeFileSync(path, code!.replaceAll(": string", ""));
  onTestFinished(() => rmSync(path));
  return path;
}

it("the servers that share a port answer, and drain together", async () => {
  const child = spawn(process.execPath, [program()], { cwd: root, env: { ...process.env, PORT: "0" } });
  onTestFinished(() => void child.kill("SIGKILL"));
  let out = "";
  child.stdout.on("data", (text) => {
    out += text;
  });
  const ended = new Promise<number | null>((resolve) => child.on("exit", resolve));
  await expect.poll(() => out, { timeout: 30_000 }).toMatch(/listening on \S+\n/);
  const [, url] = /listening on (\S+)/.exec(out)!;
  expect((await jsonOf(post(`${url}/shout/invoke`, { input: "hi" }))).output).toBe("HI");
  child.kill("SIGTERM");
  expect(await ended).toBe(0);
});
