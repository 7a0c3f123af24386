import { stayOnLoop } from "../../lanes/named-lanes.ts";
import { CliError, EXIT, systemCause } from "../cli-error.ts";
import type { ExplainOptions } from "../explain.ts";
import { openInput } from "../input/open-input.ts";
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
async function readInputs(options: ExplainOptions): Promise<unknown[]> {
  const { limit } = options;
  const source = await openInput(options);
  const inputs: unknown[] = [];
  try {
    const readings = source.read(0);
    for (let next = await readings.next(); next.done !== true; next = await readings.next()) {
      const block = next.value;
      for (let at = 0; at < block.size && inputs.length < limit; at++) {
        const problem = block.problemOf(at);
        if (problem === undefined) inputs.push(block.values[at]);
        else process.stderr.write(`runlane: ${block.placeOf(at)}: ${problem.message}\n`);
      }
      if (inputs.length === limit) break;
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
