import { parse } from "csv-parse/sync";
import { messageOf, systemCode } from "../cli-error.ts";

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
