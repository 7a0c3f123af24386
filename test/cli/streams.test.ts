import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { everything } from "../everything.ts";
import { fixture, parseRecords, records, run, start } from "./command.ts";
import { scratchFolder } from "./scratch.ts";

const MAIN = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const LONG = everything ? 8_000_000 : 2_000_000;
const onPosix = process.platform !== "win32";

/** Runs a line of shell in which `$RUNLANE` stands for the command. */
function shell(line: string, cwd: string): Promise<{ code: number; stdout: string; stderr: string }> {
  const env = { ...process.env, RUNLANE: `${process.execPath} ${MAIN}` };
  return new Promise((resolve) => {
    execFile("sh", ["-c", line], { cwd, env }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr });
    });
  });
}

/** Writes a file of about so many megabytes. */
async function writeLarge(path: string, megabytes: number): Promise<number> {
  const file = createWriteStream(path);
  const text = "lorem ipsum dolor sit amet ".repeat(36);
  let lines = 0;
  for (let written = 0; written < megabytes * 1e6; ) {
    const block = Array.from({ length: 500 }, () => `${JSON.stringify({ n: lines++, text })}\n`).join("");
    written += block.length;
    if (!file.write(block)) await once(file, "drain");
  }
  file.end();
  await once(file, "close");
  return lines;
}

