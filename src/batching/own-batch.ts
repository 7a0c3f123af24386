import { captureContext } from "../core/async-context.ts";
import { runlaneError } from "../core/errors/errors.ts";
import type { FeedHandle, InputSource } from "../core/input-source.ts";
import type { StageObserver } from "../core/observer.ts";
import { platformTimers } from "./timers.ts";

/** Runs many inputs in one call: an outcome for each, an `Error` for one that failed. */
export type RunMany = (inputs: unknown[]) => PromiseLike<readonly unknown[]>;

/** The number of inputs of one call at most, unless the step says otherwise. */
const LARGEST = 64;
/** The number of calls at the same time. Inputs that come meanwhile gather for the next call. */
const AT_ONCE = 4;

/** Feeds inputs to a step whose own `batch` does better with many at once: a model with an endpoint for lists. */
export class OwnBatchHandle implements FeedHandle {
  private running = 0;
  private isPlanned = false;
  private stopped = false;
  private readonly inContext = captureContext();

  constructor(
    private readonly feed: InputSource,
    private readonly runMany: RunMany,
    /** The name of the step in errors. */
    private readonly label: string,
    private readonly observer: StageObserver | undefined,
    private readonly largest: number = LARGEST,
  ) {}

  /** Sends inputs when those that start now have started. */
  wake(): void {
    if (this.isPlanned || this.stopped) return;
    this.isPlanned = true;
    platformTimers.soon(() => {
      this.isPlanned = false;
      this.inContext(() => this.pump());
    });
  }

  stop(): void {
    this.stopped = true;
  }

  private pump(): void {
    const { feed } = this;
    while (!this.stopped && this.running < AT_ONCE && feed.waiting > 0) {
      const keys: number[] = [];
      const inputs: unknown[] = [];
      while (keys.length < this.largest && feed.waiting > 0) {
        const key = feed.take();
        keys.push(key);
        inputs.push(feed.inputOf(key));
      }
      this.run(keys, inputs);
    }
  }

  private async run(keys: readonly number[], inputs: unknown[]): Promise<void> {
    const { feed, label, observer } = this;
    this.running++;
    const started = performance.now();
    let failed = 0;
    try {
      const outputs = await this.runMany(inputs);
      if (outputs.length !== keys.length) {
        const counts = { inputs: keys.length, outputs: outputs.length };
        throw runlaneError("RUNLANE_BATCH_MISMATCH", { where: `The batch of ${label}`, ...counts });
      }
      for (const [at, key] of keys.entries()) {
        const output = outputs[at];
        if (output instanceof Error) {
          failed++;
          feed.reject(key, output);
        } else feed.fulfil(key, output);
      }
    } catch (error) {
      failed = keys.length;
      for (const key of keys) feed.reject(key, error);
    }
    // An input takes as long as the call that it is in.
    const callMs = performance.now() - started;
    observer?.measured([{ name: label, ms: keys.map(() => callMs), failed }]);
    this.running--;
    this.wake();
  }
}
