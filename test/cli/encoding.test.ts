import * as zlib from "node:zlib";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { readText, valuesOf } from "./read-lines.ts";

const LINES = Array.from({ length: 200 }, (_, n) => `{"line":${n},"text":"some words"}`);
const TEXT = `${LINES.join("\n")}\n`;
const VALUES = LINES.map((line) => JSON.parse(line));

function utf16be(text: string): Buffer {
  return Buffer.from(text, "utf16le").swap16();
}

function utf32(text: string, order: "LE" | "BE"): Buffer {
  const bytes = Buffer.alloc(text.length * 4);
  for (let at = 0; at < text.length; at++)
    if (order === "LE") bytes.writeUInt32LE(text.charCodeAt(at), at * 4);
    else bytes.writeUInt32BE(text.charCodeAt(at), at * 4);
  return bytes;
}

describe("a source that is not lines of UTF-8", () => {
  it.each<[what: string, bytes: Buffer, message: RegExp]>([
    ["UTF-16 with a mark", Buffer.from(`\uFEFF${TEXT}`, "utf16le"), /is UTF-16, .*iconv -f UTF-16 /],
    ["UTF-16BE with a mark", utf16be(`\uFEFF${TEXT}`), /is UTF-16/],
    ["UTF-16LE without a mark", Buffer.from(TEXT, "utf16le"), /iconv -f UTF-16LE/],
    ["UTF-16BE without a mark", utf16be(TEXT), /iconv -f UTF-16BE/],
    ["UTF-32 with a mark", utf32(`\uFEFF${TEXT}`, "LE"), /is UTF-32/],
    ["UTF-32LE without a mark", utf32(TEXT, "LE"), /iconv -f UTF-32LE/],
    ["UTF-32BE without a mark", utf32(TEXT, "BE"), /iconv -f UTF-32BE/],
    ["a NUL byte", Buffer.from("abc\0def\n"), /is no text: byte 4 is NUL/],
    ["line ends of old Macs", Buffer.from("a,b\r1,2\r3,4\r"), /carriage returns alone.*tr /],
    ["the same with one line feed", Buffer.from("a,b\r1,2\r3,4\r\n"), /carriage returns alone/],
    ["bzip2", Buffer.from("BZh91AY&SY"), /compressed by bzip2.*bzip2 -dc/],
    ["xz", Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00, 0x00]), /compressed by xz/],
    ["a zip archive", Buffer.from("PK\x03\x04rest"), /is a zip archive/],
  ])("is refused, with what it is: %s", async (_what, bytes, message) => {
    for (const format of ["txt", "jsonl", "csv"] as const)
      for (const chunkBytes of [1, 7, 1_000_000])
        await expect(readText(bytes, format, { chunkBytes })).rejects.toThrow(message);
  });

  it("is UTF-8 with a mark, which is left out however it comes", async () => {
    for (const chunkBytes of [1, 1000])
      expect(valuesOf(await readText("\uFEFFa\n\uFEFFb", "txt", { chunkBytes }))).toEqual(["a", "\uFEFFb"]);
  });

  it("may have carriage returns inside of lines", async () => {
    expect(valuesOf(await readText("10%\r20%\r\nnext\n", "txt"))).toEqual(["10%\r20%", "next"]);
  });
});

describe("a compressed source", () => {
  it("is unpacked as it comes", async () => {
    for (const chunkBytes of [1, 100, 1_000_000])
      expect(valuesOf(await readText(gzipSync(TEXT), "jsonl", { chunkBytes }))).toEqual(VALUES);
  });

  it("may be of several parts", async () => {
    const parts = Buffer.concat([gzipSync("a\nb"), gzipSync("c\nd\n")]);
    expect(valuesOf(await readText(parts, "txt", { chunkBytes: 5 }))).toEqual(["a", "bc", "d"]);
  });

  it("fails when it is damaged or cut off", async () => {
    const packed = gzipSync(TEXT);
    await expect(readText(packed.subarray(0, packed.length - 20), "jsonl")).rejects.toThrow(
      /cannot unpack data\.jsonl \(gzip\)/,
    );
    const damaged = Buffer.from(packed);
    damaged.fill(0xaa, 20, 40);
    await expect(readText(damaged, "jsonl", { chunkBytes: 1000 })).rejects.toThrow(/cannot unpack data\.jsonl/);
  });

  const { zstdCompressSync } = zlib as { zstdCompressSync?: (data: string) => Buffer };

  it("is read from Zstandard where Node can, and refused with the remedy where it cannot", async () => {
    if (zstdCompressSync !== undefined) {
      expect(valuesOf(await readText(zstdCompressSync(TEXT), "jsonl", { chunkBytes: 100 }))).toEqual(VALUES);
      return;
    }
    const magic = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x24, 0x00]);
    await expect(readText(magic, "jsonl")).rejects.toThrow(
      /compressed by Zstandard, which Node .* cannot read.*zstd -dc/,
    );
  });
});
