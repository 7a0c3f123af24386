import type { Pacer } from "../core/context.ts";
import { Fifo } from "../core/fifo.ts";
import { afterTurn } from "../core/platform.ts";

/** The time that sync work may hold the event loop in one turn, in milliseconds. */
const SLICE_MS = 8;

/**
 * Cuts sync work into slices, so that timers and I/O get their turn. One pacer serves the whole process: the slice belongs to the
 * turn of the loop, however many batches share it.
 *
 * @param now The clock, in milliseconds.
 * @param later Calls back in a later turn of the loop, after I/O had a chance.
 */
export class LoopPacer implements Pacer {
  private sliceEnd = 0;
  private inTurn = false;
  private readonly parked = new Fifo<() => void>();

  constructor(
    private readonly now: () => number,
    private readonly later: (callback: () => void) => void,
    private readonly sliceMs: number = SLICE_MS,
  ) {}

  spent(): boolean {
    const time = this.now();
    if (this.inTurn) return time >= this.sliceEnd;
    this.startTurn(time);
    return false;
  }

  park(callback: () => void): void {
    if (!this.inTurn) this.startTurn(this.now());
    this.parked.push(callback);
  }

  /** Calls back at once or, while work is parked, after that has had its next slice. For who waits for what starts now. */
  afterParked(callback: () => void): void {
    if (this.parked.length === 0) callback();
    else this.parked.push(callback);
  }

  private startTurn(time: number): void {
    this.inTurn = true;
    this.sliceEnd = time + this.sliceMs;
    this.later(this.endTurn);
  }

  /** Begins a new slice: work that was parked longest goes first, and work that uses up the slice leaves the rest to the next turn. */
  private readonly endTurn = (): void => {
    this.inTurn = false;
    for (let count = this.parked.length; count > 0; count--) {
      if (this.spent()) return;
      this.parked.shift()?.();
    }
  };
}

/** The pacer of this process's event loop. */
export const loopPacer = new LoopPacer(() => performance.now(), afterTurn);
