import { setOwn } from "../../core/own.ts";
import { CliError } from "../cli-error.ts";
import { BlockFormat, type LineFormatOptions } from "./line-formats.ts";

/** A quote that is not closed within this many characters is taken for a stray one, so that it cannot eat the file. */
const MAX_OPEN_CHARACTERS = 16 * 1024 * 1024;

/** A line, and its number. */
interface Line {
  readonly text: string;
  readonly number: number;
}

/**
 * The first record names the columns, every other one is an input: an object of strings.
 *
 * Lines are joined into records here, by counting quotes (a line with an odd number of them opens or closes a field). So one
 * stray quote costs one line instead of all that follow: when a record of several lines does not parse, its first line is the bad
 * one, and reading goes on with the second.
 */
export class CsvFormat extends BlockFormat {
  private readonly maxOpenCharacters: number;
  private readonly delimiter: string;
  private columns: readonly string[] | undefined;
  /** The lines of a record whose last quote is still open. */
  private open: Line[] = [];
  private openCharacters = 0;

  constructor(options: LineFormatOptions, maxOpenCharacters = MAX_OPEN_CHARACTERS) {
    super(options, (text) => JSON.stringify(this.fieldsOf(text)));
    this.maxOpenCharacters = maxOpenCharacters;
    this.delimiter = options.delimiter ?? ",";
  }

  lines(texts: readonly string[], firstNumber: number, whole: string): void {
    const hasQuotes = whole.includes('"');
    for (let at = 0; at < texts.length; at++) {
      const text = texts[at]!;
      if (this.open.length === 0 && !(hasQuotes && text.includes('"'))) this.plain(text, firstNumber + at);
      else this.quoted({ text, number: firstNumber + at });
    }
  }

  override end(): void {
    while (this.open.length > 0) this.giveUpFirstLine("a quoted field is opened and never closed");
  }

  /** Takes a line without quotes. */
  private plain(line: string, number: number): void {
    const text = withoutReturn(line);
    if (text === "") return;
    const columns = this.columns;
    if (columns === undefined) {
      this.header(text, number);
      return;
    }
    if (this.skipsNext()) return;
    const fields = text.split(this.delimiter);
    const why = text.includes("\r")
      ? STRAY_END
      : fields.length === columns.length
        ? undefined
        : wrongCount(columns, fields);
    if (why === undefined) this.block.add(toObject(columns, fields), number, text);
    else this.addProblem(number, why, text);
  }

  /** Takes a line that has quotes, or stands inside a quoted field. */
  private quoted(line: Line): void {
    const closesOrOpens = hasOddQuotes(line.text);
    if (this.open.length === 0 && !closesOrOpens) {
      this.record({ text: withoutReturn(line.text), number: line.number });
      return;
    }
    const closes = this.open.length > 0 && closesOrOpens;
    this.open.push(line);
    this.openCharacters += line.text.length;
    if (closes) this.closeRecord();
    else if (this.openCharacters > this.maxOpenCharacters)
      this.giveUpFirstLine(`a quoted field is not closed within ${this.maxOpenCharacters} characters`);
  }

  /** Reads a record of several lines at once: where the next record starts depends on whether this one is valid. */
  private closeRecord(): void {
    const [first] = this.open as [Line];
    const text = withoutReturn(this.open.map((line) => line.text).join("\n"));
    if (this.columns !== undefined) {
      const fields = this.parse(text);
      if (typeof fields === "string") {
        this.giveUpFirstLine(fields);
        return;
      }
    }
    this.forgetOpenLines();
    this.record({ text, number: first.number });
  }

  private record({ text, number }: Line): void {
    const columns = this.columns;
    if (columns === undefined) {
      this.header(text, number);
      return;
    }
    if (this.skipsNext()) return;
    const fields = this.parse(text);
    if (typeof fields === "string") this.addProblem(number, fields, text.trimEnd());
    else this.block.add(toObject(columns, fields), number, text);
  }

