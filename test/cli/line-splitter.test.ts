import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LineSplitter, type LineVisitor } from "../../src/cli/input/line-splitter.ts";
import { everything } from "../everything.ts";

/** The lines that a splitter reports for some chunks; each chunk's memory is overwritten after it was pushed. */
function split(chunks: readonly Uint8Array[], maxLineBytes?: number): string[] {
  const lines: string[] = [];
  const visitor: LineVisitor = {
    lines: (texts, firstNumber, whole) => {
      expect(firstNumber).toBe(lines.length + 1);
      expect(whole).toBe(texts.join("\n"));
      lines.push(...texts);
    },
    notText: (text, number, why) => {
      expect(number).toBe(lines.length + 1);
      lines.push(`<${why}> ${text}`);
    },
    tooLong: (number) => {
      expect(number).toBe(lines.length + 1);
      lines.push("<too long>");
    },
  };
  const splitter = new LineSplitter(visitor, maxLineBytes);
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
      .map((text) => text.replace(/[\0\n\uFEFF\uD800-\uDFFF]/g, "ü"));
    const sizes = fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 40 });
    fc.assert(
      fc.property(fc.array(line), sizes, fc.boolean(), (lines, chunkSizes, endsWithLineFeed) => {
        const text = lines.join("\n") + (endsWithLineFeed && lines.length > 0 ? "\n" : "");
        const expected = text === "" ? [] : text.replace(/\n$/, "").split("\n");
        expect(split(cut(text, chunkSizes))).toEqual(expected);
      }),
      { numRuns: everything ? 100 : 30 },
    );
  });

  it("joins a line that is spread over many chunks", () => {
    const chunks = Array.from({ length: 500 }, () => Buffer.from("0123456789"));
    expect(split([...chunks, Buffer.from("\nshort")])).toEqual(["0123456789".repeat(500), "short"]);
  });

  it("passes over a line that is too long and goes on with the next", () => {
    expect(split(cut("1234567890123\nshort\n", [4, 4, 4]), 10)).toEqual(["<too long>", "short"]);
    expect(split(cut("short\n1234567890123", [8, 4]), 10)).toEqual(["short", "<too long>"]);
  });

  it("tells lines that are no text from their neighbours, and from a replacement character that a text really has", () => {
    const bytes = Buffer.concat([Buffer.from("a\uFFFDb\nx"), Buffer.from([0xff]), Buffer.from("y\nz\nn\0l\nlast")]);
    const lines = ["a\uFFFDb", "<the line is not valid UTF-8> x\uFFFDy", "z", "<the line has NUL bytes> n\0l", "last"];
    expect(split([bytes])).toEqual(lines);
    expect(split(Array.from(bytes, (byte) => Buffer.from([byte])))).toEqual(lines);
  });
});
