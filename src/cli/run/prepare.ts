import { stayOnLoop } from "../../lanes/named-lanes.ts";
import type { Runnable } from "../../runnables/runnable.ts";
import type { BatchOptions } from "../batch.ts";
import { openInput } from "../input/open-input.ts";
import type { InputSource } from "../input/reading.ts";
import { checkWritable, type Destination, planDestination } from "../output/destination.ts";
import { loadPipeline } from "../pipeline/load-pipeline.ts";
import { placePipeline } from "../pipeline/place-pipeline.ts";
import { BatchRun } from "./batch-run.ts";
import { ProgressMeter } from "./run-counts.ts";

/** A run that is ready to start: everything that can be checked beforehand is checked, and no file is touched. */
export interface PreparedRun {
  readonly options: BatchOptions;
  readonly runnable: Runnable<unknown, unknown>;
  readonly source: InputSource;
  readonly destination: Destination;
  readonly run: BatchRun;
  /** Makes the meter of the run; its clock starts at once. */
  startMeter(): ProgressMeter;
}

/** @throws CliError */
export async function prepare(options: BatchOptions): Promise<PreparedRun> {
  const { report, limit, concurrency, lane } = options;
  if (lane === "loop") stayOnLoop();
  const pipeline = await loadPipeline(options.pipeline);
  const source = await openInput(options);
  const input = options.input === "-" ? undefined : options.input;
  const taken = { "the pipeline": options.pipeline, "the input": input, "the report": report };
  const destination = planDestination({ ...options, taken });
  if (report !== undefined) checkWritable(report);
  const { firstIndex } = destination;
  const left = inputsLeft([limit, source.count], firstIndex);
  const atMost = Math.min(concurrency ?? Number.POSITIVE_INFINITY, left ?? Number.POSITIVE_INFINITY);
  const runnable = await placePipeline(pipeline, { path: options.pipeline, exportName: "default", lane, atMost });
  const run = new BatchRun({ runnable, source, firstIndex, limit, concurrency });
  return { options, runnable, source, destination, run, startMeter: () => new ProgressMeter(left, () => run.fraction) };
}

/** How many inputs are left at most, when anything tells. */
function inputsLeft(bounds: readonly (number | undefined)[], firstIndex: number): number | undefined {
  const known = bounds.filter((bound) => bound !== undefined);
  return known.length === 0 ? undefined : Math.max(0, Math.min(...known) - firstIndex);
}
