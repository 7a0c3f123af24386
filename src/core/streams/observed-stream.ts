import type { RunContext } from "../context.ts";
import type { ObservedRun } from "../observer.ts";
import { abortError, SignalRace } from "../signal.ts";
import { asGenerator, type Chunks, closeQuietly } from "./chunks.ts";
import { type Join, joinedBy, joinOf } from "./joins.ts";
import { LastChunk } from "./last-chunk.ts";
import { Joined, type Recording } from "./recording.ts";

/** A run that has started. */
export interface OpenRun<Out> {
  readonly chunks: Chunks<Out>;
  readonly run: ObservedRun;
  /** The input of the run, once it is known, where the start of the run did not tell it. */
  readonly input: { readonly value: unknown } | undefined;
  /** True when the chunks of this run are shown to observers that want chunks. */
  readonly isShown: boolean;
  /** The recording of an input that is still on its way. */
  readonly recording: Recording | null;
}

const FINISHED: IteratorResult<never, void> = { done: true, value: undefined };

/**
 * The chunks of a run, on their way to its consumer, and what is reported of them. Chunks come until the call is aborted, even if who makes
 * them takes no notice of it.
 *
 * It does what an async generator would do, at one promise for each chunk where generators inside generators took eight.
 */
export class ObservedStream<Out> implements AsyncGenerator<Out, void> {
  private open: OpenRun<Out> | null = null;
  private source: AsyncIterator<Out> | null = null;
  private readonly output = new Joined(() => this.join);
  private readonly signal: AbortSignal | undefined;
  private race: SignalRace | undefined;
  private ended = false;
  /** The number of `next` calls that wait; they are served one after the other. */
  private asked = 0;
  private tail: Promise<unknown> = Promise.resolve();

  /**
   * @param input The chunks that the run is given: if it never starts, those that come from an observed run are closed.
   * @param start Starts the run, or is one that has started.
   */
  constructor(
    ctx: RunContext,
    private readonly input: Chunks<unknown>,
    private readonly start: OpenRun<Out> | (() => Promise<OpenRun<Out>>),
  ) {
    this.signal = ctx.scope?.signal;
    if (typeof start !== "function") this.read(start);
    joinedBy(this, () => this.join);
  }

  /** The join of the chunks, which is known when the run has started. */
  private get join(): Join | undefined {
    return this.open === null ? undefined : joinOf(this.open.chunks);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Out, void>> {
    const result = this.asked++ === 0 ? this.pull() : this.tail.then(this.pull, this.pull);
    this.tail = result;
    return result;
  }

  private readonly pull = (): Promise<IteratorResult<Out, void>> => {
    if (this.ended) return this.settle(FINISHED);
    const { source, signal } = this;
    if (source === null) return this.begin();
    if (signal?.aborted === true) return this.onError(abortError(signal));
    let result: Promise<IteratorResult<Out>>;
    const { run } = this.open as OpenRun<Out>;
    try {
      result = run.within === undefined ? source.next() : run.within(() => source.next());
    } catch (error) {
      return this.onError(error);
    }
    // One that ends by the same signal itself need not be raced with it.
    if (signal === undefined || (source instanceof ObservedStream && source.signal === signal)) {
      return result.then(this.onResult, this.onError);
    }
    this.race ??= new SignalRace(signal);
    return this.race.wait(result).then(this.onResult, this.onError);
  };

  private end(): void {
    this.ended = true;
    this.race?.close();
  }

  private async begin(): Promise<IteratorResult<Out, void>> {
    try {
      const open = await (this.start as () => Promise<OpenRun<Out>>)();
      const source = this.read(open);
      if (this.ended) await this.leave(open, source);
    } catch (error) {
      this.end();
      this.asked--;
      throw error;
    }
    return this.pull();
  }

  private read(open: OpenRun<Out>): AsyncIterator<Out> {
    const { chunks, run, isShown } = open;
    const shown = isShown && run.tap !== undefined ? (run.tap(asGenerator(chunks)) as AsyncGenerator<Out>) : chunks;
    this.open = open;
    this.source = shown[Symbol.asyncIterator]();
    return this.source;
  }

  private settle(result: IteratorResult<Out, void>): Promise<IteratorResult<Out, void>> {
    this.asked--;
    return Promise.resolve(result);
  }

  private readonly onResult = (
    result: IteratorResult<Out>,
  ): IteratorResult<Out, void> | PromiseLike<IteratorResult<Out, void>> => {
    if (this.ended) return this.settle(FINISHED);
    if (result.done === true) return this.finish();
    const { run, isShown } = this.open as OpenRun<Out>;
    if (run.isBlind !== true) this.output.add(result.value);
    const seen = isShown ? run.see?.(result.value) : undefined;
    this.asked--;
    return seen === undefined ? result : seen.then(() => result);
  };

  private async finish(): Promise<IteratorResult<Out, void>> {
    this.end();
    const { run, input, recording } = this.open as OpenRun<Out>;
    try {
      await run.end(this.output.value, input);
      // A step that does not read its input to the end would leave the run before it open.
      await recording?.close();
    } finally {
      this.asked--;
    }
    return FINISHED;
  }

  private readonly onError = async (error: unknown): Promise<never> => {
    try {
      if (!this.ended) {
        this.end();
        closeQuietly(this.source as AsyncIterator<Out>);
        const { run, input, recording } = this.open as OpenRun<Out>;
        await run.fail(error, input);
        await recording?.close();
      }
    } finally {
      this.asked--;
    }
    throw error;
  };

  /** Ends the run early, because the consumer leaves. */
  async return(): Promise<IteratorResult<Out, void>> {
    if (this.ended) return FINISHED;
    this.end();
    const { open, source, input } = this;
    if (open !== null && source !== null) await this.leave(open, source);
    // A run that is about to start is left when it has; one that never will leaves open who runs before it.
    else if (this.asked === 0 && (input instanceof ObservedStream || input instanceof LastChunk))
      await input[Symbol.asyncIterator]().return(undefined);
    return FINISHED;
  }

  private async leave({ run, input, recording }: OpenRun<Out>, source: AsyncIterator<Out>): Promise<void> {
    const { signal } = this;
    // A chunk that somebody still asks for is not waited for.
    if (this.asked > 0) closeQuietly(source);
    else await source.return?.();
    await (signal?.aborted === true ? run.fail(abortError(signal), input) : run.end(this.output.value, input));
    await recording?.close();
  }

  async throw(error: unknown): Promise<never> {
    await this.return();
    throw error;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }
}
