import { CliError, messageOf } from "../cli-error.ts";
import type { BigIntegers } from "../options.ts";
import { mayHaveBigIntegers, parseWithBigIntegers } from "./big-integers.ts";
import type { LineVisitor } from "./line-splitter.ts";
import { InputBlock } from "./reading.ts";

/** How the lines of a source become inputs: one implementation per format, none of which knows the others. */
export interface LineFormat extends LineVisitor {
  /** Hands out the inputs that have become ready since the last call. Is called once per chunk. */
  take(): InputBlock;
  /** Is called after the last line, before the last `take`. */
  end(): void;
  /** The number of inputs still to be passed over. */
  readonly unskipped: number;
}

/** The options of a format. */
export interface LineFormatOptions {
  /** The name of the source, for messages and for `source` in the errors file. */
  readonly name: string;
  /** The number of inputs to pass over without building them. */
  readonly skip: number;
  /** How integers in JSON are read that a number cannot hold. @default "fail" */
  readonly bigIntegers?: BigIntegers | undefined;
  /** The delimiter between two fields of a CSV record. @default "," */
  readonly delimiter?: string | undefined;
}

/** The common part of formats: the block of inputs that are ready, the inputs to pass over at the start, and lines that are no inputs. */
export abstract class BlockFormat implements LineFormat {
  protected block: InputBlock;
  private left: number;

  /** @param toJson Makes the JSON of an input of its text, where that is none. */
  constructor(
    protected readonly options: LineFormatOptions,
    private readonly toJson?: (text: string) => string,
  ) {
    this.left = options.skip;
    this.block = new InputBlock(options.name, toJson);
  }

  abstract lines(texts: readonly string[], firstNumber: number, whole: string): void;

  notText(text: string, number: number, why: string): void {
    this.problem(number, why, text.trimEnd());
  }

  tooLong(number: number): void {
    this.problem(number, "the line is longer than a JavaScript string can be (512 MB)", undefined);
  }

  end(): void {}

  get unskipped(): number {
    return this.left;
  }

  take(): InputBlock {
    const { block } = this;
    this.block = new InputBlock(this.options.name, this.toJson);
    return block;
  }

  /** Counts one input; true when it is to be passed over, so that nobody has to build it. */
  protected skipsNext(): boolean {
    if (this.left === 0) return false;
    this.left--;
    return true;
  }

  /** Adds a line that is no input. */
  protected problem(line: number, why: string, text: string | undefined): void {
    if (!this.skipsNext()) this.addProblem(line, why, text);
  }

  /** Adds a line that is no input and has been counted. */
  protected addProblem(line: number, why: string, text: string | undefined): void {
    const problem = new CliError("RUNLANE_CLI_INVALID_LINE", `${this.options.name}:${line}: ${why}`);
    // The command's own stack helps nobody here; the line does, and the message names it.
    problem.stack = `${problem.name}: ${problem.message}`;
    this.block.addProblem(problem, line, text);
  }
}

/** Every line is one JSON value (https://jsonlines.org); a line of white space is no input and is passed over. */
export class JsonlFormat extends BlockFormat {
  private readonly bigIntegers: BigIntegers;

  constructor(options: LineFormatOptions) {
    super(options);
    this.bigIntegers = options.bigIntegers ?? "fail";
  }

  lines(texts: readonly string[], firstNumber: number, whole: string): void {
    // Looked for in all lines at once: line by line it would take as long as a short line does.
    const hasBig = mayHaveBigIntegers(whole);
    for (let at = 0; at < texts.length; at++) {
      const text = texts[at]!;
      if (!isBlank(text) && !this.skipsNext()) this.value(text, firstNumber + at, hasBig);
    }
  }

  /** Adds a value by its text. */
  protected value(text: string, line: number, mayBeBig: boolean): void {
    let value: unknown;
    try {
      value = mayBeBig && mayHaveBigIntegers(text) ? parseWithBigIntegers(text, this.bigIntegers) : JSON.parse(text);
    } catch (error) {
      // Newer Nodes add "(line 1 column 5)", which would contradict the line number in front of it.
      const why = messageOf(error).replace(/ \(line 1 column \d+\)/, "");
      this.addProblem(line, error instanceof SyntaxError ? `not a JSON value: ${why}` : why, text.trimEnd());
      return;
    }
    this.block.add(value, line, text);
  }
}

/** Whether a line has only spaces, tabs and carriage returns. The first character of most lines tells that it has more. */
function isBlank(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code !== 0x20 && code !== 0x09 && code !== 0x0d) return false;
  }
  return true;
}

/** Every line is an input, as a string; an empty line is an empty string. */
export class TextFormat extends BlockFormat {
  constructor(options: LineFormatOptions) {
    super(options, JSON.stringify);
  }

  lines(texts: readonly string[], firstNumber: number): void {
    for (let at = 0; at < texts.length; at++) {
      if (this.skipsNext()) continue;
      const line = texts[at]!;
      const text = line.endsWith("\r") ? line.slice(0, -1) : line;
      this.block.add(text, firstNumber + at, text);
    }
  }
}
