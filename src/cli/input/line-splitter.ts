import { constants, isUtf8 } from "node:buffer";
import { CliError } from "../cli-error.ts";

const LINE_FEED = 0x0a;

/** Is told about every line; `bytes` may be overwritten after the call, so what is to stay has to be copied or decoded. */
export interface LineVisitor {
  /** A line stands in `bytes` from `start` up to `end`, without its line feed; a carriage return is still there. */
  line(bytes: Buffer, start: number, end: number, number: number): void;
  /** A line is longer than a string can be; its bytes were passed over. */
  tooLong(number: number): void;
}

/**
 * Cuts chunks of bytes into lines. It works on bytes, not on text: a character that is torn between two chunks is whole
 * again by the time its line is decoded, and `Buffer.indexOf` finds line feeds at several GB/s where `readline` reads
 * about 100 MB/s.
 */
export class LineSplitter {
  readonly #name: string;
  readonly #visitor: LineVisitor;
  readonly #maxLineBytes: number;
  /** The start of a line that goes on in the next chunk. Copies, since the chunk's memory is used again. */
  #pieces: Buffer[] = [];
  #pieceBytes = 0;
  #overflow = false;
  #number = 0;

  /**
   * @param name What messages call the source.
   * @param maxLineBytes Longer lines are passed over and reported as too long.
   */
  constructor(name: string, visitor: LineVisitor, maxLineBytes: number = constants.MAX_STRING_LENGTH) {
    this.#name = name;
    this.#visitor = visitor;
    this.#maxLineBytes = maxLineBytes;
  }

  /** Takes the next chunk and reports the lines that end in it. */
  push(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      if (this.#pieceBytes === 0 && !this.#overflow) this.#report(chunk, start, end);
      else this.#finish(chunk.subarray(start, end));
      start = end + 1;
    }
    if (start < chunk.length) this.#keep(chunk.subarray(start));
  }

  /** Reports a last line that has no line feed. */
  end(): void {
    if (this.#pieceBytes > 0 || this.#overflow) this.#finish(Buffer.alloc(0));
  }

  #keep(piece: Buffer): void {
    if (this.#overflow || this.#pieceBytes + piece.length > this.#maxLineBytes) {
      this.#overflow = true;
      this.#pieces = [];
      return;
    }
    this.#pieces.push(Buffer.from(piece));
    this.#pieceBytes += piece.length;
  }

  #finish(last: Buffer): void {
    this.#keep(last);
    const line = this.#overflow ? undefined : Buffer.concat(this.#pieces, this.#pieceBytes);
    this.#pieces = [];
    this.#pieceBytes = 0;
    this.#overflow = false;
    if (line === undefined) this.#visitor.tooLong(++this.#number);
    else this.#report(line, 0, line.length);
  }

  #report(bytes: Buffer, start: number, end: number): void {
    const number = ++this.#number;
    this.#visitor.line(bytes, number === 1 ? this.#skipByteOrderMark(bytes, start, end) : start, end, number);
  }

  /** Passes over the mark that Windows programs put before UTF-8, and refuses the marks of UTF-16. */
  #skipByteOrderMark(bytes: Buffer, start: number, end: number): number {
    if (end - start >= 3 && bytes[start] === 0xef && bytes[start + 1] === 0xbb && bytes[start + 2] === 0xbf)
      return start + 3;
    const mark = end - start >= 2 ? bytes.readUInt16BE(start) : 0;
    if (mark !== 0xfffe && mark !== 0xfeff) return start;
    throw new CliError(
      "RUNLANE_CLI_INPUT",
      `${this.#name} is UTF-16, and only UTF-8 is read; convert it with iconv -f UTF-16 -t UTF-8`,
    );
  }
}

/**
 * Decodes a part of a buffer.
 * @returns The text, and whether it was valid UTF-8 (invalid bytes show as U+FFFD in the text).
 */
export function decode(bytes: Buffer, start: number, end: number): { text: string; valid: boolean } {
  const text = bytes.toString("utf8", start, end);
  // The check costs a second pass over the bytes, so it is made only where the text shows a replacement character.
  return { text, valid: !text.includes("\uFFFD") || isUtf8(bytes.subarray(start, end)) };
}
