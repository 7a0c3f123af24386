import { linkSync, mkdirSync, openSync, readFileSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { everything } from "../everything.ts";
import { fixture, records, runWithStreams, start } from "./command.ts";
import { runHere } from "./run-here.ts";
import { scratchFolder } from "./scratch.ts";

const SHOUT = fixture("shout.mjs");
const LINES = '"a"\n"b"\n';

function folderWith(files: Record<string, string>): string {
  const cwd = scratchFolder();
  for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text);
  return cwd;
}

describe("an output that is also an input", () => {
  it.each<[what: string, args: string[]]>([
    ["by a hard link", ["-i", "in.jsonl", "-o", "hard.jsonl"]],
    ["by a symbolic link", ["-i", "in.jsonl", "-o", "soft.jsonl"]],
    ["by a link to its folder", ["-i", "in.jsonl", "-o", "folder/in.jsonl"]],
    ["as errors file", ["-i", "in.jsonl", "-o", "out.jsonl", "--errors", "hard.jsonl"]],
    ["as report", ["-i", "in.jsonl", "-o", "out.jsonl", "--report", "soft.jsonl"]],
    ["as a file of --files", ["--files", "in.jsonl", "other.txt", "-o", "in.jsonl"]],
    ["as a file of --files by another name", ["--files", "./in.jsonl", "-o", "hard.jsonl"]],
  ])("is refused before anything is written: %s", async (_what, args) => {
    const cwd = folderWith({ "in.jsonl": LINES, "other.txt": "x" });
    linkSync(join(cwd, "in.jsonl"), join(cwd, "hard.jsonl"));
    symlinkSync("in.jsonl", join(cwd, "soft.jsonl"));
    symlinkSync(".", join(cwd, "folder"));
    const { code, stderr } = await runHere(["batch", SHOUT, ...args, "--overwrite"], { cwd });
    expect(stderr).toMatch(/^runlane: the .* are the same file.*\n$/);
    expect(code).toBe(2);
    expect(readFileSync(join(cwd, "in.jsonl"), "utf8")).toBe(LINES);
  });

  it.each([
    ["-", "in.jsonl"],
    ...(everything
      ? [
          ["/dev/stdin", "in.jsonl"],
          ["/proc/self/fd/0", "./in.jsonl"],
        ]
      : []),
  ] as [string, string][])("is refused by its descriptor: -i %s", async (input, output) => {
    const cwd = folderWith({ "in.jsonl": LINES });
    const stdin = openSync(join(cwd, "in.jsonl"), "r");
    const args = ["batch", SHOUT, "-i", input, "--format", "jsonl", "-o", output, "--overwrite"];
    expect((await runWithStreams(args, cwd, [stdin, "pipe", "pipe"])).code).toBe(2);
    expect(readFileSync(join(cwd, "in.jsonl"), "utf8")).toBe(LINES);
  });

  it("is refused when standard output leads into it", async () => {
    const cwd = folderWith({ "in.jsonl": LINES });
    const stdout = openSync(join(cwd, "in.jsonl"), "a");
    const { code, stderr } = await runWithStreams(["batch", SHOUT, "-i", "in.jsonl", "-q"], cwd, [
      "ignore",
      stdout,
      "pipe",
    ]);
    expect(stderr).toContain("standard output leads into the input");
    expect(code).toBe(2);
    expect(readFileSync(join(cwd, "in.jsonl"), "utf8")).toBe(LINES);
  });

  it("is no input where a pattern finds it, nor are errors and reports", async () => {
    const cwd = folderWith({ "a.jsonl": "", "b.jsonl": "", "out.jsonl": "", "report.jsonl": "", "stdout.jsonl": "" });
    const args = [
      "batch",
      SHOUT,
      "--files",
      "*.jsonl",
      "-o",
      "out.jsonl",
      "--report",
      "report.jsonl",
      "--errors",
      "e.jsonl",
    ];
    const stdout = openSync(join(cwd, "stdout.jsonl"), "w");
    expect((await runHere(args, { cwd })).code).toBe(0);
    expect(records(cwd, "out.jsonl").map(({ output }) => output)).toEqual(["A.JSONL", "B.JSONL", "STDOUT.JSONL"]);
    await runWithStreams(["batch", SHOUT, "--files", "{a,stdout}.jsonl", "-q"], cwd, ["ignore", stdout, "pipe"]);
    expect(records(cwd, "stdout.jsonl").map(({ output }) => output)).toEqual(["A.JSONL"]);
  });
});

describe("an option that would be forgotten or destroy something", () => {
  it.each<[what: string, args: string[], message: RegExp]>([
    ["an input that is given twice", ["-i", "in.jsonl", "-i", "in.jsonl"], /It is given twice/],
    [
      "a report over records",
      ["-i", "in.jsonl", "-o", "out.jsonl", "--report", "records.jsonl"],
      /records\.jsonl is no report/,
    ],
    ["--force alone", ["-i", "in.jsonl", "--force"], /--force is for --resume/],
  ])("is refused: %s", async (_what, args, message) => {
    const cwd = folderWith({ "in.jsonl": LINES, "records.jsonl": '{"index":0,"output":1}\n' });
    const { code, stderr } = await runHere(["batch", SHOUT, ...args], { cwd });
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
    expect(readFileSync(join(cwd, "records.jsonl"), "utf8")).toBe('{"index":0,"output":1}\n');
  });
});

