import { stayOnLoop } from "../../lanes/named-lanes.ts";
import { EXIT } from "../cli-error.ts";
import type { ExplainOptions } from "../explain.ts";
import { readInputs } from "../input/read-inputs.ts";
import { loadPipeline } from "../pipeline/load-pipeline.ts";
import { placePipeline } from "../pipeline/place-pipeline.ts";

/**
 * Runs `runlane explain`.
 *
 * @returns The exit code.
 * @throws CliError when the pipeline does not load or the input cannot be read.
 */
export async function runExplain(options: ExplainOptions): Promise<number> {
  const { pipeline: path, export: exportName, lane, limit: atMost, input, json } = options;
  if (lane === "loop") stayOnLoop();
  const pipeline = await loadPipeline(path, exportName);
  const inputs = input === undefined ? undefined : await readInputs(options);
  const runnable = await placePipeline(pipeline, { path, exportName, lane, atMost });
  const plan = inputs === undefined ? runnable.explain() : await runnable.explain({ analyze: true, inputs });
  process.stdout.write(`${json ? JSON.stringify(plan, null, 2) : plan}\n`);
  return EXIT.done;
}
