import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { everything } from "../everything.ts";
import { parseRecords, records, run, start } from "./command.ts";
import { runHere } from "./run-here.ts";
import { scratchFolder } from "./scratch.ts";

function folderWith(files: Record<string, string>): string {
  const cwd = scratchFolder();
  for (const [name, text] of Object.entries({ "in.txt": "1\n2\n3\n", ...files })) writeFileSync(join(cwd, name), text);
  return cwd;
}

const ENDS: Record<string, [code: string, message: RegExp]> = {
  exit: ["process.exit(0);", /p\.mjs ended the process with exit code 0 while it was loaded/],
  reject: [
    "Promise.reject(new TypeError('lost')); await new Promise((r) => setTimeout(r, 50));",
    /an error escaped p\.mjs while it was loaded: TypeError: lost/,
  ],
  timer: [
    "setTimeout(() => { throw new Error('late') }, 1); await new Promise((r) => setTimeout(r, 50));",
    /while it was loaded: late/,
  ],
  never: ["await new Promise(() => {});", /p\.mjs waits for something that can never happen, while it was loaded/],
  null: ["throw null;", /cannot load p\.mjs: null/],
  odd: ["throw new Proxy({}, { get() { throw 1 }, has() { throw 1 } });", /cannot load p\.mjs: /],
};

const IN_A_PROCESS = new Set(["exit", "reject", "timer", "never"]);

describe("a pipeline that ends the process, or fails unobserved, while it is loaded", () => {
  it.each(Object.entries(ENDS).filter(([way]) => everything || !["timer", "never"].includes(way)))(
    "is an error in one line, with exit code 2, and nothing is written: %s",
    async (way, [code, message]) => {
      const cwd = folderWith({ "p.mjs": `${code}\nexport default (x) => x;` });
      const commands = [
        ["batch", "p.mjs", "-i", "in.txt", "-o", "out.jsonl"],
        ["explain", "p.mjs"],
      ];
      // Both load it in the same way.
      for (const args of everything ? commands : commands.slice(0, 1)) {
        const { code: exitCode, stderr, stdout } = await (IN_A_PROCESS.has(way) ? run : runHere)(args, { cwd });
        expect(stderr).toMatch(message);
        expect(stderr).toMatch(/^runlane: [^\n]+\n$/);
        expect(stdout).toBe("");
        expect(exitCode).toBe(2);
      }
      expect(records(cwd, "out.jsonl")).toEqual([]);
    },
  );

  it.runIf(everything)("or during --warm", async () => {
    const code = `import { RunnableLambda, resource } from "runlane";
const model = resource("model", () => { process.exit(0); });
export default RunnableLambda.from((x, { uses }) => uses.model, { uses: { model } });`;
    const cwd = folderWith({});
    mkdirSync(join(cwd, "node_modules"));
    writeFileSync(
      join(cwd, "p.mjs"),
      code.replace('"runlane"', JSON.stringify(new URL("../../dist/index.js", import.meta.url).href)),
    );
    const { code: exitCode, stderr } = await run(["batch", "p.mjs", "-i", "in.txt", "-o", "out.jsonl", "--warm"], {
      cwd,
    });
    expect(stderr).toBe("runlane: p.mjs ended the process with exit code 0 during --warm\n");
    expect(exitCode).toBe(2);
  });
});

