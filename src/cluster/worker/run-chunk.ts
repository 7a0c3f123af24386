import { DEFAULT_STREAM_CONCURRENCY } from "../../batching/batch-stream.ts";
import { FanOut } from "../../batching/fan-out.ts";
import { InputRuns } from "../../batching/inputs.ts";
import { fulfilled } from "../../batching/outcome.ts";
import type { Slot } from "../../core/budget.ts";
import type { RunnableConfig } from "../../core/config.ts";
import { withObserver } from "../../core/observer.ts";
import type { Step } from "../../core/step.ts";
import { RunStatistics } from "../../observe/run-statistics.ts";
import type { InputOutcome } from "../wire/outcome-body.ts";

/** The outcomes of the inputs of a chunk, in order. */
export interface ChunkRun {
  readonly outcomes: readonly InputOutcome[];
  /** The times of all inputs added up, those that ran side by side included. */
  readonly sumMs: number;
}

/** Runs inputs through a step, many at a time, as a batch would; each has an outcome, whatever becomes of the others. */
export function runChunk(step: Step, inputs: readonly unknown[], config: Partial<RunnableConfig>): Promise<ChunkRun> {
  return new ChunkFanOut(step, inputs, config).outcomes();
}

class ChunkFanOut extends FanOut {
  private readonly statistics: RunStatistics;
  private readonly results: InputOutcome[] = [];
  private readonly startedAt: number[] = [];
  private readonly runs: InputRuns;
  private sumMs = 0;
  private remaining: number;
  private resolve: ((run: ChunkRun) => void) | undefined;

  constructor(
    private readonly step: Step,
    private readonly inputs: readonly unknown[],
    config: Partial<RunnableConfig>,
  ) {
    const statistics = new RunStatistics();
    const runs = new InputRuns(step, withObserver(config, statistics), { count: inputs.length, abortable: true });
    super(runs.call.slot);
    this.statistics = statistics;
    this.runs = runs;
    this.remaining = inputs.length;
    if (runs.stages !== undefined) this.pipeTo(runs.stages, runs.call, (index) => this.take(index));
  }

  async outcomes(): Promise<ChunkRun> {
    try {
      return await new Promise<ChunkRun>((resolve) => {
        this.resolve = resolve;
        this.pump();
        this.finish();
      });
    } finally {
      this.halt();
      this.runs.call.scope?.close();
    }
  }

  protected ready(): boolean {
    return this.started < this.inputs.length && this.inFlight < DEFAULT_STREAM_CONCURRENCY;
  }

  protected launch(index: number, slot: Slot | null): unknown {
    return this.runs.run(this.take(index), index, slot);
  }

  protected onValue(index: number, value: unknown): void {
    this.settled(index, fulfilled(value));
  }

  protected onError(index: number, reason: unknown): void {
    const step = this.statistics.failedStep(index, reason) ?? this.step.label;
    this.settled(index, { status: "rejected", reason, step });
  }

  private take(index: number): unknown {
    this.startedAt[index] = performance.now();
    return this.inputs[index];
  }

  private settled(index: number, outcome: InputOutcome): void {
    this.results[index] = outcome;
    this.sumMs += performance.now() - this.startedAt[index]!;
    this.remaining--;
    this.finish();
  }

  private finish(): void {
    if (this.remaining === 0) this.resolve?.({ outcomes: this.results, sumMs: this.sumMs });
  }
}
