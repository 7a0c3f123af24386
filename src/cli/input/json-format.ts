import { CliError } from "../cli-error.ts";
import { mayHaveBigIntegers } from "./big-integers.ts";
import { JsonlFormat, type LineFormatOptions } from "./line-formats.ts";

/** The longest element of an array, in characters. */
const MAX_ELEMENT_CHARACTERS = 256 * 1024 * 1024;

/**
 * One JSON array, whose elements are the inputs; it is streamed, so its size does not matter. Many files of JSON lines are called
 * `.json`, too: what does not begin with a bracket is read as those. Where lines are expected, an array has to begin with a line that is no
 * value, since an array may also be one of the inputs.
 */
export class JsonFormat extends JsonlFormat {
  private isArray: boolean | undefined;
  private readonly expectsLines: boolean;
  private isOver = false;
  private inString = false;
  private isEscaped = false;
  private depth = 0;
  /** The text of the element at hand, and the line it begins in. */
  private pieces: string[] = [];
  private characters = 0;
  private startLine = 0;

  constructor(options: LineFormatOptions, { expectsLines }: { expectsLines: boolean }) {
    super(options);
    this.expectsLines = expectsLines;
  }

  override lines(texts: readonly string[], firstNumber: number, whole: string): void {
    const begin = texts.findIndex((text) => text.trim() !== "");
    if (begin === -1) return;
    if (this.isArray === undefined) {
      const first = texts[begin]!.trim();
      this.isArray = first.startsWith("[") && !(this.expectsLines && isJson(first));
      if (!this.isArray) this.refuseSpreadObject(texts[begin]!, firstNumber + begin);
    }
    if (!this.isArray) super.lines(texts, firstNumber, whole);
    else for (let at = begin; at < texts.length; at++) this.arrayLine(texts[at]!, firstNumber + at);
  }

  override end(): void {
    if (this.isArray === true && !this.isOver)
      throw this.refused("the array is not closed; the file seems to be cut off");
  }

  /** An object over several lines is one value that is no array. */
  private refuseSpreadObject(first: string, number: number): void {
    if (first.trim() !== "{") return;
    const { name } = this.options;
    throw new CliError(
      "RUNLANE_CLI_INPUT",
      `${name}:${number}: a JSON value over several lines is no list of inputs; write an array, or one value per line: jq -c . ${name} > inputs.jsonl`,
    );
  }

  private arrayLine(line: string, number: number): void {
    let from = 0;
    for (let at = 0; at < line.length; at++) {
      const code = line.charCodeAt(at);
      if (this.inString) {
        if (this.isEscaped) this.isEscaped = false;
        else if (code === BACKSLASH) this.isEscaped = true;
        else if (code === QUOTE) this.inString = false;
        continue;
      }
      if (code === SPACE || code === TAB || code === RETURN) continue;
      if (this.isOver) throw this.refused(`line ${number} goes on after the end of the array`);
      if (this.depth === 0) {
        this.depth = 1;
        from = at + 1;
        this.startLine = 0;
        continue;
      }
      if (this.depth === 1 && (code === COMMA || code === CLOSE_ARRAY)) {
        this.element(line.slice(from, at), number, code === CLOSE_ARRAY);
        from = at + 1;
        continue;
      }
      if (this.startLine === 0) this.startLine = number;
      if (code === QUOTE) this.inString = true;
      else if (code === OPEN_ARRAY || code === OPEN_OBJECT) this.depth++;
      else if (code === CLOSE_ARRAY || code === CLOSE_OBJECT) this.depth--;
    }
    if (this.isOver) return;
    if (this.inString) throw this.refused(`line ${number}: a text is opened and not closed`);
    this.keep(line.slice(from));
  }

  private element(last: string, number: number, isLast: boolean): void {
    this.pieces.push(last);
    const text = this.pieces.join(" ").trim();
    const line = this.startLine || number;
    this.pieces = [];
    this.characters = 0;
    this.startLine = 0;
    if (isLast) {
      this.isOver = true;
      this.depth = 0;
    }
    // An empty array, or the comma that some write behind the last element.
    if (text === "" && isLast) return;
    if (!this.skipsNext()) this.value(text, line, mayHaveBigIntegers(text));
  }

  private keep(piece: string): void {
    this.pieces.push(piece);
    this.characters += piece.length;
    if (this.characters > MAX_ELEMENT_CHARACTERS) throw this.refused("an element of the array is longer than 256 MB");
  }

  private refused(why: string): CliError {
    return new CliError("RUNLANE_CLI_INPUT", `${this.options.name} is no array of JSON values: ${why}`);
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const [QUOTE, BACKSLASH, COMMA, OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT, SPACE, TAB, RETURN] = [
  ...'"\\,[]{} \t\r',
].map((character) => character.charCodeAt(0)) as [
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
];
