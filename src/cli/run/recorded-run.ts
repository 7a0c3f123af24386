import { FanOut } from "../../batching/fan-out.ts";
import type { InputRuns } from "../../batching/inputs.ts";
import { fulfilled, type Outcome, rejected } from "../../batching/outcome.ts";
import type { Slot } from "../../core/budget.ts";
import { stopError } from "../../core/signal.ts";
import { startCall } from "../../core/start-step.ts";
import type { CliError } from "../cli-error.ts";
import type { InputBlock } from "../input/reading.ts";
import type { InputFeed } from "./input-feed.ts";
import type { RecordKeeper } from "./record-keeper.ts";
import type { SyncLoop } from "./sync-loop.ts";

/** The number of settled inputs that may wait for an older one to get its record. */
const MAX_WAITING = 1024;

/** The number of inputs in each turn of the loop that go the long way, where steps are timed and move to threads if that pays. */
const ATTENDED = 8;

/** A block of which some inputs have no record yet. */
interface LiveBlock {
  readonly block: InputBlock;
  /** The number of its first input in this run. */
  readonly first: number;
}

/** The parts that a {@link RecordedRun} works with. */
export interface RecordedRunOptions {
  readonly runs: InputRuns;
  /** Whether an observer of all calls has to be told which input is which. */
  readonly isWatched: boolean;
  readonly feed: InputFeed;
  readonly keeper: RecordKeeper;
  /** The index of the first input of this run. */
  readonly firstIndex: number;
  /** The number of inputs that are in flight at most. */
  readonly concurrency: number;
  /** Runs inputs in a plain loop, where the pipeline allows that. */
  readonly syncLoop: SyncLoop | undefined;
  /** Names the step that an input has failed in. */
  readonly failedStep: (number: number, error: unknown) => string;
}

/**
 * Runs the inputs of a feed, and records the outcome of each, in their order. Inputs start only when they may run: those that
 * were read ahead are dropped when the run is stopped. There is no promise for an input that does not wait for one.
 */
export class RecordedRun extends FanOut {
  private readonly options: RecordedRunOptions;
  private readonly live: LiveBlock[] = [];
  /** The outcomes of inputs whose turn has not come. */
  private readonly early = new Map<number, Outcome<unknown> | CliError>();
  /** The number of the oldest input without a record. */
  private next = 0;
  private syncLoop: SyncLoop | undefined;
  private attended = 0;
  private loading = false;
  private writing = false;
  private completion: { resolve(): void; reject(error: unknown): void } | undefined;

  constructor(options: RecordedRunOptions) {
    const { runs, feed, syncLoop } = options;
    super(runs.call.slot);
    this.options = options;
    this.syncLoop = syncLoop;
    if (runs.stages !== undefined) this.pipeTo(runs.stages, runs.call, () => this.take());
    if (feed.block !== undefined) this.live.push({ block: feed.block, first: 0 });
  }

  /** The number of inputs that have started and are not through. */
  get running(): number {
    return this.inFlight;
  }

  /** The oldest input without a record: its place in the source, and its index. */
  get oldest(): { readonly index: number; readonly place: string } | undefined {
    if (this.next >= this.started) return undefined;
    const { block, at } = this.locate(this.next);
    return { index: this.options.firstIndex + this.next, place: block.placeOf(at) };
  }

  /**
   * Runs everything.
   *
   * @throws What writing a record throws.
   */
  async run(): Promise<void> {
    const { scope } = this.options.runs.call;
    try {
      await new Promise<void>((resolve, reject) => {
        this.completion = { resolve, reject };
        this.pump();
      });
    } catch (error) {
      scope?.abort(stopError("AbortError", "The records cannot be written."));
      throw error;
    } finally {
      scope?.close();
    }
  }

  /** Starts nothing more; the run ends with what is in flight. */
  stopStarting(): void {
    this.options.feed.stop();
    this.dropWaiting();
    this.pump();
  }

  protected override pump(): void {
    super.pump();
    const { feed } = this.options;
    if (feed.ended && !feed.hasNext && this.next === this.started && !this.writing) this.completion?.resolve();
  }

  protected override startReady(): void {
    while (this.syncLoop !== undefined) {
      if (this.stopped || !this.ready()) return;
      if (this.attended < ATTENDED) {
        this.attended++;
        this.start(this.started++, null);
        // A pipeline that waits for something, or has moved to a lane, is more than its functions.
        if (this.inFlight > 0) this.syncLoop = undefined;
      } else if (!this.startSync(this.syncLoop)) {
        this.syncLoop = undefined;
      }
      if (this.syncLoop === undefined || !this.pacer.spent()) continue;
      if (this.attended < ATTENDED) this.options.runs.step.expectSlow?.();
      this.attended = 0;
      this.park();
      return;
    }
    super.startReady();
  }

