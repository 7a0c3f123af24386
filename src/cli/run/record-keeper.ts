import type { Outcome } from "../../batching/outcome.ts";
import { CliError, oneLine } from "../cli-error.ts";
import { formatPlace } from "../input/reading.ts";
import { describeError, type Failure, failureLine, INPUT_STEP, OUTPUT_STEP, outputLine } from "../output/record.ts";
import type { RecordWriter } from "../output/record-writer.ts";
import type { IndexedReading } from "./input-queue.ts";
import type { ProgressMeter } from "./run-counts.ts";

/** Turns what became of an input into its record: every input gets exactly one, in one of the two files. */
export class RecordKeeper {
  readonly #writer: RecordWriter;
  readonly #meter: ProgressMeter;
  readonly #formatFailure: (failure: Failure) => string;

  /** @param readable Whether failures are lines for people, on standard error, rather than records. */
  constructor(writer: RecordWriter, meter: ProgressMeter, { readable }: { readonly readable: boolean }) {
    this.#writer = writer;
    this.#meter = meter;
    this.#formatFailure = readable ? readableLine : failureLine;
  }

  /** Records an input that could not be read. */
  problem(reading: IndexedReading): void | Promise<void> {
    return this.#failed(reading, INPUT_STEP, reading.problem);
  }

  /**
   * Records an outcome. A promise that it returns has to be waited for.
   *
   * @param failedStep Tells the name of the step that failed.
   */
  outcome(reading: IndexedReading, outcome: Outcome<unknown>, failedStep: () => string): void | Promise<void> {
    if (outcome.status === "rejected") return this.#failed(reading, failedStep(), outcome.reason);
    let line: string;
    try {
      line = outputLine(reading.index, outcome.value);
    } catch (error) {
      return this.#failed(reading, OUTPUT_STEP, error);
    }
    this.#meter.count(false);
    return this.#writer.output(line);
  }

  #failed(reading: IndexedReading, step: string, error: unknown): void | Promise<void> {
    this.#meter.count(true);
    const { index, value: input } = reading;
    return this.#writer.error(this.#formatFailure({ index, step, error, source: formatPlace(reading.place), input }));
  }
}

/** A failure for people to read. */
function readableLine({ index, step, error, source }: Failure): string {
  const { name, message } = describeError(error);
  const what = error instanceof CliError ? message : `${name}: ${message}`;
  return `runlane: input ${index} (${source}) failed in the step ${step}: ${oneLine(what)}\n`;
}
