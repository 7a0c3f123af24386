import { existsSync } from "node:fs";
import { stayOnLoop } from "../../lanes/named-lanes.ts";
import type { Runnable } from "../../runnables/runnable.ts";
import type { BatchOptions } from "../batch.ts";
import { CliError } from "../cli-error.ts";
import { type OpenInput, openInput } from "../input/open-input.ts";
import { type Destination, errorsFileOf, planDestination } from "../output/destination.ts";
import { identityOf, type PathOrFd } from "../output/file-identity.ts";
import { FileLocks } from "../output/lock.ts";
import { checkSameRun, hashOf, headOf, headOfPaths, type RunIdentity, readRunFile } from "../output/run-file.ts";
import { absolutePath } from "../paths.ts";
import { loadPipeline, pipelineFile } from "../pipeline/load-pipeline.ts";
import { placePipeline } from "../pipeline/place-pipeline.ts";
import { BatchRun, type InputsRun } from "./batch-run.ts";
import { checkReport } from "./report.ts";
import { ProgressMeter } from "./run-counts.ts";

/** A run that is ready to start: everything that can be checked beforehand is checked, and no file is touched. */
export interface PreparedRun extends OpenInput {
  readonly options: BatchOptions;
  readonly runnable: Runnable<unknown, unknown>;
  readonly destination: Destination;
  readonly run: InputsRun;
  /** All that the records depend on. */
  readonly identity: RunIdentity;
  /** Makes the meter of the run; its clock starts at once. */
  startMeter(): ProgressMeter;
  /** Lets the outputs go. */
  release(): void;
}

/** The options with paths that lead where they did when the command was started. */
export function withAbsolutePaths(options: BatchOptions): BatchOptions {
  const { input, output, errors, report } = options;
  const absolute = (path: string | undefined) => (path === undefined || path === "-" ? path : absolutePath(path));
  return {
    ...options,
    input: absolute(input),
    output: absolute(output),
    errors: absolute(errors),
    report: absolute(report),
  };
}

/** @throws CliError */
export async function prepare(options: BatchOptions): Promise<PreparedRun> {
  const { report, limit, concurrency, lane, output, broker, detach, speculate, byReference } = options;
  if (options.force === true && !options.resume) throw new CliError("RUNLANE_CLI_USAGE", "--force is for --resume");
  for (const [name, value] of Object.entries({ broker, detach, speculate, "by-reference": byReference }))
    if (value !== undefined && lane !== "cluster")
      throw new CliError("RUNLANE_CLI_USAGE", `--${name} is for --lane cluster`);
  if (lane === "loop") stayOnLoop();
  // Before the pipeline is loaded: it may change its own module, or the working folder.
  const pipelineHash = hashOf(pipelineFile(options.pipeline));
  const pipeline = await loadPipeline(options.pipeline);
  const errors = errorsFileOf(options);
  const written = [output ?? 1, errors ?? 2, report].filter((file) => file !== undefined);
  const opened = await openInput(options, isOneOf(written));
  const { source, files } = opened;
  const locks = new FileLocks([output, errors].filter((path) => path !== undefined));
  try {
    const input = options.input === "-" ? 0 : options.input;
    const named = Object.fromEntries(
      [...(files?.named ?? [])].map((path) => [`the input ${path}`, absolutePath(path)]),
    );
    const taken = { "the pipeline": absolutePath(options.pipeline), "the input": input, ...named };
    const identity = identityOfRun(options, { pipelineHash, errors, files: files?.paths });
    if (options.resume && options.force !== true) checkResumed(options, identity, files?.paths);
    const destination = planDestination({ ...options, taken, lock: () => locks.take() });
    if (report !== undefined) checkReport(report);
    const { firstIndex } = destination;
    const left = inputsLeft([limit, source.count], firstIndex);
    const atMost = Math.min(concurrency ?? Number.POSITIVE_INFINITY, left ?? Number.POSITIVE_INFINITY);
    const placed = { path: options.pipeline, exportName: "default" };
    if (lane === "cluster") {
      const { openClusterRun } = await import("../cluster/open-cluster-run.ts");
      const { runnable, run } = openClusterRun(pipeline, {
        ...placed,
        ...options,
        ...opened,
        files,
        output: destination.isResumable ? output : undefined,
        firstIndex,
      });
      const startMeter = () => new ProgressMeter(left, () => run.fraction);
      return { ...opened, options, runnable, destination, run, identity, startMeter, release: () => locks.release() };
    }
    const runnable = await placePipeline(pipeline, { ...placed, lane, atMost });
    const run = new BatchRun({ runnable, source, firstIndex, limit, concurrency });
    const startMeter = () => new ProgressMeter(left, () => run.fraction);
    return { ...opened, options, runnable, destination, run, identity, startMeter, release: () => locks.release() };
  } catch (error) {
    locks.release();
    throw error;
  }
}

function isOneOf(files: readonly PathOrFd[]): (path: string) => boolean {
  const identities = new Set(files.map(identityOf));
  return (path) => {
    const identity = identityOf(absolutePath(path));
    return identity !== undefined && identities.has(identity);
  };
}

interface Sources {
  readonly pipelineHash: string;
  readonly errors: string | undefined;
  readonly files: readonly string[] | undefined;
}

function identityOfRun(options: BatchOptions, { pipelineHash, errors, files }: Sources): RunIdentity {
  const { format, delimiter, bigIntegers } = options;
  const given = Object.entries({ format, delimiter, "big-integers": bigIntegers }).filter(
    ([, value]) => value !== undefined,
  );
  return {
    input: inputHead(options, files),
    pipeline: pipelineHash,
    options: Object.fromEntries(given as [string, string][]),
    errors: errors ?? null,
  };
}

/** The beginning of the input, or as much of it as was noted earlier. */
function inputHead({ input }: BatchOptions, files: readonly string[] | undefined, size?: number): RunIdentity["input"] {
  if (files !== undefined) return headOfPaths(files, size);
  return input === undefined ? null : headOf(input === "-" ? 0 : input, size);
}

function checkResumed(options: BatchOptions, identity: RunIdentity, files: readonly string[] | undefined): void {
  const { output } = options;
  const before = output === undefined || !existsSync(output) ? undefined : readRunFile(output);
  if (output === undefined || before === undefined) return;
  checkSameRun(output, before, { ...identity, inputHead: (size) => inputHead(options, files, size) });
}

/** The number of inputs that are left at most, when anything tells. */
function inputsLeft(bounds: readonly (number | undefined)[], firstIndex: number): number | undefined {
  const known = bounds.filter((bound) => bound !== undefined);
  return known.length === 0 ? undefined : Math.max(0, Math.min(...known) - firstIndex);
}
