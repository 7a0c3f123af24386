import type { Slot } from "../core/budget.ts";
import type { Pacer } from "../core/context.ts";
import { abortError, onAbort } from "../core/signal.ts";
import { FanOut } from "./fan-out.ts";
import { loopPacer } from "./pacer.ts";

/** Above this length, `new Array(n)` makes a hash table, which is a hundred times slower than a list that grows. */
const MAX_PREALLOCATED = 2 ** 25;

/** From this length on, making room takes so long (8 MB for a million, a page at a time) that the turn's slice has to start before. */
const LARGE = 100_000;

/** A copy of the inputs of a call: inputs start later too, and the array is the caller's, who may go on filling or emptying it. */
export function ownInputs<T>(inputs: readonly T[]): T[] {
  if (inputs.length >= LARGE) loopPacer.spent();
  return [...inputs];
}

/** The mark in the place of an output whose input has started and not settled. */
const PENDING = Symbol("pending");

export interface GatherOptions {
  /** Whether errors are left in their places, instead of failing with the first one. @default false */
  returnExceptions?: boolean | undefined;
  slot?: Slot | null;
  /** Ends the whole call when it aborts. */
  signal?: AbortSignal | undefined;
  pacer?: Pacer;
  /** The array for the outputs. The inputs' own will do, if nobody else has it and each input is read before its output is there. */
  outputs?: unknown[] | undefined;
}

/** A fan-out over a known number of inputs whose outputs are wanted all together, in order. */
export class Gather extends FanOut {
  protected readonly outputs: unknown[];
  private remaining: number;
  private readonly returnExceptions: boolean;
  private readonly signal: AbortSignal | undefined;
  private stopWatching: (() => void) | undefined;
  private failure: { readonly error: unknown } | undefined;
  private resolve: ((outputs: unknown[]) => void) | undefined;
  private reject: ((error: unknown) => void) | undefined;

  constructor(
    protected readonly count: number,
    protected readonly launch: (index: number, slot: Slot | null) => unknown,
    { returnExceptions = false, slot = null, signal, pacer, outputs }: GatherOptions = {},
  ) {
    super(slot, pacer);
    this.remaining = count;
    this.returnExceptions = returnExceptions;
    this.signal = signal;
    if (count >= LARGE) this.pacer.spent();
    this.outputs = outputs ?? (count <= MAX_PREALLOCATED ? new Array(count) : []);
  }

  /** Runs all inputs: the outputs themselves when nothing had to wait, else a promise of them. */
  run(): unknown[] | Promise<unknown[]> {
    if (this.signal?.aborted === true) this.abort(this.signal);
    this.pump();
    if (this.failure !== undefined) throw this.failure.error;
    if (this.remaining === 0) {
      this.halt();
      return this.outputs;
    }
    const { signal } = this;
    if (signal !== undefined) this.stopWatching = onAbort(signal, () => this.abort(signal));
    return new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  protected ready(): boolean {
    return this.started < this.count;
  }

  protected override follow(index: number, pending: PromiseLike<unknown>, slot: Slot | null): void {
    this.outputs[index] = PENDING;
    super.follow(index, pending, slot);
  }

  protected onValue(index: number, value: unknown): void {
    if (this.stopped) return;
    this.outputs[index] = value;
    this.settled(1);
  }

  protected onError(index: number, error: unknown): void {
    if (this.stopped) return;
    if (this.returnExceptions) {
      this.outputs[index] = error;
      this.settled(1);
    } else {
      this.fail(error);
    }
  }

  protected settled(count: number): void {
    this.remaining -= count;
    if (this.remaining === 0) this.finish();
  }

  private abort(signal: AbortSignal): void {
    const error = abortError(signal);
    if (!this.returnExceptions) {
      this.fail(error);
      return;
    }
    for (let index = 0; index < this.count; index++) {
      if (index >= this.started || this.outputs[index] === PENDING) this.outputs[index] = error;
    }
    this.finish();
  }

  private fail(error: unknown): void {
    this.failure = { error };
    this.halt();
    this.stopWatching?.();
    this.reject?.(error);
  }

  private finish(): void {
    this.remaining = 0;
    this.halt();
    this.stopWatching?.();
    this.resolve?.(this.outputs);
  }
}
