import { CliError } from "../cli-error.ts";

/**
 * Some inputs of a source, in order, as columns: an object for each line would cost more than most pipelines do with it.
 */
export class InputBlock {
  /** The inputs for the pipeline; for one that could not be read, its text where there is one. */
  readonly values: unknown[] = [];
  private readonly lines: number[] = [];
  private readonly texts: (string | undefined)[] = [];
  private problems: Map<number, CliError> | undefined;

  /**
   * @param source How places call the source.
   * @param toJson Makes the JSON of an input of its text; without it, texts are JSON.
   */
  constructor(
    private readonly source: string,
    private readonly toJson?: (text: string) => string,
  ) {}

  get size(): number {
    return this.values.length;
  }

  /** @param text What stands in the source: the errors file tells it, whatever the pipeline does to the value. */
  add(value: unknown, line: number, text: string): void {
    this.values.push(value);
    this.lines.push(line);
    this.texts.push(text);
  }

  /** Adds an input that could not be read. It has an index like any other, and goes to the errors file. */
  addProblem(problem: CliError, line: number, text: string | undefined): void {
    this.problems ??= new Map();
    this.problems.set(this.values.length, problem);
    this.values.push(text);
    this.lines.push(line);
    this.texts.push(text);
  }

  /** The error of an input that could not be read; undefined for others. */
  problemOf(at: number): CliError | undefined {
    return this.problems?.get(at);
  }

  get hasProblems(): boolean {
    return this.problems !== undefined;
  }

  /** The number of the line in which an input begins, from 1; 0 where inputs are no lines. */
  lineOf(at: number): number {
    return this.lines[at]!;
  }

  /** The text of an input in its source, without the line end. */
  textOf(at: number): string | undefined {
    return this.texts[at];
  }

  /** The place of an input: `orders.csv:17`, counted from line 1, or the path of a file. */
  placeOf(at: number): string {
    const line = this.lineOf(at);
    return line === 0 ? (this.texts[at] ?? this.source) : `${this.source}:${line}`;
  }

  /** An input as it was read, as JSON on one line. */
  jsonOf(at: number): string {
    const text = this.texts[at];
    if (text === undefined) return "null";
    const isRead = this.problemOf(at) === undefined;
    return isRead ? (this.toJson?.(text) ?? text.trim()) : JSON.stringify(text);
  }
}

/** Turns bytes, or names, into inputs: block by block, so that a source of any size needs the memory of one block. */
export type InputBlocks = AsyncIterator<InputBlock, void, undefined>;

/** The error of a source with fewer inputs than an earlier run has done. @param missing The number of inputs that it lacks. */
export function endsTooEarly(name: string, skip: number, missing: number): CliError {
  return new CliError(
    "RUNLANE_CLI_INPUT",
    `cannot resume: ${name} has ${skip - missing} inputs, and ${skip} have a record already; it is not the input of that run`,
  );
}

/** A source of inputs. */
export interface InputSource {
  /** The name of the source in messages. */
  readonly name: string;
  /** The number of inputs, where that is known beforehand. */
  readonly count?: number;
  /** The share of the source that has been read, from 0 to 1, where its size is known. */
  readonly fraction?: () => number;
  /**
   * Starts to read.
   * @param skip How many inputs to pass over without building them, because an earlier run has done them.
   */
  read(skip: number): InputBlocks;
  /** Frees the file. */
  close(): void;
}
