import type { Format } from "../options.ts";
import type { ByteStream } from "./byte-stream.ts";
import { CsvFormat } from "./csv-format.ts";
import type { LineFormat, LineFormatOptions } from "./line-formats.ts";
import { JsonlFormat, TextFormat } from "./line-formats.ts";
import { LineSplitter } from "./line-splitter.ts";
import type { InputSource, Reading } from "./reading.ts";

/** The inputs in the lines of a file or of standard input. */
export function lineSource(stream: ByteStream, format: Format): InputSource {
  return {
    name: stream.name,
    ...(stream.fraction && { fraction: stream.fraction }),
    read: (skip) => readLines(stream, createFormat(format, { name: stream.name, skip })),
    close: stream.close,
  };
}

async function* readLines(stream: ByteStream, format: LineFormat): AsyncGenerator<readonly Reading[], void, undefined> {
  const splitter = new LineSplitter(stream.name, format);
  for await (const chunk of stream.chunks()) {
    splitter.push(chunk);
    const ready = format.take();
    if (ready.length > 0) yield ready;
  }
  splitter.end();
  format.end();
  const ready = format.take();
  if (ready.length > 0) yield ready;
}

function createFormat(format: Format, options: LineFormatOptions): LineFormat {
  switch (format) {
    case "jsonl":
      return new JsonlFormat(options);
    case "csv":
      return new CsvFormat(options);
    case "txt":
      return new TextFormat(options);
  }
}
