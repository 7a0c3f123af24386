import { CliError, EXIT, messageOf } from "../cli-error.ts";
import type { ColdStartOptions } from "../coldstart.ts";
import { pipelineFile } from "../pipeline/load-pipeline.ts";
import { isTypeScript, typeScriptLoaders, useTsConfigOf } from "../pipeline/typescript.ts";
import { type ModuleTime, PHASES, type Phase, type ResourceTime, type StartRequest } from "./messages.ts";
import { showColdStart } from "./show.ts";
import { type Started, startProcess } from "./start-process.ts";

/**
 * Runs `runlane coldstart`.
 *
 * @returns The exit code.
 * @throws CliError when there is nothing to measure.
 */
export async function runColdStart(options: ColdStartOptions): Promise<number> {
  const input = options.input === undefined ? {} : { input: parseInput(options.input) };
  const file = pipelineFile(options.pipeline);
  if (isTypeScript(file)) useTsConfigOf(file);
  const loaders = isTypeScript(file) ? typeScriptLoaders(file) : [];
  const start = await measureColdStart(options, {
    file,
    exportName: options.export,
    ...input,
    loaders,
    byModule: false,
  });
  process.stdout.write(`${options.json ? JSON.stringify(start, null, 2) : showColdStart(start)}\n`);
  return start.withinBudget ? EXIT.done : EXIT.someFailed;
}

function parseInput(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const message = `--input is no JSON: ${messageOf(error)}; a text is JSON in quotes, as in --input '"text"'`;
    throw new CliError("RUNLANE_CLI_USAGE", message, { cause: error });
  }
}

/** The time of one part of a start, in milliseconds. */
export interface PhaseTime {
  readonly phase: Phase;
  /** When the part begins, in milliseconds from the start of the process. */
  readonly startMs: number;
  readonly ms: number;
}

/**
 * The output of `--json`: where the time goes from the start of a process to the first output. Times are medians, in milliseconds.
 *
 * Fields may be added; those that are here keep their meaning.
 */
export interface ColdStart {
  readonly pipeline: string;
  readonly export: string;
  readonly node: string;
  readonly runs: number;
  /** The sum of the phases. */
  readonly totalMs: number;
  readonly budgetMs: number | null;
  readonly withinBudget: boolean;
  /** Each phase that there is, in order. */
  readonly phases: readonly PhaseTime[];
  /** The dearest modules, measured in a start of its own. */
  readonly modules: readonly ModuleTime[];
  readonly moduleCount: number;
  readonly resources: readonly ResourceTime[];
}

/** Starts processes one after the other, as they would disturb each other. @throws CliError */
async function measureColdStart(options: ColdStartOptions, request: StartRequest): Promise<ColdStart> {
  const { runs, budget, timeout } = options;
  const starts: Started[] = [];
  for (let k = 0; k < runs; k++) starts.push(await startProcess(request, timeout));
  const byModule = await startProcess({ ...request, byModule: true }, timeout);
  const phases = phaseTimes(starts);
  const totalMs = phases.reduce((sum, { ms }) => sum + ms, 0);
  return {
    pipeline: options.pipeline,
    export: options.export,
    node: process.versions.node,
    runs,
    totalMs: round(totalMs),
    budgetMs: budget ?? null,
    withinBudget: budget === undefined || totalMs <= budget,
    phases: phases.map(({ phase, startMs, ms }) => ({ phase, startMs: round(startMs), ms: round(ms) })),
    modules: "modules" in byModule ? byModule.modules.map(roundModule) : [],
    moduleCount: "modules" in byModule ? byModule.count : 0,
    resources: resourceTimes(starts),
  };
}

function phaseTimes(starts: readonly Started[]): PhaseTime[] {
  const phases: PhaseTime[] = [];
  let startMs = 0;
  for (const phase of PHASES) {
    const times = starts.flatMap((start) => {
      if (!("ends" in start)) return [];
      const { ends, startedAt } = start;
      const end = ends[phase];
      if (end === undefined) return [];
      const before = PHASES.slice(0, PHASES.indexOf(phase)).findLast((name) => ends[name] !== undefined);
      return [end - (before === undefined ? startedAt : ends[before]!)];
    });
    if (times.length === 0) continue;
    const ms = Math.max(0, median(times));
    phases.push({ phase, startMs, ms });
    startMs += ms;
  }
  return phases;
}

/** Each resource with the median of its load times; the starts list the same ones in the same order. */
function resourceTimes(starts: readonly Started[]): ResourceTime[] {
  const lists = starts.flatMap((start) => ("resources" in start ? [start.resources] : []));
  return (lists[0] ?? []).map((resource, k) => {
    const times = lists.flatMap((list) => list[k]?.loadMs ?? []);
    return { ...resource, loadMs: times.length === 0 ? null : round(median(times)) };
  });
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function roundModule({ url, selfMs, totalMs }: ModuleTime): ModuleTime {
  return { url, selfMs: round(selfMs), totalMs: round(totalMs) };
}

function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
