import { type Command, InvalidArgumentError } from "commander";

/** Where a pipeline may be told to run: on the event loop, in worker threads, in child processes, or where it turns out. */
export const PIPELINE_LANES = ["loop", "thread", "process", "auto"] as const;

export type PipelineLane = (typeof PIPELINE_LANES)[number];

/** The formats of `--format`. */
export const FORMATS = ["jsonl", "csv", "txt"] as const;
export type Format = (typeof FORMATS)[number];

/** The format that a file's name tells. */
export function formatOf(path: string): Format {
  if (path === "-" || /\.(jsonl|ndjson)$/i.test(path)) return "jsonl";
  return /\.csv$/i.test(path) ? "csv" : "txt";
}

/** A command that does something with a pipeline. */
export function pipelineCommand(program: Command, name: string): Command {
  return program
    .command(name)
    .helpOption("-h, --help", "print this help")
    .usage("<pipeline> [options]")
    .argument("<pipeline>", "the pipeline's module, .ts or .js");
}

/** Parses an option that is a time. */
export function milliseconds(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value > 0) || !Number.isFinite(value)) {
    throw new InvalidArgumentError("It must be a number of milliseconds above 0.");
  }
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
