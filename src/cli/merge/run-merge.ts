import { existsSync, rmSync } from "node:fs";
import { CliError, EXIT } from "../cli-error.ts";
import { ChunkLog } from "../cluster/chunk-log.ts";
import type { MergeOptions } from "../merge.ts";
import { errorsFileOf, planDestination } from "../output/destination.ts";
import { FileLocks } from "../output/lock.ts";
import { RecordWriter } from "../output/record-writer.ts";
import { absolutePath, displayName } from "../paths.ts";
import { RecordCursor } from "./record-cursor.ts";

/** The counts of a merge so far. */
interface Merged {
  /** How many inputs have their records. */
  inputs: number;
  failed: number;
}

/**
 * Runs `runlane merge`.
 *
 * @returns The exit code.
 * @throws CliError RUNLANE_CLI_INPUT for parts that are not whole; then there is no output.
 */
export async function runMerge({ parts, output, errors, overwrite }: MergeOptions): Promise<number> {
  const paths = parts.map(absolutePath);
  const own = { output: absolutePath(output), errors: errors === undefined ? undefined : absolutePath(errors) };
  const files = [own.output, errorsFileOf(own)].filter((path) => path !== undefined);
  const locks = new FileLocks(files);
  const taken = Object.fromEntries(
    paths.flatMap((path) => [
      [`the part ${displayName(path)}`, path],
      [`the errors file of ${displayName(path)}`, errorsFileOf({ output: path })],
    ]),
  );
  try {
    const destination = planDestination({ ...own, resume: false, overwrite, taken, lock: () => locks.take() });
    for (const path of paths) checkFinished(path);
    const standard = (): never => {
      throw new CliError("RUNLANE_CLI_USAGE", "merge writes to a file; name it with --output");
    };
    const sinks = destination.open({ output: standard, errors: standard });
    const writer = new RecordWriter(sinks.output, sinks.errors);
    const merged: Merged = { inputs: 0, failed: 0 };
    try {
      for (const path of paths) await addPart(path, merged, writer);
    } catch (error) {
      await writer.close();
      for (const file of files) rmSync(file, { force: true });
      throw error;
    }
    await writer.flush();
    await writer.sync();
    await writer.close();
    const { inputs, failed } = merged;
    process.stderr.write(
      `runlane: ${displayName(own.output)} has the records of ${inputs.toLocaleString("en-US")} inputs from ${paths.length} parts; ${failed.toLocaleString("en-US")} failed\n`,
    );
    return EXIT.done;
  } finally {
    locks.release();
  }
}

/** A run on a cluster leaves a file beside its output until it is done. */
function checkFinished(path: string): void {
  if (new ChunkLog(path).logged === undefined) return;
  throw refused(path, "its run is not done");
}

/** Adds the records of a part, whose inputs go on where those of the part before it end. */
async function addPart(path: string, merged: Merged, writer: RecordWriter): Promise<void> {
  const errorsPath = errorsFileOf({ output: path });
  const outputs = new RecordCursor(path);
  const errors = errorsPath !== undefined && existsSync(errorsPath) ? new RecordCursor(errorsPath) : undefined;
  const first = merged.inputs;
  try {
    await Promise.all([outputs.next(), errors?.next()]);
    for (let index = 0; ; index++) {
      const [output, error] = [outputs.current, errors?.current];
      if (output === undefined && error === undefined) return;
      const [ahead, behind] = [output?.index, error?.index].map((at) => at ?? Number.POSITIVE_INFINITY);
      const next = Math.min(ahead!, behind!);
      if (ahead === behind)
        throw refused(path, `input ${next} has two records, in ${outputs.name} and ${errors!.name}`);
      if (next < index) throw refused(path, `the record of input ${next} comes twice, or not in order`);
      if (next > index) throw refused(path, `input ${index} has no record`);
      const isOutput = output?.index === index;
      const line = `{"index":${first + index}${(isOutput ? output : error!).rest}\n`;
      const writing = isOutput ? writer.output(line) : writer.error(line);
      if (writing !== undefined) await writing;
      merged.inputs++;
      if (!isOutput) merged.failed++;
      await (isOutput ? outputs : errors!).next();
    }
  } finally {
    outputs.close();
    errors?.close();
  }
}

function refused(path: string, why: string): CliError {
  return new CliError(
    "RUNLANE_CLI_INPUT",
    `cannot merge ${displayName(path)}: ${why}; finish its run with runlane batch --resume, or run it again`,
  );
}
