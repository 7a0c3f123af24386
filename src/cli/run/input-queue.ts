import type { Reading } from "../input/reading.ts";

/** An input that was read, with the index of its record. */
export interface IndexedReading extends Reading {
  readonly index: number;
}

/**
 * The inputs that were read and whose record is not written, oldest first. Inputs that could not be read stand among those
 * that are running, so that records come out in the order of the input whatever became of it.
 */
export class InputQueue {
  readonly #onProblem: (reading: IndexedReading) => void;
  #readings: Reading[] = [];
  #head = 0;
  #nextIndex: number;
  #running = 0;
  #whenRoom: (() => void) | undefined;
  readonly #maxProblems: number;

  /**
   * @param firstIndex The index of the first input that is added.
   * @param onProblem Gets every input that could not be read, in its turn.
   * @param maxProblems How many of those may wait for inputs before them.
   */
  constructor(firstIndex: number, onProblem: (reading: IndexedReading) => void, maxProblems = 1024) {
    this.#nextIndex = firstIndex;
    this.#onProblem = onProblem;
    this.#maxProblems = maxProblems;
  }

  /** How many inputs the pipeline is working on. */
  get running(): number {
    return this.#running;
  }

  /** Whether as many unreadable inputs wait as may; the reader should stop until {@link room}. */
  get full(): boolean {
    return this.#readings.length - this.#head - this.#running >= this.#maxProblems;
  }

  /** Resolves when the queue is no longer full. */
  room(): Promise<void> {
    return new Promise((resolve) => {
      this.#whenRoom = resolve;
    });
  }

  add(reading: Reading): void {
    this.#readings.push(reading);
    if (reading.problem === undefined) this.#running++;
    else if (this.#running === 0) this.#passProblems();
  }

  /** Takes the oldest input that was running: its outcome has come. */
  settle(): IndexedReading {
    const settled = this.#shift();
    if (settled === undefined || settled.problem !== undefined)
      throw new Error("An outcome came for an input that is not running.");
    this.#running--;
    return settled;
  }

  /** Passes on the unreadable inputs that now stand in front. Call it when what {@link settle} gave is dealt with. */
  advance(): void {
    this.#passProblems();
    if (this.full) return;
    this.#whenRoom?.();
    this.#whenRoom = undefined;
  }

  /** The oldest input that is running. */
  oldest(): IndexedReading | undefined {
    const reading = this.#readings[this.#head];
    return reading && { ...reading, index: this.#nextIndex };
  }

  #passProblems(): void {
    while (this.#readings[this.#head]?.problem !== undefined) this.#onProblem(this.#shift() as IndexedReading);
  }

  #shift(): IndexedReading | undefined {
    const reading = this.#readings[this.#head];
    if (reading === undefined) return undefined;
    this.#head++;
    // Array#shift moves every element; cutting now and then moves each one at most once.
    if (this.#head === 1024) {
      this.#readings = this.#readings.slice(this.#head);
      this.#head = 0;
    }
    return { ...reading, index: this.#nextIndex++ };
  }
}
