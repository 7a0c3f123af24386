import { type Command, InvalidArgumentError } from "commander";
import { ownValue } from "../core/own.ts";

/** Where a pipeline may be told to run: on the event loop, in worker threads, in child processes, or where it turns out. */
export const PIPELINE_LANES = ["loop", "thread", "process", "auto"] as const;

export type PipelineLane = (typeof PIPELINE_LANES)[number];

/** Where a batch may be told to run: on other machines, too. */
export const BATCH_LANES = [...PIPELINE_LANES, "cluster"] as const;

/** The formats of `--format`. */
export const FORMATS = ["jsonl", "json", "csv", "tsv", "txt"] as const;
export type Format = (typeof FORMATS)[number];

const EXTENSIONS: Readonly<Record<string, Format>> = {
  jsonl: "jsonl",
  ndjson: "jsonl",
  json: "json",
  csv: "csv",
  tsv: "tsv",
  tab: "tsv",
};

/** The format that a file's name tells, compressed or not. */
export function formatOf(path: string): Format {
  if (path === "-") return "jsonl";
  const [, extension = ""] = /\.([^./\\]+)(?:\.(?:gz|zst))?$/i.exec(path) ?? [];
  return ownValue(EXTENSIONS, extension.toLowerCase()) ?? "txt";
}

/** The choices of `--big-integers`. */
export const BIG_INTEGERS = ["fail", "string", "round"] as const;
export type BigIntegers = (typeof BIG_INTEGERS)[number];

/** A command that does something with a pipeline. */
export function pipelineCommand(program: Command, name: string, argument = "<pipeline>"): Command {
  return program
    .command(name)
    .helpOption("-h, --help", "print this help")
    .usage("<pipeline> [options]")
    .argument(argument, "the pipeline's module, .ts or .js");
}

/** Parses an option that is a time. */
export function milliseconds(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value > 0) || !Number.isFinite(value)) {
    throw new InvalidArgumentError("It must be a number of milliseconds above 0.");
  }
  return value;
}

/** Parses the time after which a held event loop is told of. */
export function watchTime(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 20) || !Number.isFinite(value)) {
    throw new InvalidArgumentError("It must be a number of milliseconds from 20 up.");
  }
  return value;
}

/** Parses a port. */
export function portNumber(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > 65_535) throw new InvalidArgumentError("It must be a number from 0 to 65535.");
  return value;
}

/** Parses an option that counts something. */
export function positiveInteger(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || !Number.isSafeInteger(value)) {
    throw new InvalidArgumentError("It must be a whole number from 1 up.");
  }
  return value;
}

/** Parses `--delimiter`, which shells make hard to write as a tab. */
export function delimiter(text: string): string {
  const value = text.replaceAll("\\t", "\t");
  if (value === "" || /["\r\n]/.test(value))
    throw new InvalidArgumentError("It must be a character that is no quote and no line end.");
  return value;
}

/** Refuses an option that is given twice: the first one would be forgotten without a word. */
export function once(value: string, before: string | undefined): string {
  if (before !== undefined) throw new InvalidArgumentError(`It is given twice; the first time it was '${before}'.`);
  return value;
}
