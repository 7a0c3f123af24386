/**
 * The inputs of one batch on their way to shared calls. It knows when no more of them can come for the moment: then those that are
 * there need not wait for others.
 */
export class ArrivalTracker {
  private inFlight = 0;

  /**
   * @param concurrency The number of inputs that may run at once.
   * @param isComplete Whether all inputs come without waiting for anything else.
   */
  constructor(
    private readonly concurrency: number,
    private isComplete: boolean,
  ) {}

  /** Counts an input that has come. Returns whether no other is to be waited for. @param output Settles when the input is done. */
  enter(output: PromiseLike<unknown>): boolean {
    if (!this.isComplete) {
      this.inFlight++;
      const leave = (): void => {
        this.inFlight--;
      };
      output.then(leave, leave);
    }
    return this.isComplete || this.inFlight >= this.concurrency;
  }

  /** The source, watched for its end: after that, no input is waited for. @param onEnd Called at the end. */
  watch<T>(source: Iterable<T> | AsyncIterable<T>, onEnd: () => void): Iterable<T> | AsyncIterable<T> {
    const look = <Result extends IteratorResult<T>>(result: Result): Result => {
      if (result.done === true) {
        this.isComplete = true;
        onEnd();
      }
      return result;
    };
    if (Symbol.asyncIterator in Object(source)) {
      const open = (): AsyncIterator<T> => {
        const iterator = (source as AsyncIterable<T>)[Symbol.asyncIterator]();
        return { next: () => iterator.next().then(look), ...closing(iterator) };
      };
      return { [Symbol.asyncIterator]: open };
    }
    const open = (): Iterator<T> => {
      const iterator = (source as Iterable<T>)[Symbol.iterator]();
      return { next: () => look(iterator.next()), ...closing(iterator) };
    };
    return { [Symbol.iterator]: open };
  }
}

/** The `return` of an iterator, if it has one. One without it cannot be told that nobody reads any more. */
function closing<Result>(iterator: { return?(value?: unknown): Result }): { return?(value?: unknown): Result } {
  return iterator.return === undefined ? {} : { return: (value) => iterator.return?.(value) as Result };
}
