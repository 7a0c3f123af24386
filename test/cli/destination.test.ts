import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { checkWritable, type DestinationOptions, planDestination } from "../../src/cli/output/destination.ts";
import { scratchFolder } from "./scratch.ts";

const standard = { output: () => expect.unreachable("stdout"), errors: () => expect.unreachable("stderr") };
const plan = (options: Partial<DestinationOptions>) =>
  planDestination({ resume: false, overwrite: false, taken: {}, ...options });

describe("planDestination", () => {
  it("puts the errors file beside the output", () => {
    const folder = scratchFolder();
    const errorsOf = (name: string) => plan({ output: join(folder, name) }).errors;
    expect(errorsOf("out.jsonl")).toBe(join(folder, "out.errors.jsonl"));
    expect(errorsOf("out.v2.ndjson")).toBe(join(folder, "out.v2.errors.jsonl"));
    expect(errorsOf("out")).toBe(join(folder, "out.errors.jsonl"));
    expect(plan({ output: "/dev/null" }).errors).toBeUndefined();
    expect(plan({}).errors).toBeUndefined();
  });

  it("creates nothing while it plans, then missing folders and the output, and the errors file with the first error", () => {
    const folder = scratchFolder();
    const output = join(folder, "a", "b", "out.jsonl");
    const destination = plan({ output });
    expect(readdirSync(folder)).toEqual([]);
    const sinks = destination.open(standard);
    expect(readdirSync(join(folder, "a", "b"))).toEqual(["out.jsonl"]);
    void sinks.errors.write("x\n");
    expect(readFileSync(join(folder, "a", "b", "out.errors.jsonl"), "utf8")).toBe("x\n");
    sinks.output.close();
    sinks.errors.close();
  });

  it.each(["out.jsonl", "out.errors.jsonl"])("refuses to mix with records that are there: %s", (name) => {
    const folder = scratchFolder();
    writeFileSync(join(folder, name), "records\n");
    const output = join(folder, "out.jsonl");
    expect(() => plan({ output })).toThrow(/has records already.*--resume.*--overwrite/);
    expect(readFileSync(join(folder, name), "utf8")).toBe("records\n");
  });

  it("replaces what is there with overwrite, an old errors file included", () => {
    const folder = scratchFolder();
    const output = join(folder, "out.jsonl");
    writeFileSync(output, "old\n");
    writeFileSync(join(folder, "out.errors.jsonl"), "old\n");
    plan({ output, overwrite: true }).open(standard).output.close();
    expect(readFileSync(output, "utf8")).toBe("");
    expect(existsSync(join(folder, "out.errors.jsonl"))).toBe(false);
  });

  it("takes an empty output file for none", () => {
    const output = join(scratchFolder(), "out.jsonl");
    writeFileSync(output, "");
    expect(plan({ output }).firstIndex).toBe(0);
  });

  it("refuses a file that the run uses otherwise, under whatever name", () => {
    const folder = scratchFolder();
    const input = join(folder, "in.jsonl");
    writeFileSync(input, "");
    symlinkSync(input, join(folder, "link.jsonl"));
    const taken = { "the input": input, "the report": join(folder, "report.json") };
    expect(() => plan({ output: join(folder, "link.jsonl"), taken })).toThrow(
      /the output and the input are the same file/,
    );
    expect(() => plan({ output: join(folder, "x", "..", "report.json"), taken })).toThrow(
      /the output and the report are/,
    );
    const output = join(folder, "out.jsonl");
    expect(() => plan({ output, errors: output })).toThrow(/the errors file and the output are the same file/);
  });

  it("resumes files only", () => {
    expect(() => plan({ resume: true })).toThrow(/name it with --output/);
    expect(() => plan({ resume: true, output: "/dev/null" })).toThrow(/regular files/);
  });
});

describe("checkWritable", () => {
  it("says why a file cannot be written", () => {
    const folder = scratchFolder();
    writeFileSync(join(folder, "file"), "");
    mkdirSync(join(folder, "folder"));
    expect(() => checkWritable(join(folder, "folder"))).toThrow(/cannot write .*folder: it is a folder \(EISDIR\)/);
    expect(() => checkWritable(join(folder, "file", "out.jsonl"))).toThrow(/is a file, not a folder \(ENOTDIR\)/);
    expect(() => checkWritable(join(folder, "new", "out.jsonl"))).not.toThrow();
  });
});
