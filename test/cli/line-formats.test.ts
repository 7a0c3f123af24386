import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatOf } from "../../src/cli/options.ts";
import { placesOf, readText, valuesOf } from "./read-lines.ts";

describe("formatOf", () => {
  it("tells the format from the name of the file, and takes standard input for JSONL", () => {
    expect(["a.jsonl", "a.NDJSON", "a.csv", "a.txt", "a.log", "a", "-"].map(formatOf)).toEqual([
      "jsonl",
      "jsonl",
      "csv",
      "txt",
      "txt",
      "txt",
      "jsonl",
    ]);
  });
});

describe("JSONL", () => {
  it("reads one value per line and passes over blank lines, which still count as lines", async () => {
    const readings = await readText('{"a":"ü"}\n\n [1,2] \r\n \t\r\nnull\n"x"', "jsonl");
    expect(valuesOf(readings)).toEqual([{ a: "ü" }, [1, 2], null, "x"]);
    expect(placesOf(readings)).toEqual(["data.jsonl:1", "data.jsonl:3", "data.jsonl:5", "data.jsonl:6"]);
  });

  it("reads any JSON value back, however the bytes are cut", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.jsonValue()), fc.integer({ min: 1, max: 9 }), async (values, chunkBytes) => {
        const plain = JSON.parse(JSON.stringify(values));
        const text = values.map((value) => `${JSON.stringify(value)}\n`).join("");
        expect(valuesOf(await readText(text, "jsonl", { chunkBytes }))).toEqual(plain);
      }),
    );
  });

  it("makes a failed input of a bad line, with file, line number and the text of the line, and goes on", async () => {
    const readings = await readText('1\n{"a":\n3\n', "jsonl");
    expect(readings.map(({ value }) => value)).toEqual([1, '{"a":', 3]);
    expect(readings[1]?.problem).toMatchObject({ code: "RUNLANE_CLI_INVALID_LINE" });
    expect(readings[1]?.problem?.message).toMatch(/^data\.jsonl:2: not a JSON value: /);
  });

  it("makes a failed input of a line that is not UTF-8", async () => {
    const text = Buffer.concat([Buffer.from('"a'), Buffer.from([0xc3]), Buffer.from('"\n"b"\n')]);
    expect(valuesOf(await readText(text, "jsonl"))).toEqual(["data.jsonl:1: the line is not valid UTF-8", "b"]);
  });

  it("passes over the inputs of an earlier run, bad lines among them, without counting blank lines", async () => {
    const readings = await readText("1\n\nbad\n3\n4\n", "jsonl", { skip: 2 });
    expect(valuesOf(readings)).toEqual([3, 4]);
    expect(placesOf(readings)).toEqual(["data.jsonl:4", "data.jsonl:5"]);
  });
});

describe("text", () => {
  it("reads every line as a string, empty ones included, without line ends", async () => {
    expect(valuesOf(await readText("\uFEFFa\r\n\n  b \nü", "txt"))).toEqual(["a", "", "  b ", "ü"]);
  });

  it("has no input after the last line feed", async () => {
    expect(valuesOf(await readText("a\n", "txt"))).toEqual(["a"]);
    expect(valuesOf(await readText("", "txt"))).toEqual([]);
  });
});
