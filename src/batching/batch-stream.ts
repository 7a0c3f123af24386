import type { Slot } from "../core/budget.ts";
import { Fifo } from "../core/fifo.ts";
import { onAbort, stopError } from "../core/signal.ts";
import { closeQuietly } from "../core/streams/chunks.ts";
import { isThenable } from "../core/thenable.ts";
import { FanOut } from "./fan-out.ts";
import type { InputRuns } from "./inputs.ts";
import { fulfilled, type Outcome, rejected } from "./outcome.ts";

/** The number of inputs of a stream in flight, unless `maxConcurrency` says otherwise. */
export const DEFAULT_STREAM_CONCURRENCY = 64;

/** The options of `batchStream` besides the config of its inputs. */
export interface BatchStreamOptions {
  /** Whether outcomes come in the order of the inputs, or as they complete. @default true */
  ordered?: boolean;
}

/**
 * A fan-out over a source of unknown length. Inputs that were read and whose outcome has not been taken never number more than
 * twice the concurrency, so a slow reader slows the source down, and memory stays bounded.
 */
class StreamFanOut<Out> extends FanOut {
  private readonly queue = new Fifo<unknown>();
  /** The outcomes of inputs whose turn has not come, where outcomes keep the order of the inputs. */
  private readonly early = new Map<number, Outcome<Out>>();
  /** The outcomes that can be taken now, with the indices of their inputs. */
  private readonly outcomes = new Fifo<[number, Outcome<Out>]>();
  /** The index of the outcome that comes next in order. */
  private next = 0;
  private read = 0;
  private taken = 0;
  private reading = false;
  private ended = false;
  private sourceError: { readonly error: unknown } | undefined;
  private wake: (() => void) | undefined;
  private readonly window: number;

  constructor(
    private readonly runs: InputRuns,
    private readonly source: Iterator<unknown> | AsyncIterator<unknown>,
    private readonly concurrency: number,
    private readonly ordered: boolean,
  ) {
    super(runs.call.slot);
    const { call, stages } = runs;
    if (stages !== undefined) this.pipeTo(stages, call, () => this.queue.shift());
    this.window = concurrency === Number.POSITIVE_INFINITY ? concurrency : 2 * concurrency;
  }

  /** The next outcome, or undefined when there is none now. */
  take(): [number, Outcome<Out>] | undefined {
    const next = this.outcomes.shift();
    if (next !== undefined) this.taken++;
    return next;
  }

  /** Reads and starts as many inputs as may be; resolves when {@link take} may have an outcome or all is finished. */
  advance(): Promise<void> {
    return new Promise((resolve) => {
      this.wake = resolve;
      this.fill();
      if (this.finished || this.outcomes.length > 0) resolve();
    });
  }

  /** Whether every input that the source had has been taken. */
  get finished(): boolean {
    return this.ended && this.taken === this.read;
  }

  /** Throws the error of the source, once the outcomes of all inputs read before it are taken. */
  throwSourceError(): void {
    if (this.sourceError !== undefined) throw this.sourceError.error;
  }

  stop(): void {
    this.halt();
    this.queue.clear();
    this.notify();
  }

  /** Reads as long as the window has room. A sync source is read in one go, an async one a promise at a time. */
  fill(): void {
    while (!this.reading && !this.ended && !this.stopped && this.read - this.taken < this.window) {
      let result: IteratorResult<unknown> | Promise<IteratorResult<unknown>>;
      try {
        result = this.source.next();
      } catch (error) {
        this.end(error);
        break;
      }
      if (isThenable(result)) {
        this.reading = true;
        result.then(
          (settled) => {
            this.reading = false;
            this.accept(settled);
            this.fill();
          },
          (error) => {
            this.reading = false;
            this.end(error);
          },
        );
      } else {
        this.accept(result);
      }
    }
  }

  private accept(result: IteratorResult<unknown>): void {
    if (result.done === true) {
      this.ended = true;
      this.notify();
      return;
    }
    this.read++;
    this.queue.push(result.value);
    this.pump();
  }

  private end(error: unknown): void {
    this.ended = true;
    this.sourceError = { error };
    this.notify();
  }

  private notify(): void {
    const { wake } = this;
    this.wake = undefined;
    wake?.();
  }

  protected ready(): boolean {
    return this.queue.length > 0 && this.inFlight < this.concurrency;
  }

  protected launch(index: number, slot: Slot | null): unknown {
    return this.runs.run(this.queue.shift(), index, slot);
  }

  protected onValue(index: number, value: unknown): void {
    this.settleOutcome(index, fulfilled(value as Out));
  }

  protected onError(index: number, error: unknown): void {
    this.settleOutcome(index, rejected(error));
  }

  /** Hands on outcomes that have waited for an earlier one. */
  private passEarly(): void {
    const { early } = this;
    for (let outcome = early.get(this.next); outcome !== undefined; outcome = early.get(this.next)) {
      early.delete(this.next);
      this.outcomes.push([this.next++, outcome]);
    }
  }

  private settleOutcome(index: number, outcome: Outcome<Out>): void {
    if (this.stopped) return;
    if (!this.ordered) {
      this.outcomes.push([index, outcome]);
    } else if (index === this.next) {
      this.outcomes.push([this.next++, outcome]);
      this.passEarly();
    } else {
      this.early.set(index, outcome);
      return;
    }
    this.notify();
  }
}

/**
 * Runs the inputs of a source as they can be read and yields the outcome of each. When the reader leaves, the source is closed,
 * nothing more is started, and the signals of inputs in flight abort.
 */
export async function* streamOutcomes<Out>(
  runs: InputRuns,
  source: Iterable<unknown> | AsyncIterable<unknown>,
  { ordered, concurrency }: { ordered: boolean; concurrency: number },
): AsyncGenerator<[index: number, outcome: Outcome<Out>], void> {
  const { scope } = runs.call;
  if (scope === null) throw new TypeError("A stream of inputs needs a scope of its own.");
  const iterator = openSource(source);
  const fanOut = new StreamFanOut<Out>(runs, iterator, concurrency, ordered);
  const stopWatching = onAbort(scope.signal, () => fanOut.stop());
  let complete = false;
  try {
    for (;;) {
      scope.check();
      const next = fanOut.take();
      if (next !== undefined) {
        fanOut.fill();
        yield next;
      } else if (fanOut.finished) {
        break;
      } else {
        await fanOut.advance();
      }
    }
    complete = true;
    fanOut.throwSourceError();
  } finally {
    stopWatching();
    fanOut.stop();
    if (!complete) {
      scope.abort(stopError("AbortError", "The reader of the batch left."));
      closeQuietly(iterator as AsyncIterator<unknown>);
    }
    scope.close();
  }
}

function openSource(source: Iterable<unknown> | AsyncIterable<unknown>): Iterator<unknown> | AsyncIterator<unknown> {
  if (Symbol.asyncIterator in source) return source[Symbol.asyncIterator]();
  return source[Symbol.iterator]();
}
