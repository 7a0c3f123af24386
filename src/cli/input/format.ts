/** The formats of `--format`. */
export const FORMATS = ["jsonl", "csv", "txt"] as const;
export type Format = (typeof FORMATS)[number];

/** The format that a file's name tells. */
export function formatOf(path: string): Format {
  if (path === "-" || /\.(jsonl|ndjson)$/i.test(path)) return "jsonl";
  return /\.csv$/i.test(path) ? "csv" : "txt";
}