  /** Runs some inputs in a plain loop. Returns whether that can go on. */
  private startSync(loop: SyncLoop): boolean {
    const { feed } = this.options;
    const { block, first } = this.live.at(-1)!;
    return loop.run(block, feed, {
      output: (at, value) => {
        this.started = first + at + 1;
        this.onValue(first + at, value);
        return !this.stopped && !this.writing;
      },
      failed: (at, step, error) => {
        this.started = first + at + 1;
        this.guard(() => this.recordFailure(step, error));
        return !this.stopped && !this.writing;
      },
      pending: (at, pending) => {
        this.started = first + at + 1;
        this.inFlight++;
        this.follow(first + at, pending, null);
      },
    });
  }

  protected ready(): boolean {
    const { feed, concurrency } = this.options;
    for (;;) {
      if (this.writing || this.started - this.next >= MAX_WAITING) return false;
      if (!feed.hasNext) {
        this.load();
        return false;
      }
      const { block, cursor } = feed;
      const problem = block!.hasProblems ? block!.problemOf(cursor) : undefined;
      if (problem === undefined) return this.inFlight < concurrency && this.started - this.next < 2 * concurrency;
      feed.cursor++;
      this.settled(this.started++, problem);
    }
  }

  protected launch(index: number, slot: Slot | null): unknown {
    const { runs, isWatched } = this.options;
    const input = this.take();
    return slot === null && !isWatched ? startCall(runs.step, input, runs.call) : runs.run(input, index, slot);
  }

  protected onValue(index: number, value: unknown): void {
    if (index !== this.next || this.writing) {
      this.early.set(index, fulfilled(value));
      return;
    }
    this.guard(() => this.recordOutput(value));
    this.recordEarly();
  }

  protected onError(index: number, error: unknown): void {
    this.settled(index, rejected(error));
  }

  private take(): unknown {
    const { feed } = this.options;
    return feed.block!.values[feed.cursor++];
  }

  private load(): void {
    const { feed } = this.options;
    if (this.loading || feed.ended) return;
    this.loading = true;
    void feed.load().then(() => {
      this.loading = false;
      const { block } = feed;
      if (block !== undefined && block !== this.live.at(-1)?.block && feed.hasNext)
        this.live.push({ block, first: this.started });
      this.pump();
    });
  }

  private settled(index: number, outcome: Outcome<unknown> | CliError): void {
    this.early.set(index, outcome);
    this.recordEarly();
  }

  /** Records the inputs that have waited for the one before them. */
  private recordEarly(): void {
    while (this.early.size > 0 && !this.writing && !this.stopped) {
      const outcome = this.early.get(this.next);
      if (outcome === undefined) return;
      this.early.delete(this.next);
      this.guard(() => {
        if (!("status" in outcome)) return this.recordProblem(outcome);
        if (outcome.status === "fulfilled") return this.recordOutput(outcome.value);
        return this.recordFailure(this.options.failedStep(this.next, outcome.reason), outcome.reason);
      });
    }
  }

  private recordOutput(value: unknown): void | Promise<void> {
    const { block, at } = this.locate(this.next);
    return this.options.keeper.output(this.options.firstIndex + this.next, value, block, at);
  }

  private recordFailure(step: string, error: unknown): void | Promise<void> {
    const { block, at } = this.locate(this.next);
    return this.options.keeper.failed(this.options.firstIndex + this.next, step, error, block, at);
  }

  private recordProblem(problem: CliError): void | Promise<void> {
    const { block, at } = this.locate(this.next);
    return this.options.keeper.problem(this.options.firstIndex + this.next, problem, block, at);
  }

  /** Writes the record of the oldest input. Nothing starts while a reader is slower than the pipeline. */
  private guard(record: () => void | Promise<void>): void {
    if (this.stopped) return;
    try {
      const writing = record();
      this.next++;
      if (writing === undefined) return;
      this.writing = true;
      writing.then(
        () => {
          this.writing = false;
          this.recordEarly();
          this.pump();
        },
        (error) => this.fail(error),
      );
    } catch (error) {
      this.fail(error);
    }
  }

  private fail(error: unknown): void {
    this.halt();
    this.options.feed.stop();
    this.completion?.reject(error);
  }

  private locate(number: number): { readonly block: InputBlock; readonly at: number } {
    const live = this.live;
    while (live.length > 1 && number >= live[1]!.first) live.shift();
    const { block, first } = live[0]!;
    return { block, at: number - first };
  }
}
