import { CliError, messageOf, oneLine } from "../cli-error.ts";
import type { InputBlock } from "../input/reading.ts";
import { describeError, type Failure, failureLine, INPUT_STEP, OUTPUT_STEP, outputLine } from "../output/record.ts";
import type { RecordWriter } from "../output/record-writer.ts";
import type { ProgressMeter } from "./run-counts.ts";

export interface RecordKeeperOptions {
  /** Whether failures are lines for people, on standard error, rather than records. */
  readonly readable: boolean;
  /** Is told of each input that failed. */
  readonly onFailure?: ((index: number, step: string, error: unknown) => void) | undefined;
}

/**
 * Turns the outcome of an input into its record: every input gets exactly one, in one of the two files. A promise that a method returns has
 * to be waited for before the next call.
 */
export class RecordKeeper {
  private readonly writer: RecordWriter;
  private readonly meter: ProgressMeter;
  private readonly formatFailure: (failure: Failure) => string;
  private readonly onFailure: RecordKeeperOptions["onFailure"];

  constructor(writer: RecordWriter, meter: ProgressMeter, { readable, onFailure }: RecordKeeperOptions) {
    this.onFailure = onFailure;
    this.writer = writer;
    this.meter = meter;
    this.formatFailure = readable ? readableLine : failureLine;
  }

  /** Records an output. */
  output(index: number, value: unknown, block: InputBlock, at: number): void | Promise<void> {
    let line: string;
    try {
      line = outputLine(index, value);
    } catch (error) {
      return this.failed(index, OUTPUT_STEP, error, block, at);
    }
    this.meter.count(false);
    return this.writer.output(line);
  }

  /** Records an input that could not be read. */
  problem(index: number, problem: CliError, block: InputBlock, at: number): void | Promise<void> {
    return this.failed(index, INPUT_STEP, problem, block, at);
  }

  /** Records an input that has failed in a step. */
  failed(index: number, step: string, error: unknown, block: InputBlock, at: number): void | Promise<void> {
    this.meter.count(true);
    this.onFailure?.(index, step, error);
    return this.writer.error(
      this.formatFailure({ index, step, error, source: block.placeOf(at), inputJson: block.jsonOf(at) }),
    );
  }
}

/** A failure for people to read. */
function readableLine({ index, step, error, source }: Failure): string {
  const { name, message } = describeError(error);
  const what = error instanceof CliError ? messageOf(error) : `${name}: ${message}`;
  return `runlane: input ${index} (${source}) failed in the step ${step}: ${oneLine(what)}\n`;
}
