import type { ByteStream } from "../../src/cli/input/byte-stream.ts";
import { lineSource } from "../../src/cli/input/line-source.ts";
import { formatPlace, type Reading } from "../../src/cli/input/reading.ts";
import type { Format } from "../../src/cli/options.ts";

/** Reads a text as a source in one format. `chunkBytes` says how it comes: byte by byte finds most mistakes. */
export async function readText(
  text: string | Uint8Array,
  format: Format,
  { skip = 0, chunkBytes = 3 }: { skip?: number; chunkBytes?: number } = {},
): Promise<Reading[]> {
  const bytes = Buffer.from(text);
  const stream: ByteStream = {
    name: `data.${format}`,
    chunks: async function* () {
      for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
    },
    close: () => {},
  };
  const readings: Reading[] = [];
  const blocks = lineSource(stream, format).read(skip);
  for (let block = await blocks.next(); !block.done; block = await blocks.next()) readings.push(...block.value);
  return readings;
}

/** The values of readings, or what is wrong with them. */
export function valuesOf(readings: readonly Reading[]): unknown[] {
  return readings.map(({ value, problem }) => problem?.message ?? value);
}

/** Where readings stand in their source. */
export function placesOf(readings: readonly Reading[]): string[] {
  return readings.map(({ place }) => formatPlace(place));
}
