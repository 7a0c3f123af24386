import { CliError, systemCause } from "../cli-error.ts";
import type { InputSource, Reading, Readings } from "../input/reading.ts";
import type { InputQueue } from "./input-queue.ts";

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

export interface InputFeedOptions {
  readonly source: InputSource;
  readonly queue: InputQueue;
  /** How many inputs an earlier run has done. */
  readonly skip: number;
  /** How many inputs there may be at most, those of earlier runs included. */
  readonly limit?: number | undefined;
}

/**
 * What the pipeline reads its inputs from. It can be stopped at any time, even while it waits for a line of standard input,
 * and then looks like a source that has come to its end: what was read before still runs to the end.
 */
export class InputFeed implements AsyncIterableIterator<unknown> {
  readonly #source: InputSource;
  readonly #queue: InputQueue;
  readonly #readings: Readings;
  #block: readonly Reading[] = [];
  #cursor = 0;
  /** How much of the source had been read before the block at hand. */
  #fractionBefore = 0;
  #left: number;
  #stopped = false;
  #failure: CliError | undefined;
  #endWait: ((result: IteratorResult<unknown>) => void) | undefined;

  constructor({ source, queue, skip, limit = Number.POSITIVE_INFINITY }: InputFeedOptions) {
    this.#source = source;
    this.#queue = queue;
    this.#left = Math.max(0, limit - skip);
    this.#readings = source.read(skip);
  }

  /** Why the source could not be read to its end. */
  get failure(): CliError | undefined {
    return this.#failure;
  }

  /**
   * How much of the source is done, from 0 to 1, where its size is known. Sources are read in blocks of many inputs, so this goes
   * by how much of the block has been dealt with.
   */
  get fraction(): number | undefined {
    const now = this.#source.fraction?.();
    if (now === undefined) return undefined;
    const dealtWith = Math.max(0, this.#cursor - this.#queue.running);
    const share = this.#block.length === 0 ? 1 : dealtWith / this.#block.length;
    return this.#fractionBefore + (now - this.#fractionBefore) * share;
  }

  /**
   * Reads the first block, so that what is wrong with the source shows before anything is written.
   *
   * @throws CliError
   */
  async prime(): Promise<void> {
    if (this.#left > 0) await this.#untilStopped(() => this.#readBlock());
    if (this.#failure !== undefined) throw this.#failure;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Is called again only when the last call has settled, as an async generator would make sure of. */
  next(): Promise<IteratorResult<unknown>> {
    const value = this.#takeReady();
    return Promise.resolve(value ?? this.#untilStopped(() => this.#takeLater()));
  }

  return(): Promise<IteratorResult<unknown>> {
    this.stop();
    return Promise.resolve(DONE);
  }

  /** Ends the feed: no further input is read. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#endWait?.(DONE);
    this.#source.close();
  }

  /** The next input of the block at hand, if it has one; unreadable ones before it go to the queue. */
  #takeReady(): IteratorResult<unknown> | undefined {
    while (!this.#stopped && this.#left > 0 && !this.#queue.full) {
      const reading = this.#block[this.#cursor];
      if (reading === undefined) return undefined;
      this.#cursor++;
      this.#left--;
      this.#queue.add(reading);
      if (reading.problem === undefined) return { done: false, value: reading.value };
    }
    if (!this.#stopped && this.#left > 0) return undefined;
    this.stop();
    return DONE;
  }

  async #takeLater(): Promise<IteratorResult<unknown>> {
    for (;;) {
      if (this.#queue.full) await this.#queue.room();
      else if (this.#cursor === this.#block.length && !(await this.#readBlock())) this.stop();
      const ready = this.#takeReady();
      if (ready !== undefined) return ready;
    }
  }

  /** @returns Whether there was another block. */
  async #readBlock(): Promise<boolean> {
    const fractionBefore = this.#source.fraction?.() ?? 0;
    try {
      const { done, value } = await this.#readings.next();
      if (done || this.#stopped) return false;
      this.#block = value;
      this.#cursor = 0;
      this.#fractionBefore = fractionBefore;
      return true;
    } catch (error) {
      if (!this.#stopped) this.#failure = asCliError(error, this.#source.name);
      return false;
    }
  }

  /** Waits for `work`, or until the feed is stopped. */
  #untilStopped<T>(work: () => Promise<T>): Promise<T | typeof DONE> {
    return new Promise((resolve, reject) => {
      const settle = (result: T | typeof DONE) => {
        this.#endWait = undefined;
        resolve(result);
      };
      this.#endWait = settle as () => void;
      work().then(settle, reject);
    });
  }
}

function asCliError(error: unknown, name: string): CliError {
  if (error instanceof CliError) return error;
  return new CliError("RUNLANE_CLI_INPUT", `cannot read on in the input ${name}: ${systemCause(error)}`, {
    cause: error,
  });
}
