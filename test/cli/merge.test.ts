import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { records } from "./command.ts";
import { runHere as run } from "./run-here.ts";
import { scratchFolder } from "./scratch.ts";

const output = (index: number, value: unknown = index) => `{"index":${index},"output":${JSON.stringify(value)}}\n`;
const failure = (index: number) =>
  `{"index":${index},"step":"s","error":{"name":"E","message":"no"},"source":"in:1","input":null}\n`;

/** A folder with files. */
function folder(files: Readonly<Record<string, readonly string[]>>): string {
  const cwd = scratchFolder();
  for (const [name, lines] of Object.entries(files)) writeFileSync(join(cwd, name), lines.join(""));
  return cwd;
}

test("merge joins the outputs of the parts of an input, failures too, and numbers them on", async () => {
  const odd = 'a\u2028b {"index":7} \\ é';
  const cwd = folder({
    "a.jsonl": [output(0, odd), output(2)],
    "a.errors.jsonl": [failure(1), failure(3)],
    "b.jsonl": [],
    "c.jsonl": [output(0), output(1), output(2)],
  });
  const { code, stderr } = await run(["merge", "a.jsonl", "b.jsonl", "c.jsonl", "-o", "all.jsonl"], { cwd });
  expect([code, stderr]).toEqual([0, "runlane: all.jsonl has the records of 7 inputs from 3 parts; 2 failed\n"]);
  expect(readFileSync(join(cwd, "all.jsonl"), "utf8")).toBe(
    [output(0, odd), output(2, 2), output(4, 0), output(5, 1), output(6, 2)].join(""),
  );
  expect(records(cwd, "all.errors.jsonl").map(({ index }) => index)).toEqual([1, 3]);
});

test.each([
  ["a gap", { "a.jsonl": [output(0), output(2)] }, "input 1 has no record"],
  ["a gap at the beginning", { "a.jsonl": [output(1)] }, "input 0 has no record"],
  ["a record twice", { "a.jsonl": [output(0), output(0)] }, "the record of input 0 comes twice, or not in order"],
  ["no order", { "a.jsonl": [output(0), output(2), output(1)] }, "input 1 has no record"],
  [
    "an output and a failure of one input",
    { "a.jsonl": [output(0)], "a.errors.jsonl": [failure(0)] },
    "input 0 has two records, in a.jsonl and a.errors.jsonl",
  ],
  ["a torn end", { "a.jsonl": [output(0), '{"index":1,"outp'] }, "a line that is no record"],
  ["something else", { "a.jsonl": ["hello\n"] }, "a line that is no record"],
  [
    "a run on a cluster that is not done",
    { "a.jsonl": [output(0)], ".a.jsonl.cluster": ['{"run":"r","queue":"q","broker":"b"}\n'] },
    "its run is not done",
  ],
])("merge refuses a part with %s, and leaves no output", async (_, files, words) => {
  const cwd = folder({ "first.jsonl": [output(0)], ...(files as Record<string, string[]>) });
  const { code, stderr } = await run(["merge", "first.jsonl", "a.jsonl", "-o", "all.jsonl"], { cwd });
  expect([code, stderr]).toEqual([2, expect.stringContaining(words)]);
  expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  expect([existsSync(join(cwd, "all.jsonl")), existsSync(join(cwd, "first.jsonl"))]).toEqual([false, true]);
});

test("merge writes over nothing, unless it is told to, and never over a part", async () => {
  const cwd = folder({ "a.jsonl": [output(0)], "all.jsonl": [output(0, "old")] });
  const merge = (...args: string[]) => run(["merge", "a.jsonl", ...args], { cwd });
  expect((await merge("-o", "all.jsonl")).stderr).toContain("has records already");
  expect((await merge("-o", "a.jsonl", "--overwrite")).stderr).toContain("are the same file");
  expect((await merge("-o", "all.jsonl", "--overwrite")).code).toBe(0);
  expect(records(cwd, "all.jsonl")).toEqual([{ index: 0, output: 0 }]);
});
