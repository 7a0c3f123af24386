import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decode, LineSplitter } from "../../src/cli/input/line-splitter.ts";

/** The lines that a splitter reports for some chunks; each chunk's memory is overwritten after it was pushed. */
function split(chunks: readonly Uint8Array[], maxLineBytes?: number): string[] {
  const lines: string[] = [];
  const visitor = {
    line: (bytes: Buffer, start: number, end: number, number: number) => {
      expect(number).toBe(lines.length + 1);
      lines.push(decode(bytes, start, end).text);
    },
    tooLong: (number: number) => {
      expect(number).toBe(lines.length + 1);
      lines.push("<too long>");
    },
  };
  const splitter = new LineSplitter("data.txt", visitor, maxLineBytes);
  for (const chunk of chunks) {
    const reused = Buffer.from(chunk);
    splitter.push(reused);
    reused.fill(0x0a);
  }
  splitter.end();
  return lines;
}

/** Cuts a text's bytes into chunks of the given sizes, and a rest. */
function cut(text: string, sizes: readonly number[]): Buffer[] {
  const bytes = Buffer.from(text);
  const chunks: Buffer[] = [];
  let at = 0;
  for (const size of sizes) {
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return [...chunks, bytes.subarray(at)];
}

describe("LineSplitter", () => {
  it("finds the same lines however the bytes are cut into chunks, multi-byte characters included", () => {
    const line = fc
      .string({ unit: "binary", maxLength: 12 })
      .map((text) => text.replace(/[\n\uFEFF\uD800-\uDFFF]/g, "ü"));
    const sizes = fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 40 });
    fc.assert(
      fc.property(fc.array(line), sizes, fc.boolean(), (lines, chunkSizes, endsWithLineFeed) => {
        const text = lines.join("\n") + (endsWithLineFeed && lines.length > 0 ? "\n" : "");
        const expected = text === "" ? [] : text.replace(/\n$/, "").split("\n");
        expect(split(cut(text, chunkSizes))).toEqual(expected);
      }),
    );
  });

  it("leaves a UTF-8 byte order mark out, even when it comes byte by byte", () => {
    expect(split(cut("\uFEFFfirst\n\uFEFFsecond", [1, 1, 1, 1]))).toEqual(["first", "\uFEFFsecond"]);
  });

  it("refuses UTF-16 and says how to convert it", () => {
    const utf16 = Buffer.from("\uFEFFa\nb", "utf16le");
    expect(() => split([utf16])).toThrow(/data\.txt is UTF-16.*iconv/);
  });

  it("joins a line that is spread over many chunks", () => {
    const chunks = Array.from({ length: 500 }, () => Buffer.from("0123456789"));
    expect(split([...chunks, Buffer.from("\nshort")])).toEqual(["0123456789".repeat(500), "short"]);
  });

  it("passes over a line that is too long and goes on with the next", () => {
    expect(split(cut("1234567890123\nshort\n", [4, 4, 4]), 10)).toEqual(["<too long>", "short"]);
    expect(split(cut("short\n1234567890123", [8, 4]), 10)).toEqual(["short", "<too long>"]);
  });

  it("tells invalid UTF-8 from a replacement character that the text really has", () => {
    expect(decode(Buffer.from("a\uFFFDb"), 0, 5)).toEqual({ text: "a\uFFFDb", valid: true });
    expect(decode(Buffer.from([0x61, 0xff, 0x62]), 0, 3)).toEqual({ text: "a\uFFFDb", valid: false });
  });
});