describe("a lock", () => {
  it("keeps a second run from the same output, by any name, and from the same errors file", async () => {
    const cwd = folderWith({ "in.txt": "now\nwait\n" });
    const args = ["batch", fixture("gate.mjs"), "-i", "in.txt"];
    const first = start([...args, "-o", "out.jsonl"], { cwd });
    await first.says("started wait");
    symlinkSync("out.jsonl", join(cwd, "link.jsonl"));
    for (const other of [
      ["-o", "out.jsonl", "--resume"],
      ["-o", "link.jsonl", "--errors", "out.errors.jsonl", "--resume"],
      ["-o", "new.jsonl", "--errors", "out.errors.jsonl"],
    ]) {
      const { code, stderr } = await runHere([...args, ...other], { cwd });
      expect(stderr).toContain(`is being written by process ${first.process.pid}`);
      expect(code).toBe(2);
    }
    writeFileSync(join(cwd, "open"), "");
    expect((await first.finished).code).toBe(0);
    expect((await runHere([...args, "-o", "out.jsonl", "--resume"], { cwd })).code).toBe(0);
  });

  it.each([
    ["a process that is dead", { pid: 999_999_999, started: "x" }],
    ["a process whose number has another one now", { pid: process.pid, started: "another start" }],
  ])("is no obstacle when it is that of %s", async (_what, owner) => {
    const cwd = folderWith({ "in.jsonl": LINES });
    writeFileSync(join(cwd, ".out.jsonl.lock"), JSON.stringify({ ...owner, host: hostname() }));
    expect((await runHere(["batch", SHOUT, "-i", "in.jsonl", "-o", "out.jsonl"], { cwd })).code).toBe(0);
  });

  it("is one when nobody can tell whose it is", async () => {
    const cwd = folderWith({
      "in.jsonl": LINES,
      ".out.jsonl.lock": JSON.stringify({ pid: 1, started: "", host: "elsewhere" }),
    });
    const { code, stderr } = await runHere(["batch", SHOUT, "-i", "in.jsonl", "-o", "out.jsonl"], { cwd });
    expect(stderr).toContain("is being written by process 1 on elsewhere");
    expect(stderr).toContain(".out.jsonl.lock");
    expect(code).toBe(2);
  });
});

describe("a run that is resumed with something else", () => {
  const args = ["batch", "p.mjs", "-i", "in.jsonl", "-o", "out.jsonl", "-q"];

  async function interrupted(): Promise<string> {
    const cwd = folderWith({ "in.jsonl": '"a"\n"fail"\n"c"\n"d"\n' });
    writeFileSync(join(cwd, "p.mjs"), readFileSync(SHOUT));
    expect((await runHere([...args, "--limit", "3"], { cwd })).code).toBe(1);
    return cwd;
  }

  it.each<[what: string, change: (cwd: string) => void, more: string[], message: RegExp]>([
    [
      "another input",
      (cwd) => writeFileSync(join(cwd, "in.jsonl"), '"x"\n"y"\n"z"\n"w"\n'),
      [],
      /the input begins otherwise/,
    ],
    [
      "another pipeline",
      (cwd) => writeFileSync(join(cwd, "p.mjs"), "export default (x) => x;"),
      [],
      /the module of the pipeline has changed/,
    ],
    ["another format", () => {}, ["--format", "txt"], /--format is txt and was not there/],
    [
      "another errors file",
      () => {},
      ["--errors", "other.jsonl"],
      /failed inputs go to other\.jsonl and went to out\.errors\.jsonl/,
    ],
    [
      "an errors file that has gone",
      (cwd) => renameSync(join(cwd, "out.errors.jsonl"), join(cwd, "moved")),
      [],
      /has no record of input 1/,
    ],
  ])("is refused, with what differs, and goes on with --force: %s", async (_what, change, more, message) => {
    const cwd = await interrupted();
    change(cwd);
    const before = readFileSync(join(cwd, "out.jsonl"), "utf8");
    const { code, stderr } = await runHere([...args, "--resume", ...more], { cwd });
    expect(stderr).toMatch(message);
    expect(stderr).toContain("--force");
    expect(code).toBe(2);
    expect(readFileSync(join(cwd, "out.jsonl"), "utf8")).toBe(before);
    expect((await runHere([...args, "--resume", "--force", ...more], { cwd })).code).not.toBe(2);
  });

  it("is refused when the input ends before what has been done", async () => {
    const cwd = await interrupted();
    writeFileSync(join(cwd, "in.jsonl"), '"a"\n');
    const { code, stderr } = await runHere([...args, "--resume", "--force"], { cwd });
    expect(stderr).toContain("in.jsonl has 1 inputs, and 3 have a record already");
    expect(code).toBe(2);
    expect(records(cwd, "out.jsonl")).toHaveLength(2);
  });

  it("goes on when the input has only grown", async () => {
    const cwd = await interrupted();
    writeFileSync(join(cwd, "in.jsonl"), '"e"\n', { flag: "a" });
    await runHere([...args, "--resume"], { cwd });
    expect(records(cwd, "out.jsonl").map(({ output }) => output)).toEqual(["A", "C", "D", "E"]);
    mkdirSync(join(cwd, "docs"));
    const files = ["batch", "p.mjs", "--files", "docs/*", "-o", "files.jsonl", "-q"];
    writeFileSync(join(cwd, "docs", "b"), "");
    expect((await runHere(files, { cwd })).code).toBe(0);
    writeFileSync(join(cwd, "docs", "c"), "");
    expect((await runHere([...files, "--resume"], { cwd })).code).toBe(0);
    writeFileSync(join(cwd, "docs", "a"), "");
    expect((await runHere([...files, "--resume"], { cwd })).stderr).toContain("the input begins otherwise");
  });
});
