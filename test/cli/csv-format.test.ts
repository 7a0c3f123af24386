import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CsvFormat } from "../../src/cli/input/csv-format.ts";
import { placesOf, readingsOf, readText, valuesOf } from "./read-lines.ts";

const quoted = (field: string) => `"${field.replaceAll('"', '""')}"`;

describe("CSV", () => {
  it("reads one object per row, with the columns of the header as keys", async () => {
    const readings = await readText("\uFEFFid,näme\r\n1,Anna\r\n\r\n2,\r\n", "csv");
    expect(valuesOf(readings)).toEqual([
      { id: "1", näme: "Anna" },
      { id: "2", näme: "" },
    ]);
    expect(placesOf(readings)).toEqual(["data.csv:2", "data.csv:4"]);
  });

  it("reads back what was quoted: commas, quotes and line ends in fields", async () => {
    const field = fc.string({ unit: fc.constantFrom("a", "ü", ",", '"', "\n", "\r\n", " ") });
    const row = fc.record({ first: field, second: field });
    const sizes = fc.integer({ min: 1, max: 9 });
    await fc.assert(
      fc.asyncProperty(fc.array(row), sizes, fc.constantFrom("\n", "\r\n"), async (rows, chunkBytes, lineEnd) => {
        const lines = rows.map(({ first, second }) => `${quoted(first)},${quoted(second)}`);
        const text = ["first,second", ...lines].join(lineEnd);
        expect(valuesOf(await readText(text, "csv", { chunkBytes }))).toEqual(rows);
      }),
    );
  });

  it("numbers a row by the line it starts in, after rows of several lines", async () => {
    const readings = await readText('a,b\n1,"x\ny\nz"\n2,w\n', "csv", { chunkBytes: 1000 });
    expect(placesOf(readings)).toEqual(["data.csv:2", "data.csv:5"]);
  });

  it("makes a failed input of a row with too few or too many fields", async () => {
    const readings = await readText("a,b\n1\n1,2\n1,2,3\n", "csv", { chunkBytes: 1000 });
    expect(valuesOf(readings)).toEqual([
      "data.csv:2: the header has 2 columns, but this record has 1",
      { a: "1", b: "2" },
      "data.csv:4: the header has 2 columns, but this record has 3",
    ]);
    expect(readings[0]?.value).toBe("1");
  });

  it("loses one line to a stray quote, not the rest of the file", async () => {
    const text = 'size,name\n5" disk,a\n1,"b, c"\n2,d\n3" tape,e\n4,"f"g\n5,h\n6,"open\n7,i\n';
    const readings = await readText(text, "csv");
    const failed = readings.filter(({ problem }) => problem !== undefined);
    expect(placesOf(failed)).toEqual(["data.csv:2", "data.csv:5", "data.csv:6", "data.csv:8"]);
    expect(readings.map(({ value }) => value)).toEqual([
      '5" disk,a',
      { size: "1", name: "b, c" },
      { size: "2", name: "d" },
      '3" tape,e',
      '4,"f"g',
      { size: "5", name: "h" },
      '6,"open',
      { size: "7", name: "i" },
    ]);
    expect(failed.at(-1)?.problem?.message).toBe("data.csv:8: a quoted field is opened and never closed");
  });

  it("does not let an open quote hold back more than so many characters", () => {
    const format = new CsvFormat({ name: "data.csv", skip: 0 }, 100);
    const lines = ["a,b", '1,"open', ...Array.from({ length: 20 }, (_, n) => `${n},plain`)];
    format.lines(lines, 1, lines.join("\n"));
    const readings = readingsOf(format.take());
    expect(readings.length).toBeGreaterThan(10);
    expect(readings[0]?.problem?.message).toContain("not closed within 100 characters");
    expect(readings[1]?.value).toEqual({ a: "0", b: "plain" });
  });

  it("reads the same inputs after skipping some, whatever they look like", async () => {
    const text = 'a,b\n1,x\n5" bad,y\n2,"two\nlines"\n\n3\n4,z\n"5",w\n';
    const all = await readText(text, "csv");
    expect(all).toHaveLength(6);
    for (let skip = 0; skip <= all.length; skip++)
      expect(await readText(text, "csv", { skip })).toEqual(all.slice(skip));
  });

  it("keeps the order of rows and of lines that are no text", async () => {
    const text = Buffer.concat([Buffer.from('a,b\n1,x\n2,"open\n3,'), Buffer.from([0xff]), Buffer.from("\n4,y\n")]);
    const readings = await readText(text, "csv", { chunkBytes: 1000 });
    expect(placesOf(readings)).toEqual(["data.csv:2", "data.csv:3", "data.csv:4", "data.csv:5"]);
    expect(readings.map(({ problem }) => problem !== undefined)).toEqual([false, true, true, false]);
  });

  it("finds the bad rows of a large block", async () => {
    const rows = Array.from({ length: 5000 }, (_, n) => (n % 777 === 5 ? `${n},1,2` : `${n},x`));
    const readings = await readText(["a,b", ...rows].join("\n"), "csv", { chunkBytes: 1_000_000 });
    expect(readings).toHaveLength(5000);
    const failed = readings.flatMap(({ problem }, index) => (problem === undefined ? [] : [index]));
    expect(failed).toEqual([5, 782, 1559, 2336, 3113, 3890, 4667]);
  });

  it("tells an input as it was read, whatever became of it since, quoted fields included", async () => {
    const readings = await readText('a,b\n1,"x, ""y"""\n2,z\n', "csv");
    (readings[0]?.value as Record<string, string>).a = "changed";
    expect(readings.map(({ json }) => JSON.parse(json))).toEqual([
      { a: "1", b: 'x, "y"' },
      { a: "2", b: "z" },
    ]);
  });

  it("reads columns of any name", async () => {
    const [reading] = await readText("__proto__,toString\n1,2\n", "csv");
    expect(Object.entries(reading?.value as object)).toEqual([
      ["__proto__", "1"],
      ["toString", "2"],
    ]);
  });

  it("reads tabs, and what else is named as delimiter", async () => {
    expect(valuesOf(await readText('a\tb\n1,5\t"x\ty"\n', "tsv"))).toEqual([{ a: "1,5", b: "x\ty" }]);
    expect(valuesOf(await readText("a;b\n1,5;2\n", "csv", { delimiter: ";" }))).toEqual([{ a: "1,5", b: "2" }]);
    await expect(readText("a\n", "txt", { delimiter: ";" })).rejects.toThrow(/--delimiter is for CSV/);
  });

  it("does not take carriage returns inside a record for a part of a field", async () => {
    const readings = await readText("a,b\r\n1,2\r3,4\r\n5,6\r\n", "csv");
    expect(readings.map(({ problem }) => problem !== undefined)).toEqual([true, false]);
  });

  it("refuses a header that is damaged or names a column twice", async () => {
    await expect(readText("a,b,a\n1,2,3\n", "csv")).rejects.toThrow('data.csv:1: the header has the column "a" twice');
    await expect(readText('a,"b"c\n1,2\n', "csv")).rejects.toThrow(/^data\.csv:1: .*names its columns/);
    await expect(readText('\n"a,b\n1,2\n', "csv")).rejects.toThrow(/^data\.csv:2: /);
  });

  it("has no inputs in an empty file or below a header alone", async () => {
    expect(await readText("", "csv")).toEqual([]);
    expect(await readText("a,b\n", "csv")).toEqual([]);
  });
});
