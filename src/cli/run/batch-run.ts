import { withObserver } from "../../core/observer.ts";
import type { StepStatistics } from "../../observe/statistics.ts";
import type { Plan } from "../../plan/plan.ts";
import { Analysis } from "../../runnables/inspect/explain.ts";
import type { Runnable } from "../../runnables/runnable.ts";
import { CliError } from "../cli-error.ts";
import type { InputSource } from "../input/reading.ts";
import type { RecordWriter } from "../output/record-writer.ts";
import { ReaderLeft } from "../output/sink.ts";
import { InputFeed } from "./input-feed.ts";
import { InputQueue } from "./input-queue.ts";
import type { RecordKeeper } from "./record-keeper.ts";

const FLUSH_MS = 100;

export interface BatchRunOptions {
  readonly runnable: Runnable<unknown, unknown>;
  readonly source: InputSource;
  readonly firstIndex: number;
  readonly limit: number | undefined;
  readonly concurrency: number | undefined;
}

/** Why a run ended. */
export type RunEnd =
  | { readonly kind: "finished" }
  /** The source could not be read to its end. */
  | { readonly kind: "source failed"; readonly error: CliError }
  /** The records cannot be written. */
  | { readonly kind: "write failed"; readonly error: CliError }
  /** The reader of standard output has gone. */
  | { readonly kind: "reader left" };

/** One pass of inputs through a pipeline, from the source to the records. */
export class BatchRun {
  readonly #analysis: Analysis;
  readonly #options: BatchRunOptions;
  readonly #queue: InputQueue;
  readonly #feed: InputFeed;
  #keeper: RecordKeeper | undefined;

  constructor(options: BatchRunOptions) {
    const { source, firstIndex: skip, limit } = options;
    this.#options = options;
    this.#analysis = new Analysis(options.runnable);
    this.#queue = new InputQueue(skip, (reading) => void this.#keeper?.problem(reading));
    this.#feed = new InputFeed({ source, queue: this.#queue, skip, limit });
  }

  /** Inputs whose record is not written yet, and the oldest of them. */
  get queue(): InputQueue {
    return this.#queue;
  }

  /** What each step did. */
  get statistics(): StepStatistics {
    return this.#analysis.statistics;
  }

  /** How the inputs were run, with what was measured. @param wallMs How long it took. */
  plan(wallMs: number): Plan {
    return this.#analysis.plan(wallMs);
  }

  /** How much of the source is done, from 0 to 1, where its size is known. */
  get fraction(): number | undefined {
    return this.#feed.fraction;
  }

  /**
   * Reads the beginning of the source.
   *
   * @throws CliError
   */
  prime(): Promise<void> {
    return this.#feed.prime();
  }

  /** Reads no further. What is in flight goes on, and the run ends when it has its records. */
  stop(): void {
    this.#feed.stop();
  }

  /**
   * Runs everything.
   *
   * @throws What is no matter of the input or the output: a defect.
   */
  async run(keeper: RecordKeeper, writer: RecordWriter): Promise<RunEnd> {
    this.#keeper = keeper;
    const timer = setInterval(() => this.#flush(writer), FLUSH_MS).unref();
    try {
      await this.#consume(keeper);
      await writer.close();
    } catch (error) {
      if (error instanceof ReaderLeft) return { kind: "reader left" };
      if (error instanceof CliError) return { kind: "write failed", error };
      throw error;
    } finally {
      clearInterval(timer);
      this.#feed.stop();
    }
    const { failure } = this.#feed;
    return failure === undefined ? { kind: "finished" } : { kind: "source failed", error: failure };
  }

  async #consume(keeper: RecordKeeper): Promise<void> {
    const { runnable, concurrency } = this.#options;
    const config = withObserver(concurrency === undefined ? {} : { maxConcurrency: concurrency }, this.statistics);
    for await (const [position, outcome] of runnable.batchStream(this.#feed, config)) {
      const failedStep = () => this.statistics.takeFailedStep(position) ?? runnable.getName();
      const writing = keeper.outcome(this.#queue.settle(), outcome, failedStep);
      // Awaiting what is no promise would cost a turn of the microtask queue for every input.
      if (writing !== undefined) await writing;
      this.#queue.advance();
    }
  }

  /** Writes what has been collected for a while. What goes wrong here is thrown again by the next write. */
  #flush(writer: RecordWriter): void {
    const giveUp = () => this.#feed.stop();
    try {
      writer.flush()?.catch(giveUp);
    } catch {
      giveUp();
    }
  }
}
