import { DEFAULT_STREAM_CONCURRENCY } from "../../batching/batch-stream.ts";
import { FanOut } from "../../batching/fan-out.ts";
import { InputRuns } from "../../batching/inputs.ts";
import { fulfilled } from "../../batching/outcome.ts";
import { isMore } from "../../batching/sync-path.ts";
import { storage } from "../../core/ambient.ts";
import type { Slot } from "../../core/budget.ts";
import type { RunnableConfig } from "../../core/config.ts";
import { withObserver } from "../../core/observer.ts";
import { startCall } from "../../core/start-step.ts";
import type { Step, SyncFunction } from "../../core/step.ts";
import { RunStatistics } from "../../observe/run-statistics.ts";
import type { InputOutcome } from "../wire/outcome-body.ts";

/** The number of inputs that run in a plain loop between two looks at the clock. */
const STRIDE = 8;

/**
 * Runs inputs through a step, many at a time, as a batch would. Gives the outcome of each, in order, whatever becomes of the others.
 *
 * @param mostMs The time in milliseconds after which no more inputs start, but for those that a lane has by then: the outcomes are those of the
 *   first ones only. One input starts in any case.
 */
export function runChunk(
  step: Step,
  inputs: readonly unknown[],
  config: Partial<RunnableConfig>,
  mostMs = Number.POSITIVE_INFINITY,
): Promise<InputOutcome[]> {
  return new ChunkFanOut(step, inputs, config, performance.now() + mostMs).outcomes();
}

class ChunkFanOut extends FanOut {
  private readonly statistics: RunStatistics;
  private readonly results: InputOutcome[] = [];
  private readonly runs: InputRuns;
  /** The runs of sync functions, which nobody has to observe to know which one has failed. */
  private plain: InputRuns | undefined;
  /** The functions, as long as no input has had to wait for anything; and their config. */
  private functions: readonly SyncFunction[] | undefined;
  private functionConfig: RunnableConfig | undefined;
  /** The number of inputs that have an outcome. */
  private settledCount = 0;
  /** Whether the time is up, and no more inputs start. */
  private isLate = false;
  private resolve: ((outcomes: InputOutcome[]) => void) | undefined;

  constructor(
    private readonly step: Step,
    private readonly inputs: readonly unknown[],
    private readonly config: Partial<RunnableConfig>,
    private readonly endAt: number,
  ) {
    const statistics = new RunStatistics();
    const options = { count: inputs.length, abortable: true };
    const runs = new InputRuns(step, withObserver(config, statistics), options);
    super(runs.call.slot);
    this.statistics = statistics;
    this.runs = runs;
    if (runs.stages !== undefined) this.pipeTo(runs.stages, runs.call, (index) => inputs[index]);
    else if (config.timeout === undefined) this.findFunctions(options);
  }

  async outcomes(): Promise<InputOutcome[]> {
    try {
      return await new Promise<InputOutcome[]>((resolve) => {
        this.resolve = resolve;
        this.pump();
        this.finish();
      });
    } finally {
      this.halt();
      this.runs.call.scope?.close();
      this.plain?.call.scope?.close();
    }
  }

  protected ready(): boolean {
    if (this.started === this.inputs.length || this.isOver()) return false;
    // A lane knows itself how much it takes.
    return this.runs.stages !== undefined || this.inFlight < DEFAULT_STREAM_CONCURRENCY;
  }

  private isOver(): boolean {
    if (this.isLate || this.started === 0 || performance.now() < this.endAt) return this.isLate;
    this.isLate = true;
    // Perhaps all that have started are through.
    this.finish();
    return true;
  }

  protected override startReady(): void {
    const { inputs, runs, pacer } = this;
    while (this.functions !== undefined && this.ready() && runs.call.scope?.signal.aborted !== true) {
      const end = Math.min(inputs.length, this.started + STRIDE);
      while (this.functions !== undefined && this.started < end) this.runSync(this.started++, this.functions);
      if (!pacer.spent()) continue;
      this.park();
      return;
    }
    super.startReady();
  }

  protected launch(index: number, slot: Slot | null): unknown {
    const { runs, inputs } = this;
    // All inputs share an observer, which knows by the error which step has failed.
    const isShared = slot === null && this.config.timeout === undefined;
    return isShared ? startCall(runs.step, inputs[index], runs.call) : runs.run(inputs[index], index, slot);
  }

  protected onValue(index: number, value: unknown): void {
    this.settled(index, fulfilled(value));
  }

  protected onError(index: number, reason: unknown): void {
    const step = this.statistics.failedStep(index, reason) ?? this.step.label;
    this.settled(index, { status: "rejected", reason, step });
  }

  /** A pipeline of nothing but sync functions runs in a plain loop, where an input costs a tenth. */
  private findFunctions(options: { count: number; abortable: boolean }): void {
    const { step, runs } = this;
    if (step.syncFunctions?.length !== pathOf(step).length || runs.call.slot !== null || storage() !== undefined)
      return;
    this.plain = new InputRuns(step, this.config, options);
    // An observer of all calls sees each input by itself.
    if (this.plain.call.observer !== null) return;
    this.functions = step.syncFunctions;
    this.functionConfig = this.plain.call.functionConfig;
  }

  private runSync(index: number, functions: readonly SyncFunction[]): void {
    const config = this.functionConfig!;
    let value = this.inputs[index];
    let at = 0;
    try {
      for (; at < functions.length; at++) {
        const out = functions[at]!(value, config);
        if (isMore(out)) {
          this.functions = undefined;
          this.inFlight++;
          this.follow(index, this.step.resume!(at, this.blaming(at, out), value, this.runs.call), null);
          return;
        }
        value = out;
      }
    } catch (reason) {
      this.settled(index, { status: "rejected", reason, step: pathOf(this.step)[at]!.label });
      return;
    }
    this.settled(index, fulfilled(value));
  }

  /** What a function gave, with a note of the step if it fails. */
  private async blaming(at: number, out: unknown): Promise<unknown> {
    try {
      return await out;
    } catch (error) {
      this.statistics.blameFor(error, pathOf(this.step)[at]!);
      throw error;
    }
  }

  private settled(index: number, outcome: InputOutcome): void {
    this.results[index] = outcome;
    this.settledCount++;
    this.finish();
  }

  private finish(): void {
    if (this.settledCount === (this.isLate ? this.started : this.inputs.length)) this.resolve?.(this.results);
  }
}

function pathOf(step: Step): readonly Step[] {
  return step.path ?? [step];
}
