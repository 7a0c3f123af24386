import type { Runnable } from "../../runnables/runnable.ts";
import type { BatchOptions } from "../batch.ts";
import { CliError } from "../cli-error.ts";
import type { OpenInput } from "../input/open-input.ts";
import { ChunkLog } from "./chunk-log.ts";
import { ClusterPlace } from "./cluster-place.ts";
import { ClusterRun } from "./cluster-run.ts";
import { referrerOf } from "./referrer.ts";

interface OpenOptions
  extends OpenInput,
    Pick<BatchOptions, "argv" | "broker" | "byReference" | "detach" | "limit" | "output" | "resume" | "speculate"> {
  readonly path: string;
  readonly exportName: string;
  readonly firstIndex: number;
}

/** A run of a pipeline on a cluster, and the pipeline as its plan shows it. Nothing is opened yet. */
export function openClusterRun(
  pipeline: Runnable<unknown, unknown>,
  { path, exportName, broker, resume, detach = false, speculate = false, limit, output, ...opened }: OpenOptions,
): { runnable: Runnable<unknown, unknown>; run: ClusterRun } {
  const place = new ClusterPlace(pipeline, { path, exportName, broker, isResumed: resume });
  const { runnable } = place;
  const log = output === undefined ? undefined : new ChunkLog(output);
  if (detach && log === undefined)
    throw new CliError("RUNLANE_CLI_USAGE", "--detach needs an --output, which is a file");
  const referrer = opened.byReference === true ? referrerOf(opened) : undefined;
  const { source, firstIndex, argv } = opened;
  const given = { source, firstIndex, argv, limit, output, detach, speculate };
  return { runnable, run: new ClusterRun({ ...given, place, runnable, log, referrer }) };
}
