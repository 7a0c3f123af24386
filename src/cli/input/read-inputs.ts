import { CliError, systemCause } from "../cli-error.ts";
import { openInput } from "./open-input.ts";

type OpenOptions = Parameters<typeof openInput>[0];

/** Some inputs, to try a pipeline with. */
export interface SampleSource extends OpenOptions {
  /** The number of inputs that are read at most. */
  readonly limit: number;
}

/**
 * Reads the first inputs of a source. Lines that are no inputs are told of, and passed over.
 *
 * @throws CliError
 */
export async function readInputs(options: SampleSource): Promise<unknown[]> {
  const { limit } = options;
  const { source } = await openInput(options);
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
