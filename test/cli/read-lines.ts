import type { CliError } from "../../src/cli/cli-error.ts";
import type { ByteStream } from "../../src/cli/input/byte-stream.ts";
import { type LineOptions, lineSource } from "../../src/cli/input/line-source.ts";
import type { InputBlock } from "../../src/cli/input/reading.ts";
import type { Format } from "../../src/cli/options.ts";

/** One input of a block. */
export interface Reading {
  value: unknown;
  problem: CliError | undefined;
  place: string;
  json: string;
}

interface ReadOptions extends LineOptions {
  skip?: number;
  /** How the text comes: byte by byte finds most mistakes. */
  chunkBytes?: number;
}

/** Reads a text as a source in one format. */
export async function readText(
  text: string | Uint8Array,
  format: Format,
  { skip = 0, chunkBytes = 3, ...options }: ReadOptions = {},
): Promise<Reading[]> {
  const bytes = Buffer.from(text);
  const stream: ByteStream = {
    name: `data.${format}`,
    chunks: async function* () {
      for (let at = 0; at < bytes.length; at += chunkBytes) {
        // The memory of a chunk is used again.
        const chunk = Buffer.from(bytes.subarray(at, at + chunkBytes));
        yield chunk;
        chunk.fill(0x0a);
      }
    },
    close: () => {},
  };
  const readings: Reading[] = [];
  const blocks = lineSource(stream, format, options).read(skip);
  for (let block = await blocks.next(); !block.done; block = await blocks.next())
    readings.push(...readingsOf(block.value));
  return readings;
}

/** The inputs of a block, one by one. */
export function readingsOf(block: InputBlock): Reading[] {
  return block.values.map((value, at) => {
    return { value, problem: block.problemOf(at), place: block.placeOf(at), json: block.jsonOf(at) };
  });
}

/** The values of readings, or what is wrong with them. */
export function valuesOf(readings: readonly Reading[]): unknown[] {
  return readings.map(({ value, problem }) => problem?.message ?? value);
}

/** Where readings stand in their source. */
export function placesOf(readings: readonly Reading[]): string[] {
  return readings.map(({ place }) => place);
}
