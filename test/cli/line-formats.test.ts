import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatOf } from "../../src/cli/options.ts";
import { placesOf, readText, valuesOf } from "./read-lines.ts";

describe("formatOf", () => {
  it.each([
    ["a.jsonl", "jsonl"],
    ["a.NDJSON", "jsonl"],
    ["a.json", "json"],
    ["a.csv", "csv"],
    ["a.TSV", "tsv"],
    ["a.txt", "txt"],
    ["a.log", "txt"],
    ["a", "txt"],
    ["-", "jsonl"],
    ["orders.2024.csv.gz", "csv"],
    ["a.jsonl.zst", "jsonl"],
    ["a.gz", "txt"],
    ["folder.csv/a", "txt"],
    ["a.toString", "txt"],
  ])("tells the format from a name, compressed or not, and takes standard input for JSONL: %s", (name, format) => {
    expect(formatOf(name)).toBe(format);
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

  it("tells an input as it was read, whatever became of it since", async () => {
    const [reading] = await readText(' {"n":1.0, "list":[1]} \r\n', "jsonl");
    (reading as { value: { list: unknown[] } }).value.list.push(1n);
    expect(reading?.json).toBe('{"n":1.0, "list":[1]}');
    expect((await readText('{"a":\n', "jsonl"))[0]?.json).toBe('"{\\"a\\":"');
  });

  describe("integers that a number cannot hold", () => {
    const TEXT =
      '{"id":9007199254740993,"text":"9007199254740993","even":1152921504606846976,"real":9007199254740993.5}\n[-12345678901234567890]\n{"id":1}\n';

    it("fail, with the integer and what can be done", async () => {
      const readings = await readText(TEXT, "jsonl");
      expect(readings.map(({ problem }) => problem?.message)).toEqual([
        expect.stringMatching(
          /^data\.jsonl:1: the integer 9007199254740993 would become 9007199254740992; .*--big-integers string/,
        ),
        expect.stringContaining("-12345678901234567890"),
        undefined,
      ]);
      expect(readings[0]?.problem?.code).toBe("RUNLANE_CLI_INVALID_LINE");
    });

    it("are read as text, or rounded, where that is asked for", async () => {
      const [first, second] = valuesOf(await readText(TEXT, "jsonl", { bigIntegers: "string" }));
      expect(first).toEqual({
        id: "9007199254740993",
        text: "9007199254740993",
        even: 2 ** 60,
        real: Number("9007199254740993.5"),
      });
      expect(second).toEqual(["-12345678901234567890"]);
      const rounded = valuesOf(await readText(TEXT, "jsonl", { bigIntegers: "round" }));
      expect(rounded[1]).toEqual([-12345678901234567000]);
    });
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

describe("JSON", () => {
  it("reads the elements of an array, however it is laid out and cut", async () => {
    const element = fc.jsonValue();
    await fc.assert(
      fc.asyncProperty(
        fc.array(element),
        fc.constantFrom(undefined, 1, "\t"),
        fc.integer({ min: 1, max: 9 }),
        async (values, indent, chunkBytes) => {
          const text = JSON.stringify(values, null, indent);
          const readings = await readText(text, "json", { chunkBytes });
          expect(valuesOf(readings)).toEqual(JSON.parse(JSON.stringify(values)));
          expect(readings.map(({ json }) => JSON.parse(json))).toEqual(JSON.parse(JSON.stringify(values)));
        },
      ),
    );
  });

  it("numbers elements by the lines that they begin in, makes failed inputs of bad ones, and passes over those of an earlier run", async () => {
    const text = '\n[\n  {"a": 1},\n  {\n "b": [2, "],"] }, oops, 3\n]\n';
    const readings = await readText(text, "json");
    expect(placesOf(readings)).toEqual(["data.json:3", "data.json:4", "data.json:5", "data.json:5"]);
    expect(readings.map(({ problem }) => problem !== undefined)).toEqual([false, false, true, false]);
    expect(valuesOf(await readText(text, "json", { skip: 3 }))).toEqual([3]);
  });

  it("reads lines of JSON where there is no array", async () => {
    expect(valuesOf(await readText('{"a":1}\n{"a":2}\n', "json"))).toEqual([{ a: 1 }, { a: 2 }]);
  });

  it.each([
    ["[1, 2", /is not closed/],
    ["[1]\n[2]", /line 2 goes on after the end/],
    ['{\n  "a": 1\n}\n', /is no list of inputs.*jq/],
  ])("refuses what is no list of inputs: %s", async (text, message) => {
    await expect(readText(text, "json")).rejects.toThrow(message);
  });

  it("reads an array over several lines also where lines of JSON are expected", async () => {
    expect(valuesOf(await readText('[\n {"a":1},\n {"a":2}\n]\n', "jsonl"))).toEqual([{ a: 1 }, { a: 2 }]);
    expect(valuesOf(await readText("[1,2]\n[3]\n", "jsonl"))).toEqual([[1, 2], [3]]);
  });
});
