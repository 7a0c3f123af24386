import { DEFAULT_STREAM_CONCURRENCY } from "../../batching/batch-stream.ts";
import { InputRuns } from "../../batching/inputs.ts";
import { pairOf, withObserver } from "../../core/observer.ts";
import { CallTracer, type RunTracer } from "../../inspect/run-tracer.ts";
import { RunStatistics } from "../../observe/run-statistics.ts";
import type { Plan } from "../../plan/plan.ts";
import { toStep } from "../../runnables/coerce.ts";
import { Analysis } from "../../runnables/inspect/explain.ts";
import type { Runnable } from "../../runnables/runnable.ts";
import { CliError } from "../cli-error.ts";
import type { InputSource } from "../input/reading.ts";
import type { RecordWriter } from "../output/record-writer.ts";
import { ReaderLeft } from "../output/sink.ts";
import { InputFeed } from "./input-feed.ts";
import type { RecordKeeper } from "./record-keeper.ts";
import { RecordedRun } from "./recorded-run.ts";
import { SyncLoop } from "./sync-loop.ts";

const FLUSH_MS = 100;

export interface BatchRunOptions {
  readonly runnable: Runnable<unknown, unknown>;
  readonly source: InputSource;
  readonly firstIndex: number;
  readonly limit: number | undefined;
  readonly concurrency: number | undefined;
}

/** The end of a run, with its reason. */
export type RunEnd =
  | { readonly kind: "finished" }
  /** The source could not be read to its end. */
  | { readonly kind: "source failed"; readonly error: CliError }
  /** The records cannot be written. */
  | { readonly kind: "write failed"; readonly error: CliError }
  /** The broker refuses to go on, or somebody has cancelled the run. */
  | { readonly kind: "broker failed"; readonly error: CliError }
  /** The broker has all inputs, and nobody waits for it. */
  | { readonly kind: "detached"; readonly run: string }
  /** The reader of standard output has gone. */
  | { readonly kind: "reader left" };

/** A pass of inputs through a pipeline, from the source to the records, wherever it runs. */
export type InputsRun = Pick<
  BatchRun,
  "statistics" | "running" | "oldest" | "plan" | "fraction" | "prime" | "stop" | "stopWords" | "run"
> &
  // Inputs that run on other machines cannot be followed from here.
  Partial<Pick<BatchRun, "followBy">>;

/** A pass through a pipeline that runs in this process, or in workers of it. */
export class BatchRun {
  /** The figures of each step. */
  readonly statistics = new RunStatistics();
  private readonly analysis: Analysis;
  private readonly options: BatchRunOptions;
  private readonly feed: InputFeed;
  private tracer: CallTracer | undefined;
  private syncLoop: SyncLoop | undefined;
  private recordedRun: RecordedRun | undefined;

  constructor(options: BatchRunOptions) {
    const { source, firstIndex, limit, runnable } = options;
    this.options = options;
    this.analysis = new Analysis(runnable, this.statistics);
    this.feed = new InputFeed(source, firstIndex, limit);
  }

  /** Has inputs followed on their way, as many as cost next to nothing. Call it before the run. */
  followBy(tracer: RunTracer): void {
    this.tracer = new CallTracer(tracer, true);
  }

  /** The number of inputs that have started and are not through. */
  get running(): number {
    return this.recordedRun?.running ?? 0;
  }

  /** The oldest input that is not through: its place in the source, and its index. */
  get oldest(): { readonly index: number; readonly place: string } | undefined {
    return this.recordedRun?.oldest;
  }

  /** The plan of the run, with its figures. @param wallMs The time of the run, in milliseconds. */
  plan(wallMs: number): Plan {
    return this.analysis.plan(wallMs);
  }

  /** The share of the source that is done, from 0 to 1, where its size is known. */
  get fraction(): number | undefined {
    return this.feed.fraction(this.running);
  }

  /**
   * Reads the beginning of the source, so that errors in it show before anything is written.
   *
   * @throws CliError
   */
  async prime(): Promise<void> {
    if (!this.feed.ended) await this.feed.load();
    if (this.feed.failure !== undefined) throw this.feed.failure;
  }

  /** The fate of the inputs in flight when the run is stopped, in words. @param signal What it was stopped by. */
  stopWords(signal: string): string {
    return `finishing the ${this.running} inputs in flight; ${signal} again quits at once`;
  }

  /** Starts nothing more. What is in flight goes on, and the run ends when it has its records. */
  stop(): void {
    if (this.recordedRun === undefined) this.feed.stop();
    else this.recordedRun.stopStarting();
  }

  /**
   * Runs everything.
   *
   * @throws Errors that are neither the input's nor the output's: defects. Finished records are written before.
   */
  async run(keeper: RecordKeeper, writer: RecordWriter): Promise<RunEnd> {
    this.recordedRun = this.prepare(keeper);
    const timer = setInterval(() => this.flush(writer), FLUSH_MS).unref();
    try {
      await this.recordedRun.run();
      await writer.close();
    } catch (error) {
      if (error instanceof ReaderLeft) return { kind: "reader left" };
      if (error instanceof CliError) return { kind: "write failed", error };
      await closeQuietly(writer);
      throw error;
    } finally {
      clearInterval(timer);
      this.feed.stop();
      this.syncLoop?.countUntimed();
    }
    const { failure } = this.feed;
    return failure === undefined ? { kind: "finished" } : { kind: "source failed", error: failure };
  }

  private prepare(keeper: RecordKeeper): RecordedRun {
    const { runnable, firstIndex, concurrency } = this.options;
    const { statistics } = this;
    const tracer = this.tracer;
    const observer = tracer === undefined ? statistics : pairOf(statistics, tracer);
    const step = toStep(runnable);
    const limits = concurrency === undefined ? {} : { maxConcurrency: concurrency };
    const runs = new InputRuns(step, withObserver(limits, observer), { abortable: true });
    const plain = new InputRuns(step, limits, { abortable: true });
    this.syncLoop = SyncLoop.of(step, { observed: runs.call, plain: plain.call }, statistics);
    return new RecordedRun({
      runs,
      isWatched: plain.call.observer !== null || tracer !== undefined,
      feed: this.feed,
      keeper,
      firstIndex,
      concurrency: concurrency ?? DEFAULT_STREAM_CONCURRENCY,
      syncLoop: this.syncLoop,
      failedStep: (number, error) => statistics.failedStep(number, error) ?? runnable.getName(),
    });
  }

  /** Writes the records collected so far. An error of that is thrown again by the next write. */
  private flush(writer: RecordWriter): void {
    const giveUp = () => this.stop();
    try {
      writer.flush()?.catch(giveUp);
    } catch {
      giveUp();
    }
  }
}

/** Closes a writer after another error, which counts. */
async function closeQuietly(writer: RecordWriter): Promise<void> {
  try {
    await writer.close();
  } catch {
    // Records that could not be written are made again by the run that resumes.
  }
}