describe("a pipeline that is loaded", () => {
  it.runIf(everything)("cannot move paths by changing the working folder", async () => {
    const cwd = folderWith({
      "p.mjs": "process.chdir('/'); export default (x) => { if (x === '2') throw new Error('no'); return x; };",
    });
    const args = ["batch", "p.mjs", "-i", "in.txt", "-o", "sub/out.jsonl", "--report", "report.json", "-q"];
    expect((await run(args, { cwd })).code).toBe(1);
    expect(records(cwd, "sub/out.jsonl")).toHaveLength(2);
    expect(records(cwd, "sub/out.errors.jsonl")).toHaveLength(1);
    const files = await run(["batch", "p.mjs", "--files", "in.*", "-q"], { cwd });
    expect(parseRecords(files.stdout)).toEqual([{ index: 0, output: "in.txt" }]);
  });

  it("prints to standard error while records go to standard output", async () => {
    const cwd = folderWith({
      "p.mjs":
        "console.log('loading'); export default (x) => { console.log('at', x); process.stdout.write('raw\\n'); return x; };",
    });
    const toStdout = await run(["batch", "p.mjs", "-i", "in.txt", "-q"], { cwd });
    expect(parseRecords(toStdout.stdout)).toHaveLength(3);
    expect(toStdout.stderr).toContain("loading\nat 1\nraw\n");
    for (const lane of everything ? ["thread", "process"] : []) {
      const { stdout, stderr } = await run(["batch", "p.mjs", "-i", "in.txt", "-q", "--lane", lane], { cwd });
      expect(parseRecords(stdout)).toHaveLength(3);
      expect(stderr).toContain("at 3");
    }
    if (!everything) return;
    const toFile = await run(["batch", "p.mjs", "-i", "in.txt", "-o", "out.jsonl", "-q"], { cwd });
    expect(toFile.stdout).toContain("loading\nat 1\n");
    const plan = await run(["explain", "p.mjs", "--json"], { cwd });
    expect(() => JSON.parse(plan.stdout)).not.toThrow();
  });

  it("is placed in its own file when it does not load", async () => {
    const cwd = folderWith({
      "named.mjs": "export const there = 1;\n",
      "p.mjs": "import { gone } from './named.mjs';\nexport default gone;\n",
      "throws.mjs": "const read = () => {\n  throw new RangeError('deep');\n};\nawait (async () => read())();\n",
    });
    for (const name of ["p.mjs", "throws.mjs"]) {
      const { code, stderr } = await runHere(["batch", name, "-i", "in.txt"], { cwd });
      expect(stderr).toMatch(new RegExp(`^runlane: cannot load ${name.replace(".", "\\.")}(:\\d+)?: [^\\n]*\\n$`));
      expect(stderr).not.toContain("/modules/esm/");
      expect(code).toBe(2);
    }
  });

  it("shows control characters of what it throws, and writes them as they are", async () => {
    const cwd = folderWith({
      "p.mjs": "export default (x) => { throw new Error('\\u001b[2Jgone\\u009b1m\\nline'); };",
    });
    const { stderr } = await runHere(["batch", "p.mjs", "-i", "in.txt", "-q"], { cwd });
    expect(stderr).toContain("\\e[2Jgone\\u009b1m line");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    expect(stderr).not.toMatch(/[\u001b\u009b]/);
    await runHere(["batch", "p.mjs", "-i", "in.txt", "-o", "out.jsonl", "-q"], { cwd });
    expect(records(cwd, "out.errors.jsonl")[0]?.error?.message).toBe("\u001b[2Jgone\u009b1m\nline");
  });
});

describe("Ctrl-C", () => {
  it("ends a run whose loop is blocked the second time", async () => {
    const cwd = folderWith({
      "p.mjs": "export default (x) => { if (x === '2') { console.error('blocked'); for (;;); } return x; };",
    });
    const command = start(["batch", "p.mjs", "-i", "in.txt", "-o", "out.jsonl", "-q"], { cwd });
    await command.says("blocked");
    let ended = false;
    void command.finished.then(() => {
      ended = true;
    });
    // The thread has signals one by one, so the second has to come when it has heard the first.
    for (let count = 0; count < 2 || !ended; count++) {
      command.process.kill("SIGINT");
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    const { code, signal } = await command.finished;
    expect(signal ?? code).toBe("SIGINT");
  });

  it("starts no input that waits", async () => {
    const cwd = folderWith({
      "in.txt": "abcdefghij".split("").join("\n"),
      "p.mjs":
        "export default async (x) => { console.error('started', x); await new Promise((r) => setTimeout(r, 100)); return x; };",
    });
    const command = start(["batch", "p.mjs", "-i", "in.txt", "-o", "out.jsonl", "-q", "-c", "2"], { cwd });
    await command.says("started b");
    command.process.kill("SIGINT");
    await command.says("finishing the");
    const started = command.stderr().match(/started/g)?.length;
    const { code, stderr } = await command.finished;
    expect(code).toBe(130);
    expect(stderr.match(/started/g)?.length).toBe(started);
    expect(records(cwd, "out.jsonl")).toHaveLength(started!);
  });

  it.skipIf(process.platform === "win32")("ends a run that waits for the reader of a named pipe", async () => {
    const cwd = folderWith({ "p.mjs": "console.error('loaded'); export default (x) => x;" });
    expect(spawnSync("mkfifo", [join(cwd, "pipe")]).status).toBe(0);
    const command = start(["batch", "p.mjs", "-i", "in.txt", "-o", "pipe", "-q"], { cwd });
    await command.says("loaded");
    let ended = false;
    void command.finished.then(() => {
      ended = true;
    });
    while (!ended) {
      command.process.kill("SIGINT");
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  });
});
