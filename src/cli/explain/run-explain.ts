import { stayOnLoop } from "../../lanes/named-lanes.ts";
import { CliError, EXIT, systemCause } from "../cli-error.ts";
import type { ExplainOptions } from "../explain.ts";
import { openInput } from "../input/open-input.ts";
import { formatPlace } from "../input/reading.ts";
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

/** Lines that are no inputs are told of, and passed over. */
async function readInputs({ input, format, limit }: ExplainOptions): Promise<unknown[]> {
  const source = await openInput({ input, format });
  const inputs: unknown[] = [];
  try {
    const readings = source.read(0);
    for (let block = await readings.next(); block.done !== true; block = await readings.next()) {
      for (const { value, problem, place } of block.value) {
        if (inputs.length === limit) return inputs;
        if (problem === undefined) inputs.push(value);
        else process.stderr.write(`runlane: ${formatPlace(place)}: ${problem.message}\n`);
      }
      if (inputs.length === limit) return inputs;
    }
  } catch (error) {
    if (error instanceof CliError) throw error;
    const message = `cannot read on in the input ${source.name}: ${systemCause(error)}`;
    throw new CliError("RUNLANE_CLI_INPUT", message, { cause: error });
  } finally {
    source.close();
  }
  return inputs;
}
