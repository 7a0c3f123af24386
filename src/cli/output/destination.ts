import { accessSync, constants, mkdirSync, rmSync, type Stats, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { CliError, systemCause, systemCode } from "../cli-error.ts";
import { cutTornEnds, planResumption, type Resumption } from "./resume.ts";
import { FileSink, type Sink } from "./sink.ts";

/** Where the user wants the records. */
export interface DestinationOptions {
  /** The output file; undefined means standard output. */
  readonly output?: string | undefined;
  /** The errors file; undefined means the one beside the output file, or standard error. */
  readonly errors?: string | undefined;
  readonly resume: boolean;
  readonly overwrite: boolean;
  /** Files that the run reads or writes otherwise, by what they are ("the input"): records must not go there. */
  readonly taken: Readonly<Record<string, string | undefined>>;
}

/** Where the records will go: checked, and not yet touched. */
export interface Destination {
  /** The output file; undefined for standard output. */
  readonly output: string | undefined;
  /** The errors file; undefined for standard error. */
  readonly errors: string | undefined;
  /** The index of the first input that has no record. Not 0 only when a run is resumed. */
  readonly firstIndex: number;
  /** Whether an earlier run has left failed inputs. */
  readonly failedEarlier: boolean;
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
  const errors = options.errors ?? defaultErrorsFile(output);
  if (resume && output === undefined) throw usage("--resume continues an output file; name it with --output");
  const files = [output, errors].filter((path) => path !== undefined);
  for (const path of files) checkWritable(path);
  checkDistinct({ ...options.taken, "the output": output, "the errors file": errors });
  const regular = files.filter((path) => !isSpecial(path));
  if (resume && regular.length < files.length) throw usage("--resume needs regular files to continue");
  if (!resume && !overwrite) regular.forEach(refuseFilled);
  const resumption = resume && output !== undefined ? planResumption(output, errors) : FROM_THE_START;
  return {
    output,
    errors,
    firstIndex: resumption.firstIndex,
    failedEarlier: resumption.failedEarlier,
    open: (standard) => {
      cutTornEnds(resumption);
      return {
        output: output === undefined ? standard.output() : openOutput(output, resume),
        errors: errors === undefined ? standard.errors() : openErrors(errors, resume),
      };
    },
  };
}

const FROM_THE_START: Resumption = { firstIndex: 0, failedEarlier: false, cuts: [] };

/** `out.jsonl` has `out.errors.jsonl` beside it. A device such as /dev/null has nothing beside it. */
function defaultErrorsFile(output: string | undefined): string | undefined {
  if (output === undefined || isSpecial(output)) return undefined;
  return `${output.replace(/\.(jsonl|ndjson|json)$/i, "")}.errors.jsonl`;
}

function openOutput(path: string, resume: boolean): Sink {
  const sink = new FileSink(path, resume ? "append" : "replace");
  makeFolder(path);
  sink.open();
  return sink;
}

function openErrors(path: string, resume: boolean): Sink {
  makeFolder(path);
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
  const message = `${path} has records already; continue them with --resume, replace them with --overwrite, or name another file`;
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

function checkDistinct(files: Readonly<Record<string, string | undefined>>): void {
  const roles = new Map<string, string>();
  for (const [role, path] of Object.entries(files)) {
    if (path === undefined || isSpecial(path)) continue;
    const stats = stat(path);
    const identity = stats === undefined ? resolve(path) : `${stats.dev}:${stats.ino}`;
    const other = roles.get(identity);
    if (other !== undefined) throw usage(`${role} and ${other} are the same file, ${path}`);
    roles.set(identity, role);
  }
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
  return new CliError("RUNLANE_CLI_OUTPUT", `cannot write ${path}: ${systemCause(error)}`, { cause: error });
}

function usage(message: string): CliError {
  return new CliError("RUNLANE_CLI_USAGE", message);
}
