import { type LineFormat, type LineFormatOptions, notUtf8Line, ReadyInputs, tooLongLine } from "./line-format.ts";
import { decode } from "./line-splitter.ts";
import type { Reading } from "./reading.ts";

const CARRIAGE_RETURN = 0x0d;

/** Every line is an input, as a string; an empty line is an empty string. */
export class TextFormat implements LineFormat {
  readonly #options: LineFormatOptions;
  readonly #ready: ReadyInputs;

  constructor(options: LineFormatOptions) {
    this.#options = options;
    this.#ready = new ReadyInputs(options.skip);
  }

  line(bytes: Buffer, start: number, end: number, number: number): void {
    if (this.#ready.skipsNext()) return;
    const lineEnd = end > start && bytes[end - 1] === CARRIAGE_RETURN ? end - 1 : end;
    const { text, valid } = decode(bytes, start, lineEnd);
    const place = { name: this.#options.name, line: number };
    this.#ready.push(valid ? { value: text, place } : notUtf8Line(this.#options, number, text));
  }

  tooLong(number: number): void {
    if (!this.#ready.skipsNext()) this.#ready.push(tooLongLine(this.#options, number));
  }

  end(): void {}

  take(): readonly Reading[] {
    return this.#ready.take();
  }
}
