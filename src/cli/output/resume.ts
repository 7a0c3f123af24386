import { truncateSync } from "node:fs";
import { CliError } from "../cli-error.ts";
import { displayName } from "../paths.ts";
import { RecordFile, type RecordPosition } from "./record-file.ts";

/** The number of records, from the end, that are looked through for gaps. */
const MAX_CHECKED_BYTES = 64 * 1024 * 1024;

/** The state from which a run goes on where an earlier one was cut off. */
export interface Resumption {
  /** The index of the first input that has no record. */
  readonly firstIndex: number;
  /** Whether the earlier run has left failed inputs. */
  readonly failedEarlier: boolean;
  /** The files that have to be cut before anything is appended, and how long they will be. */
  readonly cuts: readonly { readonly path: string; readonly bytes: number }[];
}

/**
 * Finds out where the records of an earlier run end. Nothing is changed.
 *
 * A process that is killed, or a machine that loses its power, may lose the end of one file and keep that of the other, which leaves gaps:
 * see RecordWriter. Everything from the first gap on is cut off and done again.
 *
 * @throws CliError RUNLANE_CLI_OUTPUT when the files do not hold the records of one run.
 */
export function planResumption(outputPath: string, errorsPath: string | undefined, force = false): Resumption {
  const output = RecordFile.open(outputPath);
  const errors = errorsPath === undefined ? undefined : RecordFile.open(errorsPath);
  try {
    const ends = [
      { path: outputPath, file: output, lastIndex: lastIndexOf(output) },
      { path: errorsPath, file: errors, lastIndex: lastIndexOf(errors) },
    ].sort((a, b) => a.lastIndex - b.lastIndex);
    const [behind, ahead] = ends as [(typeof ends)[0], (typeof ends)[0]];
    if (behind.lastIndex === ahead.lastIndex && ahead.lastIndex >= 0) {
      throw notOneRun(
        `${displayName(outputPath)} and ${displayName(errorsPath!)} both have one of input ${ahead.lastIndex}`,
      );
    }
    const end = findEnd(ahead.file, behind.lastIndex);
    // Errors are written first, so a process that dies never leaves gaps in the output.
    const lost = ahead.file === output && !force ? (output?.wholeBytes ?? 0) - end.bytes : 0;
    if (lost > 0) throw wouldLose(outputPath, errorsPath, end.firstIndex, lost);
    const cuts = ends.flatMap(({ path, file }) => {
      if (path === undefined || file === undefined) return [];
      const bytes = file === ahead.file ? end.bytes : file.wholeBytes;
      return bytes < file.sizeBytes ? [{ path, bytes }] : [];
    });
    const errorBytes = cuts.find((cut) => cut.path === errorsPath)?.bytes ?? errors?.sizeBytes ?? 0;
    return { firstIndex: end.firstIndex, failedEarlier: errorBytes > 0, cuts };
  } finally {
    output?.close();
    errors?.close();
  }
}

/** Cuts off what is torn. */
export function cutTornEnds({ cuts }: Resumption): void {
  for (const { path, bytes } of cuts) truncateSync(path, bytes);
}

function lastIndexOf(file: RecordFile | undefined): number {
  const last = file?.backwards().next().value as RecordPosition | undefined;
  return last?.index ?? -1;
}

/**
 * Looks through the records of the file that is ahead, back to where the other file ends: between there, every index has to be.
 *
 * @returns The first index that is missing, and where the records before it end.
 */
function findEnd(ahead: RecordFile | undefined, behindIndex: number): { firstIndex: number; bytes: number } {
  let end = { firstIndex: behindIndex + 1, bytes: ahead?.wholeBytes ?? 0 };
  let newer: RecordPosition | undefined;
  // From there: the last record may be larger than what is checked.
  let lastStart: number | undefined;
  for (const record of ahead?.backwards() ?? []) {
    if (newer !== undefined && record.index >= newer.index) throw notOneRun("their indices are not in order");
    if (newer === undefined) end = { ...end, firstIndex: Math.max(behindIndex, record.index) + 1 };
    else if (record.index !== newer.index - 1 && newer.index - 1 !== behindIndex) {
      end = { firstIndex: Math.max(behindIndex, record.index) + 1, bytes: newer.start };
    }
    if (record.index <= behindIndex) return end;
    newer = record;
    lastStart ??= record.start;
    if (lastStart - record.start > MAX_CHECKED_BYTES) return end;
  }
  if (newer !== undefined && newer.index - 1 !== behindIndex) end = { firstIndex: behindIndex + 1, bytes: newer.start };
  return end;
}

function wouldLose(outputPath: string, errorsPath: string | undefined, index: number, bytes: number): CliError {
  const errors = errorsPath === undefined ? "no errors file is named" : `neither has ${displayName(errorsPath)}`;
  return new CliError(
    "RUNLANE_CLI_OUTPUT",
    `cannot resume: ${displayName(outputPath)} has no record of input ${index}, and ${errors}; name the errors file of that run with --errors, or throw ${bytes} bytes of records behind it away with --force`,
  );
}

function notOneRun(why: string): CliError {
  return new CliError(
    "RUNLANE_CLI_OUTPUT",
    `cannot resume: the records are not those of one run, ${why}; name other files`,
  );
}
