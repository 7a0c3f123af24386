import { CliError, systemCause } from "../cli-error.ts";
import type { InputBlock, InputBlocks, InputSource } from "../input/reading.ts";

/**
 * The inputs that come next: one block at hand, and the way to the one behind it. It can be stopped at any time, even while it waits for a
 * line of standard input, and then looks like a source that has come to its end.
 */
export class InputFeed {
  /** The block at hand, and the first input of it that has not been taken. */
  block: InputBlock | undefined;
  cursor = 0;
  /** The input of the block at hand before which the limit ends the feed. */
  end = 0;
  private readonly source: InputSource;
  private readonly blocks: InputBlocks;
  /** The share of the source that had been read before the block at hand, from 0 to 1. */
  private fractionBefore = 0;
  /** The number of inputs that may still come in the blocks behind this one. */
  private left: number;
  private hasEnded = false;
  private readError: CliError | undefined;
  private endWait: (() => void) | undefined;

  /**
   * @param skip The number of inputs that an earlier run has done.
   * @param limit The number of inputs there may be at most, those of earlier runs included.
   */
  constructor(source: InputSource, skip: number, limit = Number.POSITIVE_INFINITY) {
    this.source = source;
    this.left = Math.max(0, limit - skip);
    this.blocks = source.read(skip);
    if (this.left === 0) this.stop();
  }

  /** The error that ended the source early; undefined when there was none. */
  get failure(): CliError | undefined {
    return this.readError;
  }

  /** Whether nothing comes after the block at hand. */
  get ended(): boolean {
    return this.hasEnded;
  }

  /** Whether the block at hand has another input. */
  get hasNext(): boolean {
    return this.cursor < this.end;
  }

  /**
   * The share of the source that is done, from 0 to 1, where its size is known. Sources are read in blocks of many inputs, so this goes
   * by how much of the block has been dealt with.
   *
   * @param inFlight The number of inputs that are not done.
   */
  fraction(inFlight: number): number | undefined {
    const now = this.source.fraction?.();
    if (now === undefined) return undefined;
    const share = this.block === undefined ? 1 : Math.max(0, this.cursor - inFlight) / this.block.size;
    return this.fractionBefore + (now - this.fractionBefore) * share;
  }

  /** Reads the next block, once the one at hand is used up; resolves at the latest when the feed is stopped. Never rejects. */
  load(): Promise<void> {
    return new Promise((resolve) => {
      this.endWait = resolve;
      void this.read().then(() => {
        this.endWait = undefined;
        resolve();
      });
    });
  }

  /** Ends the feed: inputs that were read and not taken are dropped. */
  stop(): void {
    this.end = this.cursor;
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.source.close();
    this.endWait?.();
  }

  private async read(): Promise<void> {
    const fractionBefore = this.source.fraction?.() ?? 0;
    try {
      const { done, value } = await this.blocks.next();
      if (this.hasEnded) return;
      if (done) {
        this.stop();
        return;
      }
      this.block = value;
      this.cursor = 0;
      this.end = Math.min(value.size, this.left);
      this.left -= this.end;
      this.fractionBefore = fractionBefore;
      if (this.left > 0) return;
      // The limit ends with this block, which stays.
      this.hasEnded = true;
      this.source.close();
    } catch (error) {
      if (this.hasEnded) return;
      this.readError = asCliError(error, this.source.name);
      this.stop();
    }
  }
}

function asCliError(error: unknown, name: string): CliError {
  if (error instanceof CliError) return error;
  return new CliError("RUNLANE_CLI_INPUT", `cannot read on in the input ${name}: ${systemCause(error)}`, {
    cause: error,
  });
}
