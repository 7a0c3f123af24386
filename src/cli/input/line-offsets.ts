import { crc32 } from "node:zlib";
import type { LineReference } from "../../cluster/wire/references.ts";
import { CliError } from "../cli-error.ts";
import type { Format } from "../options.ts";
import type { ByteStream } from "./byte-stream.ts";

const LINE_FEED = 0x0a;
const GZIP = Buffer.from([0x1f, 0x8b]);
const ZSTD = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);

/** Notes at which byte each line of a file begins, while somebody reads the file. Lines have numbers from 1. */
export class LineOffsets {
  /** The first bytes of lines, from the one with the number `first` on. */
  private starts: number[] = [0];
  private first = 1;
  /** The number of bytes that have been read. */
  private bytes = 0;
  /** The start of the file, as far as it belongs to all lines: the names of the columns. */
  header: LineReference = [0, 0, 0];

  constructor(private readonly format: Format) {}

  /** The stream, with a look at what passes through it. @throws CliError RUNLANE_CLI_USAGE for what has no lines of its own */
  watch(stream: ByteStream): ByteStream {
    const note = (chunk: Buffer): void => this.note(chunk, stream.name);
    async function* chunks(): AsyncGenerator<Buffer, void, undefined> {
      for await (const chunk of stream.chunks()) {
        note(chunk);
        yield chunk;
      }
    }
    return { ...stream, chunks };
  }

  /** The byte at which a line begins; behind the last one, that at which the file ends. */
  startOf(line: number): number {
    return this.starts[line - this.first] ?? this.bytes;
  }

  /** Forgets the lines before one. */
  forgetBefore(line: number): void {
    this.starts.splice(0, line - this.first);
    this.first = Math.max(this.first, line);
  }

  private note(chunk: Buffer, name: string): void {
    if (this.bytes === 0) this.checkHead(chunk, name);
    for (let at = chunk.indexOf(LINE_FEED); at !== -1; at = chunk.indexOf(LINE_FEED, at + 1))
      this.starts.push(this.bytes + at + 1);
    this.bytes += chunk.length;
  }

  private checkHead(head: Buffer, name: string): void {
    const refused = (what: string, remedy: string): CliError =>
      new CliError("RUNLANE_CLI_USAGE", `--by-reference: ${name} is ${what}; ${remedy}`);
    if ([GZIP, ZSTD].some((magic) => head.subarray(0, magic.length).equals(magic)))
      throw refused("compressed, and parts of it cannot be read alone", "unpack it first");
    if (this.format === "csv" || this.format === "tsv") {
      const end = endOfRecord(head);
      this.header = [0, end, crc32(head.subarray(0, end))];
    }
    if (!this.format.startsWith("json")) return;
    const [line = ""] = head.toString("utf8").trimStart().split("\n");
    if (line.startsWith("[") && (this.format === "json" || !isJson(line)))
      throw refused("an array, whose elements need not be lines", `write one value per line: jq -c '.[]' ${name}`);
  }
}

/** The number of bytes of the first record of a CSV file, with the empty lines before it: a line end inside quotes ends none. */
function endOfRecord(head: Buffer): number {
  let isOpen = false;
  let from = 0;
  for (let at = head.indexOf(LINE_FEED); at !== -1; at = head.indexOf(LINE_FEED, from)) {
    const line = head.toString("latin1", from, at);
    if ((line.split('"').length - 1) % 2 === 1) isOpen = !isOpen;
    from = at + 1;
    if (!isOpen && line.trim() !== "") return from;
  }
  return head.length;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
