import { accessSync, constants, mkdirSync, rmSync, type Stats, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { CliError, systemCause, systemCode } from "../cli-error.ts";
import { displayName } from "../paths.ts";
import { checkDistinct, type Roles } from "./file-identity.ts";
import { cutTornEnds, planResumption, type Resumption } from "./resume.ts";
import { FileSink, type Sink } from "./sink.ts";

/** The options that say where the records go. */
export interface DestinationOptions {
  /** The output file; undefined means standard output. */
  readonly output?: string | undefined;
  /** The errors file; undefined means the one beside the output file, or standard error. */
  readonly errors?: string | undefined;
  readonly resume: boolean;
  readonly overwrite: boolean;
  /** Whether a run is resumed even where that throws records away. */
  readonly force?: boolean | undefined;
  /** Files that the run reads, by what they are ("the input"): nothing must be written there. */
  readonly taken: Roles;
  /** The file of the report, which the run writes besides. */
  readonly report?: string | undefined;
  /** Is called before the records of an earlier run are looked at, and once more when all folders exist, before any file is opened. */
  readonly lock?: () => void;
}

/** The files that the records will go to: checked, and not yet touched. */
export interface Destination {
  /** The output file; undefined for standard output. */
  readonly output: string | undefined;
  /** The errors file; undefined for standard error. */
  readonly errors: string | undefined;
  /** The index of the first input that has no record. Not 0 only when a run is resumed. */
  readonly firstIndex: number;
  /** Whether an earlier run has left failed inputs. */
  readonly failedEarlier: boolean;
  /** Whether a later run can continue the records. */
  readonly isResumable: boolean;
  /** Repairs or empties the files and opens the output. The errors file appears with the first error. */
  open(standard: { readonly output: () => Sink; readonly errors: () => Sink }): { output: Sink; errors: Sink };
}

/**
 * Checks that the records can be written, without writing anything.
 *
 * @throws CliError
 */
export function planDestination(options: DestinationOptions): Destination {
  const { resume, overwrite } = options;
  const { output } = options;
  const errors = errorsFileOf(options);
  if (resume && output === undefined) throw usage("--resume continues an output file; name it with --output");
  const files = [output, errors].filter((path) => path !== undefined);
  for (const path of files) checkWritable(path);
  checkDistinct({ "the report": options.report, "the output": output, "the errors file": errors }, options.taken, {
    ...(output === undefined && { "standard output": 1 }),
    ...(errors === undefined && { "standard error": 2 }),
  });
  options.lock?.();
  const regular = files.filter((path) => !isSpecial(path));
  if (resume && regular.length < files.length) throw usage("--resume needs regular files to continue");
  if (!resume && !overwrite) regular.forEach(refuseFilled);
  const resumption = resume && output !== undefined ? planResumption(output, errors, options.force) : FROM_THE_START;
  return {
    output,
    errors,
    firstIndex: resumption.firstIndex,
    failedEarlier: resumption.failedEarlier,
    isResumable: output !== undefined && regular.length === files.length,
    open: (standard) => {
      files.forEach(makeFolder);
      options.lock?.();
      cutTornEnds(resumption);
      return {
        output: output === undefined ? standard.output() : openOutput(output, resume),
        errors: errors === undefined ? standard.errors() : openErrors(errors, resume),
      };
    },
  };
}

const FROM_THE_START: Resumption = { firstIndex: 0, failedEarlier: false, cuts: [] };

/** The file that failed inputs go to; undefined for standard error. */
export function errorsFileOf({ output, errors }: Pick<DestinationOptions, "output" | "errors">): string | undefined {
  return errors ?? defaultErrorsFile(output);
}

/** `out.jsonl` has `out.errors.jsonl` beside it. A device such as /dev/null has nothing beside it. */
function defaultErrorsFile(output: string | undefined): string | undefined {
  if (output === undefined || isSpecial(output)) return undefined;
  return `${output.replace(/\.(jsonl|ndjson|json)$/i, "")}.errors.jsonl`;
}

function openOutput(path: string, resume: boolean): Sink {
  const sink = new FileSink(path, resume ? "append" : "replace");
  sink.open();
  return sink;
}

function openErrors(path: string, resume: boolean): Sink {
  // The errors of a run that is overwritten must not outlive its outputs.
  if (!resume && !isSpecial(path)) rmSync(path, { force: true });
  return new FileSink(path, "append");
}

function makeFolder(path: string): void {
  try {
    mkdirSync(dirname(resolve(path)), { recursive: true });
  } catch (error) {
    throw unwritable(path, error);
  }
}

function refuseFilled(path: string): void {
  if ((stat(path)?.size ?? 0) === 0) return;
  const message = `${displayName(path)} has records already; continue them with --resume, replace them with --overwrite, or name another file`;
  throw new CliError("RUNLANE_CLI_OUTPUT", message);
}

/**
 * Checks that a file can be created or written.
 *
 * @throws CliError RUNLANE_CLI_OUTPUT
 */
export function checkWritable(path: string): void {
  try {
    const stats = stat(path);
    if (stats?.isDirectory()) throw Object.assign(new Error(), { code: "EISDIR" });
    accessSync(stats === undefined ? existingFolder(path) : path, constants.W_OK);
  } catch (error) {
    throw unwritable(path, error);
  }
}

/** The nearest folder above a file that exists; the ones between are created later. */
function existingFolder(path: string): string {
  const folder = dirname(resolve(path));
  const stats = stat(folder);
  if (stats === undefined) return existingFolder(folder);
  if (!stats.isDirectory()) throw Object.assign(new Error(), { code: "ENOTDIR" });
  return folder;
}

function isSpecial(path: string): boolean {
  const stats = stat(path);
  return stats !== undefined && !stats.isFile();
}

function stat(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch (error) {
    if (systemCode(error) === "ENOENT" || systemCode(error) === "ENOTDIR") return undefined;
    throw unwritable(path, error);
  }
}

function unwritable(path: string, error: unknown): CliError {
  return new CliError("RUNLANE_CLI_OUTPUT", `cannot write ${displayName(path)}: ${systemCause(error)}`, {
    cause: error,
  });
}

function usage(message: string): CliError {
  return new CliError("RUNLANE_CLI_USAGE", message);
}
