import { CliError, messageOf } from "../cli-error.ts";
import type { LineVisitor } from "./line-splitter.ts";
import { decode } from "./line-splitter.ts";
import type { Reading } from "./reading.ts";

/** How the lines of a source become inputs: one implementation per format, none of which knows the others. */
export interface LineFormat extends LineVisitor {
  /** Hands out the inputs that have become ready since the last call. Is called once per chunk. */
  take(): readonly Reading[];
  /** Is called after the last line, before the last `take`. */
  end(): void;
}

/** What a format needs to know about its source. */
export interface LineFormatOptions {
  /** The name of the source, for messages and for `source` in the errors file. */
  readonly name: string;
  /** How many inputs to pass over without building them. */
  readonly skip: number;
}

/** The inputs that a format has ready, less those to pass over at the start. */
export class ReadyInputs {
  #skip: number;
  #ready: Reading[] = [];

  constructor(skip: number) {
    this.#skip = skip;
  }

  /** Counts one input; true when it is to be passed over, so that nobody has to build it. */
  skipsNext(): boolean {
    if (this.#skip === 0) return false;
    this.#skip--;
    return true;
  }

  push(reading: Reading): void {
    this.#ready.push(reading);
  }

  take(): readonly Reading[] {
    const ready = this.#ready;
    this.#ready = [];
    return ready;
  }
}

/** A line that is no input. */
export function invalidLine(options: LineFormatOptions, line: number, why: string, value: unknown): Reading {
  const problem = new CliError("RUNLANE_CLI_INVALID_LINE", `${options.name}:${line}: ${why}`);
  // The command's own stack helps nobody here; the line does, and the message names it.
  problem.stack = `${problem.name}: ${problem.message}`;
  return { value, place: { name: options.name, line }, problem };
}

/** A line that does not fit into a string; its text cannot be kept. */
export function tooLongLine(options: LineFormatOptions, line: number): Reading {
  return invalidLine(options, line, "the line is longer than a JavaScript string can be (512 MB)", null);
}

/** A line with bytes that are not UTF-8, which would otherwise turn into replacement characters silently. */
export function notUtf8Line(options: LineFormatOptions, line: number, text: string): Reading {
  return invalidLine(options, line, "the line is not valid UTF-8", text);
}

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
