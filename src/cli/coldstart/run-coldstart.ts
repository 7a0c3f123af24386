import { CliError, EXIT, messageOf } from "../cli-error.ts";
import { pipelineFile } from "../pipeline/load-pipeline.ts";
import { isTypeScript, typeScriptLoaders } from "../pipeline/typescript.ts";
import { measureColdStart } from "./measure.ts";
import type { ColdStartOptions } from "./options.ts";
import { showColdStart } from "./show.ts";

/**
 * Runs `runlane coldstart`.
 *
 * @returns The exit code.
 * @throws CliError when there is nothing to measure.
 */
export async function runColdStart(options: ColdStartOptions): Promise<number> {
  const input = options.input === undefined ? {} : { input: parseInput(options.input) };
  const file = pipelineFile(options.pipeline);
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
