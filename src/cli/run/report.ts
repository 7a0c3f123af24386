import { readFileSync, statSync, writeFileSync } from "node:fs";
import type { LaneHistory } from "../../inspect/lane-sampler.ts";
import { pageWith } from "../../inspect/page-file.ts";
import type { InspectorState } from "../../inspect/state.ts";
import type { StepRow } from "../../observe/statistics.ts";
import type { PlanStage } from "../../plan/plan.ts";
import type { ResourceStatus } from "../../resources/status.ts";
import { CliError, messageOf, oneLine, systemCause } from "../cli-error.ts";
import { round } from "../display/format.ts";
import { checkWritable } from "../output/destination.ts";
import { displayName } from "../paths.ts";

/** A step that held the event loop. */
export interface HolderRow {
  readonly step: string;
  /** The place of the step's function, `file:line`, when that is known. */
  readonly place: string | null;
  readonly times: number;
  readonly totalMs: number;
  readonly maxMs: number;
}

/**
 * The content of `--report`: everything the run measured. Units are in the names; counts are of this run alone.
 *
 * Fields may be added; those that are here keep their meaning.
 */
export interface Report {
  readonly pipeline: string;
  /** The source of the inputs: a path, `stdin`, or `files`. */
  readonly input: string;
  /** The output file; null when the records went to standard output. */
  readonly output: string | null;
  /** The errors file, which exists only if an input has failed; null when failures went to standard error. */
  readonly errors: string | null;
  /** The time that `--warm` took, before the run began, in milliseconds; null without it. */
  readonly warmMs: number | null;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly durationMs: number;
  /** `interrupted` by Ctrl-C, `terminated` by SIGTERM. */
  readonly end:
    | "finished"
    | "source failed"
    | "write failed"
    | "broker failed"
    | "detached"
    | "reader left"
    | "interrupted"
    | "terminated";
  readonly exitCode: number;
  /** The index of the first input of this run; above 0 when it continued an earlier one. */
  readonly firstIndex: number;
  /** Inputs that got a record, failed ones included. */
  readonly inputs: number;
  readonly failed: number;
  /** Whether the run that this one continued has left failed inputs, which counts for the exit code. */
  readonly failedEarlier: boolean;
  readonly inputsPerSecond: number;
  /** The share of the time, from 0 to 1, in which the event loop was running code and not waiting. */
  readonly loopBusy: number;
  /** The delay of the event loop in milliseconds, at these percentiles and at most. */
  readonly loopDelayP50Ms: number;
  readonly loopDelayP90Ms: number;
  readonly loopDelayP99Ms: number;
  readonly loopDelayMaxMs: number;
  /** The most memory that the process had (resident set). */
  readonly peakMemoryBytes: number;
  /** One row per step, in order; `totalMs` adds up the times of all its inputs, overlapping ones included. */
  readonly steps: readonly StepRow[];
  /** The steps that held the event loop for 10 ms or longer at a time before they first waited, the worst first; five at most. */
  readonly holders: readonly HolderRow[];
  /** The plan of the run, as `runlane explain` writes it. */
  readonly stages: readonly PlanStage[];
  /** Hints at probable mistakes. */
  readonly warnings: readonly string[];
  /** The resources that the pipeline uses, in each place; empty when it has none. */
  readonly resources: readonly ResourceRow[];
  /** The load of the pipeline's lanes during the run: sampled every 0.1 s, in long runs less often. */
  readonly lanes: readonly LaneHistory[];
  /** The data of the page of `runlane report`: runs that failed or took long, the event loop over time. Its form may change. */
  readonly page?: InspectorState | undefined;
}

/**
 * Refuses to replace what is no report.
 *
 * @throws CliError RUNLANE_CLI_OUTPUT
 */
export function checkReport(path: string): void {
  checkWritable(path);
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return;
  const begin = readFileSync(path, "utf8").slice(0, 1000);
  if (begin.trim() === "" || (isPage(path) ? begin.includes(PAGE_MARK) : /^\{\s*"pipeline":/.test(begin))) return;
  throw new CliError(
    "RUNLANE_CLI_OUTPUT",
    `${displayName(path)} is no report of runlane batch, and --report would replace it; name another file`,
  );
}

/** Whether a report is to be a page, and not data. */
function isPage(path: string): boolean {
  return /\.html?$/i.test(path);
}

/** The first part of each page of a report. */
const PAGE_MARK = 'name="generator" content="runlane"';

/** @throws CliError RUNLANE_CLI_OUTPUT */
export function writeReport(path: string, report: Report): void {
  writeText(path, isPage(path) ? pageWith(report.page!) : `${withShortLists(JSON.stringify(report, null, 2))}\n`);
}

/** @throws CliError RUNLANE_CLI_OUTPUT */
export function writeText(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (error) {
    throw new CliError("RUNLANE_CLI_OUTPUT", `cannot write ${displayName(path)}: ${systemCause(error)}`, {
      cause: error,
    });
  }
}

/** Lists and objects of numbers alone stand on one line each. Strings of JSON have no line ends, so nothing else is touched. */
function withShortLists(json: string): string {
  return json.replace(
    /([[{])\n\s*((?:(?:"\w+": )?[-\d.e+]+(?:,\n\s*|\n\s*(?=[\]}])))+)([\]}])/g,
    (_, open, content, close) => {
      const line = content.trim().replace(/\s*\n\s*/g, " ");
      return open === "[" ? `[${line}${close}` : `{ ${line} ${close}`;
    },
  );
}

/** A resource on the event loop, or in all workers of a lane together. */
export interface ResourceRow {
  readonly name: string;
  /** `loop`, or the name of the lane. */
  readonly where: string;
  /** The number of loads, failed ones included. */
  readonly loads: number;
  /** The time of the last load in the slowest worker, in milliseconds; null when the resource was not loaded. */
  readonly loadMs: number | null;
  /** The growth of all heaps together, in bytes: an estimate; null where nobody measured. */
  readonly memoryBytes: number | null;
  /** The most of that in one worker. */
  readonly memoryPerWorkerBytes: number | null;
  /** The error of the last load, where that failed. */
  readonly error: string | null;
}

/** The resources of a run: a row for each in each place, in the order in which they are used. */
export function resourceRows(statuses: readonly ResourceStatus[]): ResourceRow[] {
  const groups = new Map<string, ResourceStatus[]>();
  for (const status of statuses) {
    const key = JSON.stringify([status.name, status.where]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [status]);
    else group.push(status);
  }
  return Array.from(groups.values(), rowOf);
}

function rowOf(group: readonly ResourceStatus[]): ResourceRow {
  const { name, where } = group[0]!;
  const times = group.flatMap(({ loadMs }) => loadMs ?? []);
  const sizes = group.flatMap(({ memory }) => memory ?? []);
  const failed = group.find(({ state }) => state === "failed");
  return {
    name,
    where,
    loads: group.reduce((sum, { loads }) => sum + loads, 0),
    loadMs: times.length === 0 ? null : round(Math.max(...times)),
    memoryBytes: sizes.length === 0 ? null : sizes.reduce((sum, size) => sum + size, 0),
    memoryPerWorkerBytes: sizes.length === 0 ? null : Math.max(...sizes),
    error: failed === undefined ? null : oneLine(messageOf(failed.error)),
  };
}
