import type { Step } from "../../core/step.ts";
import { placeOfStep } from "../../diagnose/step-place.ts";
import type { Holder } from "../../observe/holders.ts";
import type { Plan } from "../../plan/plan.ts";
import type { BatchOptions } from "../batch.ts";
import { EXIT } from "../cli-error.ts";
import { round } from "../display/format.ts";
import type { Messages } from "../display/progress.ts";
import { summary } from "../display/summary.ts";
import type { Destination } from "../output/destination.ts";
import { displayName, quote } from "../paths.ts";
import type { RunEnd } from "./batch-run.ts";
import type { Measurements } from "./measurements.ts";
import type { PreparedRun } from "./prepare.ts";
import type { RunRecording } from "./recording.ts";
import { type HolderRow, type Report, resourceRows, writeReport } from "./report.ts";
import type { RunCounts } from "./run-counts.ts";
import { exitCodeOf, type StopSignal } from "./stop-signals.ts";

/** The number of steps that held the event loop which a report lists. */
const MOST_HOLDERS = 5;

/** A run that has ended. */
export interface Ended {
  readonly end: RunEnd;
  readonly signal: StopSignal | undefined;
  readonly counts: RunCounts;
  readonly measurements: Measurements;
  /** The time of loading everything beforehand, in milliseconds; null where nobody asked for it. */
  readonly warmMs: number | null;
  /** The record beside the statistics, where somebody asked for it. */
  readonly recording: RunRecording | undefined;
}

/**
 * Tells how a run went: the plan, the report, what went wrong and how to continue.
 *
 * @returns The exit code.
 * @throws CliError when the report cannot be written.
 */
export async function conclude(prepared: PreparedRun, ended: Ended, messages: Messages): Promise<number> {
  const { options, destination } = prepared;
  const { end } = ended;
  const plan = prepared.run.plan(ended.measurements.durationMs);
  const report = buildReport(prepared, ended, plan);
  if (!options.quiet) messages.print(summary(report, plan, options));
  if (options.report !== undefined) writeReport(options.report, report);
  if ("error" in end) messages.say(end.error.message);
  if (end.kind === "detached") messages.print(howToAttach(end.run, options));
  else if (end.kind !== "finished" || ended.signal !== undefined) messages.print(howToResume(options, destination));
  return report.exitCode;
}

function buildReport(
  { options, runnable, source, destination, run }: PreparedRun,
  ended: Ended,
  { stages, warnings }: Plan,
): Report {
  const { end, signal, counts, measurements, warmMs, recording } = ended;
  const howItEnded = signal === undefined ? end.kind : signal === "SIGINT" ? "interrupted" : "terminated";
  return {
    pipeline: options.pipeline,
    input: source.name,
    output: named(destination.output),
    errors: named(destination.errors),
    warmMs,
    ...measurements,
    end: howItEnded,
    exitCode: exitCode(ended, counts.failed > 0 || destination.failedEarlier),
    firstIndex: destination.firstIndex,
    inputs: counts.done,
    failed: counts.failed,
    failedEarlier: destination.failedEarlier,
    inputsPerSecond: measurements.durationMs > 0 ? round((counts.done * 1000) / measurements.durationMs) : 0,
    steps: run.statistics.rows(),
    holders: holderRows(run.statistics.holders()),
    stages,
    warnings,
    resources: resourceRows(runnable.resources()),
    page: recording?.finish(howItEnded),
  };
}

function named(path: string | undefined): string | null {
  return path === undefined ? null : displayName(path);
}

/** The rows of the steps that held the event loop, with the lines of their functions. */
function holderRows(holders: readonly [Step, Holder][]): HolderRow[] {
  return holders.slice(0, MOST_HOLDERS).map(([step, holder]) => ({
    step: holder.step,
    place: placeOfStep(step),
    times: holder.times,
    totalMs: round(holder.totalMs),
    maxMs: round(holder.maxMs),
  }));
}

function exitCode({ end, signal }: Ended, someFailed: boolean): number {
  if ("error" in end) return EXIT.cannotRun;
  if (signal !== undefined) return exitCodeOf(signal);
  return someFailed ? EXIT.someFailed : EXIT.done;
}

/** Tells how to collect a run that goes on by itself. */
function howToAttach(run: string, { broker }: BatchOptions): string {
  const at = broker === undefined ? [] : ["--broker", broker];
  return `The run ${run} goes on without this command. Collect it:\n  ${["runlane", "batch", "--attach", run, ...at].map(quote).join(" ")}`;
}

/** Tells how to go on with a run that ended early. */
export function howToResume(options: BatchOptions, destination: Pick<Destination, "output">): string {
  if (destination.output === undefined)
    return "The records went to standard output; only a run with --output can be resumed.";
  const stdin = options.input === "-" ? ", with the same standard input" : "";
  return `Continue${stdin}:\n  ${resumeCommand(options.argv)}`;
}

/** The command line that continues a run: the same one with `--resume`. */
export function resumeCommand(argv: readonly string[]): string {
  const kept = argv.filter((argument) => argument !== "--overwrite");
  const args = kept.includes("--resume") ? kept : [...kept, "--resume"];
  return ["runlane", ...args].map(quote).join(" ");
}
