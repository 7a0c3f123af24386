import { CliError } from "../cli-error.ts";
import type { LineVisitor } from "./line-splitter.ts";
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
