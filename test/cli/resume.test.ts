import { closeSync, existsSync, ftruncateSync, openSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Destination, planDestination } from "../../src/cli/output/destination.ts";
import { failureLine, outputLine } from "../../src/cli/output/record.ts";
import { RecordWriter } from "../../src/cli/output/record-writer.ts";
import { everything } from "../everything.ts";
import { scratchFolder } from "./scratch.ts";

const standard = { output: () => expect.unreachable("stdout"), errors: () => expect.unreachable("stderr") };

function plan(folder: string, options: { resume?: boolean; overwrite?: boolean; force?: boolean } = {}): Destination {
  const { resume = false, overwrite = false, force = false } = options;
  return planDestination({ output: join(folder, "out.jsonl"), resume, overwrite, force, taken: {} });
}

/** The line that input `index` gets: its length varies, and so does its file. */
function lineOf(index: number, fails: boolean): string {
  const text = "ü€😀".repeat(index % 3);
  if (!fails) return outputLine(index, { text });
  return failureLine({ index, step: "s", error: text, source: `in:${index}`, inputJson: JSON.stringify(text) });
}

/** Writes the records of a run from where it has to start; a true in `fails` is an input that fails. */
async function write(destination: Destination, fails: readonly boolean[]): Promise<void> {
  const { output, errors } = destination.open(standard);
  const writer = new RecordWriter(output, errors);
  for (let index = destination.firstIndex; index < fails.length; index++) {
    if (fails[index]) writer.error(lineOf(index, true));
    else writer.output(lineOf(index, false));
  }
  await writer.close();
}

/** What the two files hold. */
function contents(folder: string): string[] {
  const paths = ["out.jsonl", "out.errors.jsonl"].map((name) => join(folder, name));
  return paths.map((path) => (existsSync(path) ? readFileSync(path, "utf8") : ""));
}

/** Leaves what a process leaves that dies after it has written so many bytes, in the order of the indices. */
function writeUntil(folder: string, fails: readonly boolean[], bytes: number): void {
  const files = [Buffer.alloc(0), Buffer.alloc(0)];
  let left = bytes;
  for (const [index, failed] of fails.entries()) {
    const line = Buffer.from(lineOf(index, failed)).subarray(0, left);
    left -= line.length;
    files[failed ? 1 : 0] = Buffer.concat([files[failed ? 1 : 0] as Buffer, line]);
  }
  writeFileSync(join(folder, "out.jsonl"), files[0] as Buffer);
  if ((files[1] as Buffer).length > 0) writeFileSync(join(folder, "out.errors.jsonl"), files[1] as Buffer);
}

const FAILS = everything ? [false, true, false, false, true, true, false] : [false, true, true, false];

