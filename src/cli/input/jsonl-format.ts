import { messageOf } from "../cli-error.ts";
import {
  invalidLine,
  type LineFormat,
  type LineFormatOptions,
  notUtf8Line,
  ReadyInputs,
  tooLongLine,
} from "./line-format.ts";
import { decode } from "./line-splitter.ts";
import type { Reading } from "./reading.ts";

/** Every line is one JSON value (https://jsonlines.org); a line of white space is no input and is passed over. */
export class JsonlFormat implements LineFormat {
  readonly #options: LineFormatOptions;
  readonly #ready: ReadyInputs;

  constructor(options: LineFormatOptions) {
    this.#options = options;
    this.#ready = new ReadyInputs(options.skip);
  }

  line(bytes: Buffer, start: number, end: number, number: number): void {
    if (isBlank(bytes, start, end) || this.#ready.skipsNext()) return;
    const { text, valid } = decode(bytes, start, end);
    this.#ready.push(valid ? this.#parse(text, number) : notUtf8Line(this.#options, number, text.trimEnd()));
  }

  tooLong(number: number): void {
    if (!this.#ready.skipsNext()) this.#ready.push(tooLongLine(this.#options, number));
  }

  end(): void {}

  take(): readonly Reading[] {
    return this.#ready.take();
  }

  #parse(text: string, line: number): Reading {
    try {
      return { value: JSON.parse(text), place: { name: this.#options.name, line } };
    } catch (error) {
      // Newer Nodes add "(line 1 column 5)", which would contradict the line number in front of it.
      const why = messageOf(error).replace(/ \(line 1 column \d+\)/, "");
      return invalidLine(this.#options, line, `not a JSON value: ${why}`, text.trimEnd());
    }
  }
}

/** Whether a line holds nothing but spaces, tabs and carriage returns; the first byte of most lines tells that it does not. */
function isBlank(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const byte = bytes[at];
    if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0d) return false;
  }
  return true;
}
