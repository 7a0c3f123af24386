import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { diagnose } from "../../diagnose/doctor/diagnose.ts";
import { pageOf } from "../../diagnose/doctor/page.ts";
import type { Compare } from "../../diagnose/doctor/types.ts";
import { CliError, EXIT, messageOf, oneLine } from "../cli-error.ts";
import type { DoctorOptions } from "../doctor.ts";
import { readInputs } from "../input/read-inputs.ts";
import { loadPipeline } from "../pipeline/load-pipeline.ts";

/**
 * Runs `runlane doctor`.
 *
 * @returns The exit code: 0 whether or not something was found, unless `--ci` asks for more.
 * @throws CliError when the pipeline does not load or the input cannot be read.
 */
export async function runDoctor(options: DoctorOptions): Promise<number> {
  const { pipeline: path, export: exportName, concurrency, budget, once, ci, threshold, json } = options;
  const compare = await compareBy(options.compare);
  const started = performance.now();
  const pipeline = await loadPipeline(path, exportName);
  const importMs = performance.now() - started;
  const inputs = await readInputs(options);
  if (inputs.length === 0) throw new CliError("RUNLANE_CLI_INPUT", `there are no inputs in ${options.input}`);
  if (!once && !json)
    process.stderr.write("runlane: the inputs are run many times; --once is for pipelines with side effects\n");
  const config = { maxConcurrency: concurrency };
  const diagnosis = await diagnose(pipeline, inputs, { config, budgetMs: 1000 * budget, once, compare, importMs });
  const { findings, tried, notes } = diagnosis;
  if (json) {
    for (const note of notes) process.stderr.write(`runlane: ${note}\n`);
    process.stdout.write(`${JSON.stringify({ findings, tried }, null, 2)}\n`);
  } else {
    process.stdout.write(`${pageOf(diagnosis)}\n`);
  }
  const isWorth = findings.some(({ proof }) => proof.verdict === "proved" && (proof.ratio as number) > threshold);
  return ci && isWorth ? EXIT.someFailed : EXIT.done;
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
