import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fixture, run } from "./command.ts";
import { runHere } from "./run-here.ts";
import { scratchFolder } from "./scratch.ts";

const SHOUT = fixture("shout.mjs");
const INPUT = ["--input", "in.jsonl"];
const OUTPUT = ["--output", "out.jsonl"];

/** A folder with all kinds of things that are in the way. */
function folder(): string {
  const cwd = scratchFolder();
  const files = {
    "in.jsonl": '"a"\n',
    "header.csv": "a,a\n1,2\n",
    "utf16.txt": Buffer.from("\uFEFFa\n", "utf16le"),
    "full.jsonl": '{"index":0,"output":1}\n',
    "number.mjs": "export default 42;\n",
    "nothing.mjs": "export const chain = 1;\n",
    "nothing.cjs": "exports.other = undefined; delete exports.other;\n",
    "promise.mjs": "export default Promise.resolve((x) => x);\n",
    "syntax.mjs": "export const a = 1;\nexport default (x) => x +;\n",
    "syntax.ts": "const a: number = 1;\nexport default (x: number) => x + a +;\n",
    "throws.mjs": "\n\nconst secret = undefined;\nexport default secret.key;\n",
    "throws.ts": "interface A {\n  b: string;\n}\nconst a = undefined as unknown as A;\nexport default a.b;\n",
    "package.mjs": 'import a from "./in-between.mjs";\nexport default a;\n',
    "in-between.mjs": 'export const x = 1;\nimport thing from "no-such-thing";\nexport default thing;\n',
    "file.mjs": 'import "./gone.mjs";\n',
  };
  for (const [name, content] of Object.entries(files)) writeFileSync(join(cwd, name), content);
  mkdirSync(join(cwd, "folder"));
  return cwd;
}

/** TypeScript needs a loader, which would stay. The others show that the command itself says and returns what its program does. */
const IN_A_PROCESS = /TypeScript|an unknown command|a missing pipeline/;

