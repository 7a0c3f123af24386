import type { BatchOptions } from "../batch.ts";
import { CliError } from "../cli-error.ts";
import { type Format, formatOf } from "../options.ts";
import { absolutePath } from "../paths.ts";
import type { FoundFiles } from "./file-source.ts";
import type { LineOffsets } from "./line-offsets.ts";
import type { InputSource } from "./reading.ts";

/** The input that the options name. */
export interface OpenInput {
  readonly source: InputSource;
  /** The paths, where every file is an input. */
  readonly files?: FoundFiles;
  /** The file whose lines are inputs, where they are to be referred to. */
  readonly lines?: LinesInFile;
}

/** Where the lines of a file are, and how they are read. */
export interface LinesInFile {
  readonly path: string;
  readonly offsets: LineOffsets;
  readonly reading: LineReading;
}

/** How a line of a file becomes an input. */
export type LineReading = Pick<BatchOptions, "delimiter" | "bigIntegers"> & { readonly format: Format };

/**
 * Opens the input that the options name. Only the code that the kind of source needs is loaded.
 *
 * @param isLeftOut Says of a file that a pattern has found whether it is no input.
 * @throws CliError
 */
export async function openInput(
  options: Pick<BatchOptions, "input" | "files" | "format" | "delimiter" | "bigIntegers" | "byReference">,
  isLeftOut?: (path: string) => boolean,
): Promise<OpenInput> {
  const { input, files, format, delimiter, bigIntegers, byReference = false } = options;
  if (files !== undefined && input === undefined) {
    if (format !== undefined) throw usage("--format is for the lines of --input; with --files every input is a path");
    const { fileSource, findFiles } = await import("./file-source.ts");
    const found = await findFiles(files, absolutePath("."), isLeftOut);
    return { source: fileSource(found.paths), files: found };
  }
  if (input === undefined) throw usage("there is no input; name one with --input <file> or --files <glob>");
  if (files !== undefined) throw usage("--input and --files exclude each other");
  const { openFile, openStdin } = await import("./byte-stream.ts");
  const { lineSource } = await import("./line-source.ts");
  const read = format ?? formatOf(input);
  if (!byReference) return { source: lineSource(input === "-" ? openStdin() : openFile(input), read, options) };
  if (input === "-") throw usage("--by-reference needs a file that workers can read, not standard input");
  const { LineOffsets } = await import("./line-offsets.ts");
  const offsets = new LineOffsets(read);
  // What is not an array is lines, whatever it is called.
  const reading = { format: read === "json" ? "jsonl" : read, delimiter, bigIntegers } as const;
  return {
    source: lineSource(offsets.watch(openFile(input)), read, options),
    lines: { path: input, offsets, reading },
  };
}

function usage(message: string): CliError {
  return new CliError("RUNLANE_CLI_USAGE", message);
}
