import type { BatchOptions } from "../batch.ts";
import { CliError } from "../cli-error.ts";
import { formatOf } from "../options.ts";
import { absolutePath } from "../paths.ts";
import type { FoundFiles } from "./file-source.ts";
import type { InputSource } from "./reading.ts";

/** The input that the options name. */
export interface OpenInput {
  readonly source: InputSource;
  /** The paths, where every file is an input. */
  readonly files?: FoundFiles;
}

/**
 * Opens the input that the options name. Only the code that the kind of source needs is loaded.
 *
 * @param isLeftOut Says of a file that a pattern has found whether it is no input.
 * @throws CliError
 */
export async function openInput(
  options: Pick<BatchOptions, "input" | "files" | "format" | "delimiter" | "bigIntegers">,
  isLeftOut?: (path: string) => boolean,
): Promise<OpenInput> {
  const { input, files, format } = options;
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
  const stream = input === "-" ? openStdin() : openFile(input);
  return { source: lineSource(stream, format ?? formatOf(input), options) };
}

function usage(message: string): CliError {
  return new CliError("RUNLANE_CLI_USAGE", message);
}