  private giveUpFirstLine(why: string): void {
    const [first, ...rest] = this.open as [Line, ...Line[]];
    // All lines between the first and the last have an even number of quotes, so this goes at most one call deeper.
    this.forgetOpenLines();
    this.problem(first.number, why, first.text.trimEnd());
    for (const line of rest) {
      if (this.open.length > 0 || line.text.includes('"')) this.quoted(line);
      else this.plain(line.text, line.number);
    }
  }

  private forgetOpenLines(): void {
    this.open = [];
    this.openCharacters = 0;
  }

  private header(text: string, number: number): void {
    const names = this.parse(text);
    if (typeof names === "string") this.refuseHeader(number, names);
    const repeated = names.find((name, position) => names.indexOf(name) !== position);
    if (repeated !== undefined)
      this.refuseHeader(number, `the header has the column ${JSON.stringify(repeated)} twice`);
    this.columns = names;
  }

  private refuseHeader(line: number, why: string): never {
    throw new CliError(
      "RUNLANE_CLI_INPUT",
      `${this.options.name}:${line}: ${why}; the first line of a CSV file names its columns`,
    );
  }

  protected override problem(line: number, why: string, text: string | undefined): void {
    while (this.open.length > 0)
      this.giveUpFirstLine(`a quoted field is not closed before line ${line}, which is no text`);
    if (this.columns === undefined) this.refuseHeader(line, why);
    super.problem(line, why, text);
  }

  /** The fields of one record, or why it is none. */
  private parse(text: string): string[] | string {
    const columns = this.columns;
    const fields = parseRecord(text, this.delimiter);
    if (typeof fields === "string" || columns === undefined || fields.length === columns.length) return fields;
    return wrongCount(columns, fields);
  }

  /** An input as it was read: by then it may have been changed. */
  private fieldsOf(text: string): Record<string, string> {
    const fields = text.includes('"') ? (this.parse(text) as string[]) : text.split(this.delimiter);
    return toObject(this.columns!, fields);
  }
}

/** Splits one record into its fields (RFC 4180: double quotes, a quote inside a field is written twice), or says why it is none. */
function parseRecord(text: string, delimiter: string): string[] | string {
  const fields: string[] = [];
  for (let at = 0; ; at += delimiter.length) {
    let field = "";
    if (text[at] === '"') {
      let from = at + 1;
      at = text.indexOf('"', from);
      while (at !== -1 && text[at + 1] === '"') {
        field += text.slice(from, at + 1);
        from = at + 2;
        at = text.indexOf('"', from);
      }
      if (at === -1) return "a quoted field is opened and never closed";
      field += text.slice(from, at);
      at++;
      if (at < text.length && !text.startsWith(delimiter, at))
        return 'a quoted field goes on after its closing quote; write a quote inside a field as ""';
    } else {
      const found = text.indexOf(delimiter, at);
      field = text.slice(at, found === -1 ? text.length : found);
      at += field.length;
      if (field.includes('"'))
        return 'a quote stands inside a field that is not quoted; put the field in quotes and write the quote as ""';
      if (/[\r\n]/.test(field)) return STRAY_END;
    }
    fields.push(field);
    if (at >= text.length) return fields;
  }
}

const STRAY_END = "a line end stands inside a field that is not quoted; do lines end with carriage returns alone?";

function wrongCount(columns: readonly string[], fields: readonly string[]): string {
  return `the header has ${columns.length} columns, but this record has ${fields.length}`;
}

function toObject(columns: readonly string[], fields: readonly string[]): Record<string, string> {
  const object: Record<string, string> = {};
  for (let at = 0; at < columns.length; at++) setOwn(object, columns[at]!, fields[at]);
  return object;
}

function withoutReturn(line: string): string {
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}

function hasOddQuotes(text: string): boolean {
  let odd = false;
  for (let at = text.indexOf('"'); at !== -1; at = text.indexOf('"', at + 1)) odd = !odd;
  return odd;
}