describe("streams", () => {
  it("keeps its memory bounded, whatever the size of the input", async () => {
    const cwd = scratchFolder();
    // Half of the limit is there before the first input.
    const [megabytes, limit] = everything ? [200, 200e6] : [80, 150e6];
    const lines = await writeLarge(join(cwd, "in.jsonl"), megabytes);
    const args = [
      "batch",
      fixture("first-letter.mjs"),
      "-i",
      "in.jsonl",
      "-o",
      "out.jsonl",
      "-q",
      "--report",
      "report.json",
    ];
    expect((await run(args, { cwd })).code).toBe(0);
    const report = JSON.parse((await shell("cat report.json", cwd)).stdout);
    expect(report.inputs).toBe(lines);
    expect(report.peakMemoryBytes).toBeLessThan(limit);
  }, 60_000);

  it("gives records as they come, while the source goes on", async () => {
    const cwd = scratchFolder();
    const command = start(["batch", fixture("shout.mjs"), "-i", "-", "-q"], { cwd });
    const first = once(command.process.stdout as NodeJS.ReadableStream, "data");
    command.process.stdin?.write('"a"\n');
    expect((await first)[0]).toBe('{"index":0,"output":"A"}\n');
    command.process.stdin?.end('"b"\n');
    expect(parseRecords((await command.finished).stdout)).toHaveLength(2);
  });

  it("reads lines of many megabytes, and writes them", async () => {
    const cwd = scratchFolder();
    const long = "ü".repeat(LONG);
    writeFileSync(join(cwd, "in.txt"), `a\n${long}\nb\n`);
    expect((await run(["batch", fixture("shout.mjs"), "-i", "in.txt", "-o", "out.jsonl", "-q"], { cwd })).code).toBe(0);
    expect(records(cwd, "out.jsonl").map(({ output }) => (output as string).length)).toEqual([1, LONG, 1]);
  });

  it.runIf(onPosix)("ends quietly when the reader of its output leaves", async () => {
    const cwd = scratchFolder();
    await writeLarge(join(cwd, "in.jsonl"), 4);
    const line = `{ $RUNLANE batch ${fixture("first-letter.mjs")} -i in.jsonl; echo "exit code $?" >&2; } | head -n 1`;
    const { stdout, stderr } = await shell(line, cwd);
    expect(stdout).toBe('{"index":0,"output":"l"}\n');
    expect(stderr).toBe("exit code 0\n");
  });

  it.runIf(onPosix && everything)("does not run ahead of a slow reader, and loses nothing", async () => {
    const cwd = scratchFolder();
    const lines = await writeLarge(join(cwd, "in.jsonl"), 4);
    const line = `$RUNLANE batch ${fixture("shout.mjs")} -i in.jsonl -q | (sleep 0.3; wc -l)`;
    expect(Number((await shell(line, cwd)).stdout)).toBe(lines);
  });

  it.runIf(onPosix && everything)("reads a named pipe, and can be stopped while it waits for one", async () => {
    const cwd = scratchFolder();
    await shell("mkfifo pipe", cwd);
    const writer = spawn("sh", ["-c", "exec > pipe; echo '\"a\"'; exec sleep 30"], { cwd });
    onTestFinished(() => void writer.kill());
    const command = start(["batch", fixture("shout.mjs"), "-i", "pipe", "--format", "jsonl", "-o", "out.jsonl"], {
      cwd,
    });
    while (!existsSync(join(cwd, "out.jsonl")) || records(cwd, "out.jsonl").length < 1) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    command.process.kill("SIGINT");
    expect((await command.finished).code).toBe(130);
  });

  it.runIf(existsSync("/dev/full"))(
    "ends with one clear line when the disk is full, without touching more",
    async () => {
      const cwd = scratchFolder();
      writeFileSync(join(cwd, "in.txt"), "a\nb\n");
      const { code, stderr } = await run(["batch", fixture("shout.mjs"), "-i", "in.txt", "-o", "/dev/full", "-q"], {
        cwd,
      });
      expect(code).toBe(2);
      expect(stderr).toMatch(/^runlane: cannot write \/dev\/full: no space left on the device \(ENOSPC\)\nContinue:\n/);
    },
  );

  it("keeps what is done when the source fails half-way, and says how to go on", async () => {
    const cwd = scratchFolder();
    const lines = await writeLarge(join(cwd, "in.jsonl"), 2);
    const args = ["batch", fixture("first-letter.mjs"), "-i", "in.jsonl", "-o", "out.jsonl", "-q"];
    const failing = { NODE_OPTIONS: `--import ${pathToFileURL(fixture("failing-read.mjs"))}` };
    const { code, stderr } = await run(args, { cwd, env: failing });
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^runlane: cannot read on in the input in\.jsonl: the disk or its driver failed \(EIO\)\nContinue:\n/,
    );
    expect(records(cwd, "out.jsonl").length).toBeGreaterThan(100);
    expect((await run([...args, "--resume"], { cwd })).code).toBe(0);
    expect(records(cwd, "out.jsonl").map(({ index }) => index)).toEqual([...Array(lines).keys()]);
  });

  it.runIf(onPosix && everything)("can go on after a write that failed half-way", async () => {
    const cwd = scratchFolder();
    const lines = await writeLarge(join(cwd, "in.jsonl"), 1);
    const args = `batch ${fixture("shout.mjs")} -i in.jsonl -o out.jsonl -q`;
    // A limit of 100 blocks on the size of files is a disk that is full in the middle of a record.
    const { code, stderr } = await shell(`ulimit -f 100; $RUNLANE ${args}`, cwd);
    expect(code).toBe(2);
    expect(stderr).toContain("cannot write out.jsonl: the file would be larger than is allowed (EFBIG)");
    expect((await run([...args.split(" "), "--resume"], { cwd })).code).toBe(0);
    expect(records(cwd, "out.jsonl").map(({ index }) => index)).toEqual([...Array(lines).keys()]);
  });

  it.runIf(onPosix && everything)("goes on when standard error is closed", async () => {
    const cwd = scratchFolder();
    writeFileSync(join(cwd, "in.txt"), "a\nfail\n");
    const { code } = await shell(`$RUNLANE batch ${fixture("shout.mjs")} -i in.txt -o out.jsonl 2>&-`, cwd);
    expect(code).toBe(1);
    expect(records(cwd, "out.jsonl")).toHaveLength(1);
  });
});