describe("a run that is resumed", () => {
  it("gives what an uninterrupted run gives, wherever the process died: at every byte, in characters too", async () => {
    const folder = scratchFolder();
    await write(plan(folder), FAILS);
    const whole = contents(folder);
    const size = Buffer.byteLength(whole.join(""));
    for (let bytes = 0; bytes <= size; bytes++) {
      const cut = scratchFolder();
      writeUntil(cut, FAILS, bytes);
      const destination = plan(cut, { resume: true });
      await write(destination, FAILS);
      expect(contents(cut), `died after ${bytes} bytes`).toEqual(whole);
    }
  });

  it("gives what an uninterrupted run gives when either file has lost any part of its end, as after a power cut", async () => {
    const folder = scratchFolder();
    await write(plan(folder), FAILS);
    const whole = contents(folder);
    for (const [file, name] of ["out.jsonl", "out.errors.jsonl"].entries()) {
      const size = Buffer.byteLength(whole[file] as string);
      for (let bytes = 0; bytes < size; bytes++) {
        const cut = scratchFolder();
        await write(plan(cut), FAILS);
        truncateSync(join(cut, name), bytes);
        await write(plan(cut, { resume: true, force: true }), FAILS);
        expect(contents(cut), `${name} cut at ${bytes}`).toEqual(whole);
      }
    }
  });

  it("finds the next index in either file, in runs of any kind", () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 30 }), fc.nat(), (fails, cut) => {
        const folder = scratchFolder();
        const lines = fails.map((failed, index) => Buffer.byteLength(lineOf(index, failed)));
        const bytes = cut % (lines.reduce((sum, length) => sum + length, 0) + 1);
        writeUntil(folder, fails, bytes);
        let whole = 0;
        for (let used = 0; whole < lines.length && used + (lines[whole] as number) <= bytes; whole++) {
          used += lines[whole] as number;
        }
        const destination = plan(folder, { resume: true });
        expect(destination.firstIndex).toBe(whole);
        expect(destination.failedEarlier).toBe(fails.slice(0, whole).includes(true));
      }),
      { numRuns: 50 },
    );
  });

  it("is refused where the errors file is missing or has lost records, since work would be thrown away", async () => {
    const folder = scratchFolder();
    await write(plan(folder), FAILS);
    const whole = contents(folder);
    truncateSync(join(folder, "out.errors.jsonl"), 0);
    expect(() => plan(folder, { resume: true })).toThrow(/has no record of input 1.*--errors.*--force/);
    expect(contents(folder)[0]).toBe(whole[0]);
  });

  it("finds the gaps of a process that died between the two files, also behind a record of any size", () => {
    const folder = scratchFolder();
    const errors = [1, 3, 5].map((index) => lineOf(index, true));
    writeFileSync(join(folder, "out.jsonl"), lineOf(0, false));
    writeFileSync(join(folder, "out.errors.jsonl"), errors.join(""));
    expect(plan(folder, { resume: true }).firstIndex).toBe(2);
    const huge = failureLine({
      index: 7,
      step: "s",
      error: "e",
      source: "in",
      inputJson: `"${"x".repeat(70_000_000)}"`,
    });
    writeFileSync(join(folder, "out.errors.jsonl"), huge, { flag: "a" });
    expect(plan(folder, { resume: true }).firstIndex).toBe(2);
  });

  it("changes nothing before it is opened", () => {
    const folder = scratchFolder();
    writeUntil(folder, FAILS, 40);
    const before = contents(folder);
    plan(folder, { resume: true });
    expect(contents(folder)).toEqual(before);
  });

  it("starts at the beginning when there is no output, or an empty one", () => {
    const folder = scratchFolder();
    expect(plan(folder, { resume: true })).toMatchObject({ firstIndex: 0, failedEarlier: false });
    writeFileSync(join(folder, "out.jsonl"), "");
    expect(plan(folder, { resume: true })).toMatchObject({ firstIndex: 0, failedEarlier: false });
  });

  it("finds the end of a large file with long records without reading it all", () => {
    const folder = scratchFolder();
    const path = join(folder, "out.jsonl");
    writeFileSync(path, `${outputLine(0, "x".repeat(3_000_000))}${outputLine(1, "y".repeat(200_000))}`);
    expect(plan(folder, { resume: true }).firstIndex).toBe(2);
    // A hole of 100 GB: only a reader that starts at the end, and knows when to stop, gets through in time.
    const fd = openSync(path, "w");
    ftruncateSync(fd, 1e11);
    closeSync(fd);
    writeFileSync(path, "\n", { flag: "a" });
    for (let index = 0; index < 70; index++)
      writeFileSync(path, outputLine(index, "x".repeat(1_000_000)), { flag: "a" });
    expect(plan(folder, { resume: true }).firstIndex).toBe(70);
  });

  it("refuses files that are not its own", () => {
    const folder = scratchFolder();
    const [output, errors] = ["out.jsonl", "out.errors.jsonl"].map((name) => join(folder, name)) as [string, string];
    writeFileSync(output, '{"id":1}\n');
    expect(() => plan(folder, { resume: true })).toThrow(/holds a line that is no record of runlane batch/);
    writeFileSync(output, lineOf(0, false));
    writeFileSync(errors, lineOf(0, true));
    expect(() => plan(folder, { resume: true })).toThrow(/both have one of input 0/);
    writeFileSync(errors, lineOf(2, true) + lineOf(1, true));
    writeFileSync(output, lineOf(0, false) + lineOf(3, false) + lineOf(3, false));
    expect(() => plan(folder, { resume: true })).toThrow(/not in order/);
  });
});
