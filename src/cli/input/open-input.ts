import type { BatchOptions } from "../batch.ts";
import { CliError } from "../cli-error.ts";
import { formatOf } from "../options.ts";
import type { InputSource } from "./reading.ts";

/**
 * Opens what the options name. Only the code that the kind of source needs is loaded.
 *
 * @throws CliError
 */
export async function openInput(
  options: Pick<BatchOptions, "input" | "files" | "format" | "delimiter" | "bigIntegers">,
): Promise<InputSource> {
  const { input, files, format } = options;
  if (files !== undefined && input === undefined) {
    if (format !== undefined) throw usage("--format is for the lines of --input; with --files every input is a path");
    const { fileSource, findFiles } = await import("./file-source.ts");
    return fileSource(await findFiles(files));
  }
  if (input === undefined) throw usage("there is no input; name one with --input <file> or --files <glob>");
  if (files !== undefined) throw usage("--input and --files exclude each other");
  const { openFile, openStdin } = await import("./byte-stream.ts");
  const { lineSource } = await import("./line-source.ts");
  return lineSource(input === "-" ? openStdin() : openFile(input), format ?? formatOf(input), options);
}

function usage(message: string): CliError {
  return new CliError("RUNLANE_CLI_USAGE", message);
}
