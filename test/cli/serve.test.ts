import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { describe, expect, it, onTestFinished } from "vitest";
import { everything } from "../everything.ts";
import { jsonOf, post } from "../serve/support.ts";
import { fixture, run, start } from "./command.ts";
import { runHere } from "./run-here.ts";
import { scratchFolder } from "./scratch.ts";
import { addressOf } from "./serving.ts";

const MAIN = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const SHOUT = "export default (text) => text.toUpperCase();\n";

function folderWith(files: Record<string, string>): string {
  const folder = scratchFolder();
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

describe("runlane serve", () => {
  it("serves pipelines at the names of their files, tells of requests, and ends with 0", async () => {
    const cwd = folderWith({ "shout.mjs": SHOUT, "double.mjs": "export default (x) => x * 2;\n" });
    const server = start(["serve", "shout.mjs", "double.mjs", "--port", "0"], { cwd });
    const url = await addressOf(server);
    expect((await jsonOf(post(`${url}/shout/invoke`, { input: "hi" }))).output).toBe("HI");
    expect((await jsonOf(post(`${url}/double/batch`, { inputs: [1, 2] }))).output).toEqual([2, 4]);
    server.process.kill("SIGTERM");
    const { code, stderr } = await server.finished;
    expect(code).toBe(0);
    expect(stderr).toMatch(/^\d\d:\d\d:\d\d {2}200 {2}POST {2}\/shout\/invoke {2}[\d.]+ ms$/m);
  });

  it("lets what is in flight end when it is told to stop", async () => {
    const slow =
      "export default async (x) => { process.stderr.write('started\\n'); await new Promise((r) => setTimeout(r, 300)); return x; };";
    const cwd = folderWith({ "slow.mjs": slow });
    const server = start(["serve", "slow.mjs", "-p", "0", "--log", "none"], { cwd });
    const url = await addressOf(server);
    const asked = jsonOf(post(`${url}/slow/invoke`, { input: 1 }));
    await server.says("started");
    server.process.kill("SIGTERM");
    expect((await asked).output).toBe(1);
    expect((await server.finished).code).toBe(0);
  });

  it.runIf(everything)("ends at once at a second signal", async () => {
    const cwd = folderWith({
      "endless.mjs": "export default () => { process.stderr.write('started\\n'); return new Promise(() => {}); };",
    });
    const server = start(["serve", "endless.mjs", "-p", "0", "--grace", "60000"], { cwd });
    const url = await addressOf(server);
    const asked = post(`${url}/endless/invoke`, { input: 1 }).catch(() => "cut off");
    await server.says("started");
    server.process.kill("SIGTERM");
    await expect
      .poll(() =>
        fetch(`${url}/healthz`).then(
          () => "answers",
          () => "closed",
        ),
      )
      .toBe("closed");
    server.process.kill("SIGINT");
    expect((await server.finished).code).toBe(130);
    expect(await asked).toBe("cut off");
  });

  it.runIf(everything)("asks for the tokens that a variable holds", async () => {
    const cwd = folderWith({ "shout.mjs": SHOUT });
    const server = start(["serve", "shout.mjs", "-p", "0", "--token-env", "TOKENS"], {
      cwd,
      env: { TOKENS: "old, new" },
    });
    const url = await addressOf(server);
    const ask = (token: string) =>
      post(`${url}/shout/invoke`, { input: "a" }, { headers: { authorization: `Bearer ${token}` } });
    expect([(await ask("new")).status, (await ask("other")).status]).toEqual([200, 401]);
  });

  it("is a tool of an agent on standard input and output", async () => {
    const file = fixture("serve-add.mjs");
    const client = new Client({ name: "test", version: "1.0.0" });
    await client.connect(
      new StdioClientTransport({
        command: process.execPath,
        args: [MAIN, "serve", file, "--mcp-stdio"],
        stderr: "ignore",
      }),
    );
    onTestFinished(() => client.close());
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(["serve-add"]);
    expect((await client.callTool({ name: "serve-add", arguments: { a: 1, b: 2 } })).content).toEqual([
      { type: "text", text: "3" },
    ]);
  });

  const refusals: [string, string[], RegExp][] = [
    ["a port that is none", ["serve", "shout.mjs", "-p", "70000"], /from 0 to 65535/],
    ["a count that is none", ["serve", "shout.mjs", "--max-batch-inputs", "0"], /a whole number from 1 up/],
    ["a size that is none", ["serve", "shout.mjs", "--body-limit", "big"], /It must be a size/],
    ["no pipeline", ["serve"], /missing required argument/],
    ["a pipeline that is not there", ["serve", "nothing.mjs"], /there is no pipeline module nothing.mjs/],
    ["two pipelines at one path", ["serve", "shout.mjs", "./shout.mjs"], /two pipelines would be served at \/shout/],
    [
      "a path for two pipelines",
      ["serve", "shout.mjs", "double.mjs", "--path", "/x"],
      /--path is for a single pipeline/,
    ],
    ["a variable without tokens", ["serve", "shout.mjs", "--token-env", "NO_SUCH_VARIABLE"], /has no token in it/],
    ["to reload what an agent has started", ["serve", "shout.mjs", "--reload", "--mcp-stdio"], /--reload is for HTTP/],
    ["a pipeline that is no tool", ["serve", "shout.mjs", "--mcp-stdio"], /no pipeline can be a tool/],
  ];
  it.each(refusals)("refuses %s in one line", async (_, args, message) => {
    const cwd = folderWith({ "shout.mjs": SHOUT, "double.mjs": SHOUT });
    const { code, stderr } = await runHere(args, { cwd });
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  });

  it("tells of held event loops, and of the loop at /healthz, with --watch", async () => {
    const cwd = folderWith({
      "holds.mjs":
        "export default function holds(ms) { const end = Date.now() + ms; while (Date.now() < end); return ms; }\n",
    });
    const server = start(["serve", "holds.mjs", "-p", "0", "--log", "none", "--watch", "50"], { cwd });
    const url = await addressOf(server);
    await post(`${url}/holds/invoke`, { input: 400 });
    await server.says(/holds/);
    const { status, loop } = await jsonOf(fetch(`${url}/healthz`));
    expect(status).toBe("ok");
    expect(loop).toMatchObject({ maxMs: expect.any(Number), utilization: expect.any(Number) });
  });

  it("shows what it does on a page of its own, with --inspect, as long as it serves", async () => {
    const cwd = folderWith({ "shout.mjs": SHOUT });
    const server = start(["serve", "shout.mjs", "-p", "0", "--log", "none", "--inspect"], { cwd });
    const url = await addressOf(server);
    await server.says(/shown at http:\S+\n/);
    const page = /shown at (http:\S+)/.exec(server.stderr())![1]!;
    expect(new URL(page).port).not.toBe(new URL(url).port);
    const response = await fetch(page);
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
    expect((await response.text()).includes("<title>Runlane")).toBe(true);
    const withoutToken = await fetch(new URL("/", page));
    expect(withoutToken.status).toBeGreaterThanOrEqual(400);
    server.process.kill("SIGTERM");
    expect((await server.finished).code).toBe(0);
    await expect(fetch(page)).rejects.toThrow();
  });

  it("says when it may not have the port", async () => {
    // As root, which tests may run as, every port is to be had.
    const denied = `import { Server } from "node:net"; Server.prototype.listen = function () {
      process.nextTick(() => this.emit("error", Object.assign(new Error("no"), { code: "EACCES" }))); return this; };`;
    const NODE_OPTIONS = `--import data:text/javascript,${encodeURIComponent(denied)}`;
    const { code, stderr } = await run(["serve", "shout.mjs", "-p", "80"], {
      cwd: folderWith({ "shout.mjs": SHOUT }),
      env: { NODE_OPTIONS },
    });
    expect([code, stderr]).toEqual([
      2,
      "runlane: cannot listen on 127.0.0.1:80: it needs rights that this user has not; ports from 1024 up need none\n",
    ]);
  });

  it.runIf(everything)("says when another program has the port", async () => {
    const other = createServer();
    onTestFinished(() => void other.close());
    const port = await new Promise<number>((resolve) =>
      other.listen(0, "127.0.0.1", () => resolve((other.address() as { port: number }).port)),
    );
    const { code, stderr } = await runHere(["serve", "shout.mjs", "-p", String(port)], {
      cwd: folderWith({ "shout.mjs": SHOUT }),
    });
    expect([code, stderr]).toEqual([
      2,
      `runlane: cannot listen on 127.0.0.1:${port}: another program has it; choose another one by --port, or 0 for any\n`,
    ]);
  });
});
