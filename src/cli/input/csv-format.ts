import { parse } from "csv-parse/sync";
import { CliError, messageOf, systemCode } from "../cli-error.ts";
import {
  invalidLine,
  type LineFormat,
  type LineFormatOptions,
  notUtf8Line,
  ReadyInputs,
  tooLongLine,
} from "./line-formats.ts";
import { decode } from "./line-splitter.ts";
import type { Reading } from "./reading.ts";

/** A quote that is not closed within this many characters is taken for a stray one, so that it cannot eat the file. */
const MAX_OPEN_CHARACTERS = 16 * 1024 * 1024;

/**
 * The first record names the columns, every other one is an input: an object of strings.
 *
 * Lines are joined into records here, by counting quotes (a line with an odd number of them opens or closes a field), and
 * csv-parse reads the records. So one stray quote costs one line instead of all that follow: when a record of several
 * lines does not parse, its first line is the bad one, and reading goes on with the second.
 */
export class CsvFormat implements LineFormat {
  readonly #options: LineFormatOptions;
  readonly #maxOpenCharacters: number;
  readonly #ready: ReadyInputs;
  #columns: string[] | undefined;
  /** Rows of one line that wait to be parsed together. */
  #rows: RawRow[] = [];
  /** The lines of a record whose last quote is still open. */
  #open: RawRow[] = [];
  #openCharacters = 0;

  constructor(options: LineFormatOptions, maxOpenCharacters = MAX_OPEN_CHARACTERS) {
    this.#options = options;
    this.#maxOpenCharacters = maxOpenCharacters;
    this.#ready = new ReadyInputs(options.skip);
  }

  line(bytes: Buffer, start: number, end: number, number: number): void {
    const { text, valid } = decode(bytes, start, end);
    if (valid) this.#line({ text, line: number });
    else this.#bad(number, () => notUtf8Line(this.#options, number, text.trimEnd()));
  }

  tooLong(number: number): void {
    this.#bad(number, () => tooLongLine(this.#options, number));
  }

  end(): void {
    while (this.#open.length > 0) this.#giveUpFirstLine("a quoted field is opened and never closed");
  }

  take(): readonly Reading[] {
    this.#parseRows();
    return this.#ready.take();
  }

  #line(row: RawRow): void {
    const closesOrOpens = hasOddQuotes(row.text);
    if (this.#open.length === 0 && !closesOrOpens) {
      if (row.text !== "" && row.text !== "\r") this.#row(row);
      return;
    }
    const closes = this.#open.length > 0 && closesOrOpens;
    this.#open.push(row);
    this.#openCharacters += row.text.length;
    if (closes) this.#closeRecord();
    else if (this.#openCharacters > this.#maxOpenCharacters) {
      this.#giveUpFirstLine(`a quoted field is not closed within ${this.#maxOpenCharacters} characters`);
    }
  }

  /** Takes a record of one line. */
  #row(row: RawRow): void {
    if (this.#columns === undefined) this.#header(row);
    else if (!this.#ready.skipsNext()) this.#rows.push(row);
  }

  /** Reads a record of several lines at once: where the next record starts depends on whether this one is valid. */
  #closeRecord(): void {
    const [first] = this.#open as [RawRow];
    const row = { text: this.#open.map((part) => part.text).join("\n"), line: first.line };
    if (this.#columns === undefined) {
      this.#forgetOpenLines();
      this.#header(row);
      return;
    }
    const [parsed] = parseRows([row], this.#columns) as [ParsedRow<Record<string, string>>];
    if ("why" in parsed) {
      this.#giveUpFirstLine(parsed.why);
      return;
    }
    this.#forgetOpenLines();
    this.#parseRows();
    if (!this.#ready.skipsNext()) this.#ready.push(this.#input(row, parsed.fields));
  }

  #giveUpFirstLine(why: string): void {
    const [first, ...rest] = this.#open as [RawRow, ...RawRow[]];
    // All lines between the first and the last have an even number of quotes, so this goes at most one call deeper.
    this.#forgetOpenLines();
    this.#bad(first.line, () => invalidLine(this.#options, first.line, why, first.text.trimEnd()));
    for (const row of rest) this.#line(row);
  }

  #forgetOpenLines(): void {
    this.#open = [];
    this.#openCharacters = 0;
  }

  #header(row: RawRow): void {
    const header = parseHeader(row);
    if ("why" in header) this.#refuseHeader(row.line, header.why);
    else this.#columns = header.fields;
  }

