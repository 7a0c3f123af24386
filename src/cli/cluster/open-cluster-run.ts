import type { Runnable } from "../../runnables/runnable.ts";
import type { BatchOptions } from "../batch.ts";
import { CliError } from "../cli-error.ts";
import type { InputSource } from "../input/reading.ts";
import { ChunkLog } from "./chunk-log.ts";
import { ClusterPlace } from "./cluster-place.ts";
import { ClusterRun } from "./cluster-run.ts";

interface OpenOptions
  extends Pick<BatchOptions, "argv" | "broker" | "detach" | "limit" | "output" | "resume" | "speculate"> {
  readonly path: string;
  readonly exportName: string;
  readonly source: InputSource;
  readonly firstIndex: number;
}

/** A run of a pipeline on a cluster, and the pipeline as its plan shows it. Nothing is opened yet. */
export function openClusterRun(
  pipeline: Runnable<unknown, unknown>,
  { path, exportName, broker, resume, detach = false, speculate = false, limit, output, ...given }: OpenOptions,
): { runnable: Runnable<unknown, unknown>; run: ClusterRun } {
  const place = new ClusterPlace(pipeline, { path, exportName, broker, isResumed: resume });
  const { runnable } = place;
  const log = output === undefined ? undefined : new ChunkLog(output);
  if (detach && log === undefined)
    throw new CliError("RUNLANE_CLI_USAGE", "--detach needs an --output, which is a file");
  return { runnable, run: new ClusterRun({ ...given, limit, output, place, runnable, log, detach, speculate }) };
}
