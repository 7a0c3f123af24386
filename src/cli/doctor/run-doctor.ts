import { once } from "node:events";
import { resolve } from "node:path";
import { createInterface } from "node:readline/promises";
import { pathToFileURL } from "node:url";
import { diagnose } from "../../diagnose/doctor/diagnose.ts";
import { pageOf } from "../../diagnose/doctor/page.ts";
import type { Compare } from "../../diagnose/doctor/types.ts";
import { CliError, EXIT, messageOf, oneLine } from "../cli-error.ts";
import type { DoctorOptions } from "../doctor.ts";
import { readInputs } from "../input/read-inputs.ts";
import { absolutePath } from "../paths.ts";
import { loadPipeline } from "../pipeline/load-pipeline.ts";
import { applyFixes } from "./apply-fixes.ts";
import { PipelineProcess } from "./pipeline-process.ts";

/**
 * Runs `runlane doctor`.
 *
 * @returns The exit code: 0 whether or not something was found, unless `--ci` asks for more.
 * @throws CliError when the pipeline does not load or the input cannot be read.
 */
export async function runDoctor(options: DoctorOptions): Promise<number> {
  const { pipeline: path, export: exportName, concurrency, budget, once, ci, threshold, json, fix } = options;
  if (fix && once) throw new CliError("RUNLANE_CLI_USAGE", "--fix applies what is proved, and --once proves nothing");
  const compare = await compareBy(options.compare);
  const started = performance.now();
  const pipeline = await loadPipeline(path, exportName);
  const importMs = performance.now() - started;
  const inputs = await readInputs(options);
  if (inputs.length === 0)
    throw new CliError("RUNLANE_CLI_INPUT", `there are no inputs in ${options.input ?? options.files?.join(" ")}`);
  if (!once && !json)
    process.stderr.write("runlane: the inputs are run many times; --once is for pipelines with side effects\n");
  const config = { maxConcurrency: concurrency };
  const request = { path, exportName, inputs, config };
  const firstCall = (warm: boolean): Promise<number> => PipelineProcess.firstCall(request, warm);
  const diagnosis = await diagnose(pipeline, inputs, {
    config,
    budgetMs: 1000 * budget,
    once,
    compare,
    importMs,
    firstCall,
  });
  const { findings, tried, notes } = diagnosis;
  const say = (text: string): boolean => (json ? process.stderr : process.stdout).write(`${text}\n`);
  if (json) for (const note of notes) say(`runlane: ${note}`);
  else say(pageOf(diagnosis));
  const fixes = fix
    ? await applyFixes(diagnosis, {
        folder: process.cwd(),
        module: absolutePath(path),
        exportName,
        request,
        compare,
        say,
        ask: options.yes ? async () => true : ask,
      })
    : undefined;
  if (json) process.stdout.write(`${JSON.stringify({ findings, tried, fixes }, null, 2)}\n`);
  const isWorth = findings.some(({ proof }) => proof.verdict === "proved" && (proof.ratio as number) > threshold);
  return ci && isWorth ? EXIT.someFailed : EXIT.done;
}

/** Asks on the terminal; where there is none, nobody says yes. */
async function ask(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) {
    process.stderr.write("runlane: there is no terminal to ask on; --yes makes the change\n");
    return false;
  }
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  // The end of the input is no yes.
  const ended = once(asking, "close").then(() => "");
  try {
    return /^y(?:es)?$/i.test((await Promise.race([asking.question(`${question} [y/N] `), ended])).trim());
  } finally {
    asking.close();
  }
}

/** @throws CliError RUNLANE_CLI_USAGE */
async function compareBy(how: string): Promise<Compare> {
  if (how === "all" || how === "keys" || how === "none") return how;
  try {
    const { default: compare } = await import(pathToFileURL(resolve(how)).href);
    if (typeof compare === "function") return compare;
  } catch (cause) {
    const message = `--compare ${how}: the module does not load: ${oneLine(messageOf(cause))}`;
    throw new CliError("RUNLANE_CLI_USAGE", message, { cause });
  }
  const message = `--compare needs all, keys, none, or a module whose default export compares two outputs, but ${how} has none`;
  throw new CliError("RUNLANE_CLI_USAGE", message);
}