  #refuseHeader(line: number, why: string): never {
    throw new CliError(
      "RUNLANE_CLI_INPUT",
      `${this.#options.name}:${line}: ${why}; the first line of a CSV file names its columns`,
    );
  }

  #bad(line: number, describe: () => Reading): void {
    while (this.#open.length > 0)
      this.#giveUpFirstLine(`a quoted field is not closed before line ${line}, which is no text`);
    this.#parseRows();
    const reading = describe();
    if (this.#columns === undefined) this.#refuseHeader(line, reading.problem?.message.replace(/^.*?:\d+: /, "") ?? "");
    if (!this.#ready.skipsNext()) this.#ready.push(reading);
  }

  #parseRows(): void {
    if (this.#rows.length === 0 || this.#columns === undefined) return;
    const rows = this.#rows;
    this.#rows = [];
    for (const [position, parsed] of parseRows(rows, this.#columns).entries()) {
      const row = rows[position] as RawRow;
      const reading =
        "why" in parsed
          ? invalidLine(this.#options, row.line, parsed.why, row.text.trimEnd())
          : this.#input(row, parsed.fields);
      this.#ready.push(reading);
    }
  }

  #input(row: RawRow, fields: Record<string, string>): Reading {
    return { value: fields, place: { name: this.#options.name, line: row.line } };
  }
}

function hasOddQuotes(text: string): boolean {
  let odd = false;
  for (let at = text.indexOf('"'); at !== -1; at = text.indexOf('"', at + 1)) odd = !odd;
  return odd;
}

/** The text of one CSV record, without its last line feed, and the line it starts in. Quoted fields may hold line ends. */
export interface RawRow {
  readonly text: string;
  readonly line: number;
}

/** What became of one row: its fields, or the reason why it has none. */
export type ParsedRow<Fields> = { readonly fields: Fields } | { readonly why: string };

// RFC 4180: comma, double quotes, a quote inside a field is written twice. Both line ends are accepted in one file.
const DIALECT = { record_delimiter: ["\r\n", "\n"], bom: false };

/** Reads the header: the names of the columns. */
export function parseHeader(row: RawRow): ParsedRow<string[]> {
  try {
    const [fields] = parse(`${row.text}\n`, DIALECT) as string[][];
    if (fields === undefined) return { why: "the header is empty" };
    const repeated = fields.find((name, position) => fields.indexOf(name) !== position);
    return repeated === undefined ? { fields } : { why: `the header has the column ${JSON.stringify(repeated)} twice` };
  } catch (error) {
    return { why: explain(error, 0) };
  }
}

/**
 * Reads rows into objects. A parser costs 15 µs to set up, more than a row takes, so all rows go through one; only when
 * that fails are they halved until the bad ones stand alone.
 */
export function parseRows(rows: readonly RawRow[], columns: readonly string[]): ParsedRow<Record<string, string>>[] {
  if (rows.length === 0) return [];
  try {
    const text = `${rows.map((row) => row.text).join("\n")}\n`;
    const parsed = parse(text, { ...DIALECT, columns: [...columns] }) as Record<string, string>[];
    if (parsed.length === rows.length) return parsed.map((fields) => ({ fields }));
    if (rows.length === 1) return [{ why: `it reads as ${parsed.length} records` }];
  } catch (error) {
    if (rows.length === 1) return [{ why: explain(error, columns.length) }];
  }
  const half = rows.length >> 1;
  return [...parseRows(rows.slice(0, half), columns), ...parseRows(rows.slice(half), columns)];
}

/** csv-parse counts lines from the text it is given, so its messages are replaced by some without line numbers. */
function explain(error: unknown, columns: number): string {
  switch (systemCode(error)) {
    case "CSV_RECORD_INCONSISTENT_COLUMNS": {
      const found = (error as { record?: unknown[] }).record?.length;
      return `the header has ${columns} columns, but this record has ${found}`;
    }
    case "CSV_QUOTE_NOT_CLOSED":
      return "a quoted field is opened and never closed";
    case "CSV_INVALID_CLOSING_QUOTE":
      return 'a quoted field goes on after its closing quote; write a quote inside a field as ""';
    case "INVALID_OPENING_QUOTE":
      return 'a quote stands inside a field that is not quoted; put the field in quotes and write the quote as ""';
    default:
      return messageOf(error);
  }
}
