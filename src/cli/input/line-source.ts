import { CliError } from "../cli-error.ts";
import type { Format } from "../options.ts";
import type { ByteStream } from "./byte-stream.ts";
import { CsvFormat } from "./csv-format.ts";
import { checkEncoding, checkLineEnds, hasInnerReturns } from "./encoding.ts";
import { JsonFormat } from "./json-format.ts";
import { type LineFormat, type LineFormatOptions, TextFormat } from "./line-formats.ts";
import { LineSplitter } from "./line-splitter.ts";
import { endsTooEarly, type InputBlock, type InputSource } from "./reading.ts";
import { unpack } from "./unpack.ts";

/** A source without any line end shows within this that its lines end with carriage returns. */
const HEAD_BYTES = 64 * 1024;
const LINE_FEED = 0x0a;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

/** The options of line sources besides the format. */
export type LineOptions = Pick<LineFormatOptions, "bigIntegers" | "delimiter">;

/** The inputs in the lines of a file or of standard input. */
export function lineSource(stream: ByteStream, format: Format, options: LineOptions = {}): InputSource {
  return {
    name: stream.name,
    ...(stream.fraction && { fraction: stream.fraction }),
    read: (skip) => readLines(stream, createFormat(format, { ...options, name: stream.name, skip })),
    close: stream.close,
  };
}

async function* readLines(stream: ByteStream, format: LineFormat): AsyncGenerator<InputBlock, void, undefined> {
  const splitter = new LineSplitter(format);
  const skip = format.unskipped;
  for await (const chunk of textChunks(stream)) {
    splitter.push(chunk);
    const block = format.take();
    if (block.size > 0) yield block;
  }
  splitter.end();
  format.end();
  if (format.unskipped > 0) throw endsTooEarly(stream.name, skip, format.unskipped);
  const block = format.take();
  if (block.size > 0) yield block;
}

/** The bytes of a source, once it is clear that they are UTF-8: the first chunk ends with a line, or is large, or is all there is. */
async function* textChunks({ name, chunks }: ByteStream): AsyncGenerator<Buffer, void, undefined> {
  let head: Buffer | undefined = Buffer.alloc(0);
  for await (const chunk of unpack(chunks(), name)) {
    if (head === undefined) {
      yield chunk;
      continue;
    }
    head = head.length === 0 ? Buffer.from(chunk) : Buffer.concat([head, chunk]);
    if (head.length < HEAD_BYTES && showsTooLittle(head)) continue;
    yield checkHead(head, name);
    head = undefined;
  }
  if (head !== undefined && head.length > 0) yield checkHead(head, name);
}

/** Whether a source has to be read on to see how its lines end. */
function showsTooLittle(head: Buffer): boolean {
  const end = head.indexOf(LINE_FEED);
  return end === -1 || (end === head.length - 1 && hasInnerReturns(head.toString("latin1", 0, end)));
}

/** The beginning of a source, without the mark that Windows programs put before UTF-8. @throws CliError */
function checkHead(head: Buffer, name: string): Buffer {
  checkEncoding(head, name);
  if (showsTooLittle(head)) checkLineEnds(head.toString("latin1"), name);
  return BYTE_ORDER_MARK.every((byte, at) => head[at] === byte) ? head.subarray(BYTE_ORDER_MARK.length) : head;
}

function createFormat(format: Format, options: LineFormatOptions): LineFormat {
  if (options.delimiter !== undefined && format !== "csv" && format !== "tsv")
    throw new CliError("RUNLANE_CLI_USAGE", `--delimiter is for CSV, and ${options.name} is read as ${format}`);
  switch (format) {
    case "jsonl":
      return new JsonFormat(options, { expectsLines: true });
    case "json":
      return new JsonFormat(options, { expectsLines: false });
    case "csv":
      return new CsvFormat(options);
    case "tsv":
      return new CsvFormat({ delimiter: "\t", ...options });
    case "txt":
      return new TextFormat(options);
  }
}