describe("a run that cannot start", () => {
  it.each<[what: string, args: string[], message: RegExp]>([
    ["no pipeline", ["batch"], /missing required argument 'pipeline'/],
    ["no input", ["batch", SHOUT], /there is no input; name one with --input <file> or --files <glob>/],
    ["two kinds of input", ["batch", SHOUT, ...INPUT, "--files", "*"], /--input and --files exclude each other/],
    [
      "an unknown option",
      ["batch", SHOUT, ...INPUT, "--outputs", "x"],
      /unknown option '--outputs' \(Did you mean --output\?\)/,
    ],
    ["an unknown command", ["bach"], /unknown command 'bach' \(Did you mean batch\?\)/],
    [
      "a concurrency of 0",
      ["batch", SHOUT, ...INPUT, "-c", "0"],
      /'0' is invalid\. It must be a whole number from 1 up/,
    ],
    ["a concurrency that is no number", ["batch", SHOUT, ...INPUT, "-c", "many"], /'many' is invalid/],
    ["a limit of 1.5", ["batch", SHOUT, ...INPUT, "--limit", "1.5"], /'1.5' is invalid/],
    ["a limit below 0", ["batch", SHOUT, ...INPUT, "--limit=-1"], /'-1' is invalid/],
    [
      "an unknown format",
      ["batch", SHOUT, ...INPUT, "--format", "xml"],
      /Allowed choices are jsonl, json, csv, tsv, txt/,
    ],
    ["a format for files", ["batch", SHOUT, "--files", "*", "--format", "csv"], /--format is for the lines of --input/],
    [
      "both resume and overwrite",
      ["batch", SHOUT, ...INPUT, ...OUTPUT, "--resume", "--overwrite"],
      /cannot be used with/,
    ],
    ["resume without an output", ["batch", SHOUT, ...INPUT, "--resume"], /--resume continues an output file/],
    [
      "a missing input file",
      ["batch", SHOUT, "-i", "gone.jsonl", ...OUTPUT],
      /cannot read the input gone\.jsonl: it does not exist/,
    ],
    ["a folder as input", ["batch", SHOUT, "-i", "folder", ...OUTPUT], /the input folder is a folder; use --files/],
    ["no matching file", ["batch", SHOUT, "--files", "*.md", ...OUTPUT], /no file matches \*\.md/],
    [
      "a bad CSV header",
      ["batch", SHOUT, "-i", "header.csv", ...OUTPUT],
      /header\.csv:1: the header has the column "a" twice/,
    ],
    ["UTF-16", ["batch", SHOUT, "-i", "utf16.txt", ...OUTPUT], /utf16\.txt is UTF-16/],
    [
      "an output that is there",
      ["batch", SHOUT, ...INPUT, "-o", "full.jsonl"],
      /full\.jsonl has records already.*--resume.*--overwrite/,
    ],
    ["a folder as output", ["batch", SHOUT, ...INPUT, "-o", "folder"], /cannot write folder: it is a folder/],
    [
      "an output below a file",
      ["batch", SHOUT, ...INPUT, "-o", "in.jsonl/out.jsonl"],
      /cannot write in\.jsonl\/out\.jsonl/,
    ],
    [
      "a device that takes no files",
      ["batch", SHOUT, ...INPUT, "-o", "/proc/out.jsonl"],
      /cannot write \/proc\/out\.jsonl/,
    ],
    ["unwritable errors", ["batch", SHOUT, ...INPUT, ...OUTPUT, "--errors", "folder"], /cannot write folder/],
    ["an unwritable report", ["batch", SHOUT, ...INPUT, ...OUTPUT, "--report", "folder"], /cannot write folder/],
    [
      "the input as output",
      ["batch", SHOUT, ...INPUT, "-o", "./in.jsonl", "--overwrite"],
      /the output and the input are the same file/,
    ],
    ["a missing pipeline", ["batch", "gone.ts", ...INPUT, ...OUTPUT], /there is no pipeline module gone\.ts/],
    [
      "a number as pipeline",
      ["batch", "number.mjs", ...INPUT, ...OUTPUT],
      /number\.mjs needs a runnable.* but it is the number 42/,
    ],
    ["no default export", ["batch", "nothing.mjs", ...INPUT, ...OUTPUT], /nothing\.mjs needs .* but it has none/],
    [
      "an empty CommonJS module",
      ["batch", "nothing.cjs", ...INPUT, ...OUTPUT],
      /nothing\.cjs needs .* but it is an empty object/,
    ],
    ["a promise as pipeline", ["batch", "promise.mjs", ...INPUT, ...OUTPUT], /write export default await/],
    [
      "a syntax error",
      ["batch", "syntax.mjs", ...INPUT, ...OUTPUT],
      /cannot load syntax\.mjs:2: SyntaxError: Unexpected token/,
    ],
    ["a syntax error in TypeScript", ["batch", "syntax.ts", ...INPUT, ...OUTPUT], /cannot load syntax\.ts:2: /],
    [
      "a module that throws",
      ["batch", "throws.mjs", ...INPUT, ...OUTPUT],
      /cannot load throws\.mjs:4: TypeError: Cannot read/,
    ],
    [
      "a TypeScript module that throws",
      ["batch", "throws.ts", ...INPUT, ...OUTPUT],
      /cannot load throws\.ts:5: TypeError: Cannot read/,
    ],
    [
      "a package that is not installed",
      ["batch", "package.mjs", ...INPUT, ...OUTPUT],
      /cannot load in-between\.mjs:2: the package no-such-thing is not/,
    ],
    [
      "a missing module",
      ["batch", "file.mjs", ...INPUT, ...OUTPUT],
      /cannot load file\.mjs:1: there is no file gone\.mjs/,
    ],
  ])("ends with exit code 2 and one line: %s", async (what, args, message) => {
    const cwd = folder();
    const before = readdirSync(cwd, { recursive: true });
    const { code, stdout, stderr } = await (IN_A_PROCESS.test(what) ? run : runHere)(args, { cwd });
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^runlane: [^\n]+\n$/);
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(readdirSync(cwd, { recursive: true })).toEqual(before);
    expect(readFileSync(join(cwd, "full.jsonl"), "utf8")).toBe('{"index":0,"output":1}\n');
  });
});
