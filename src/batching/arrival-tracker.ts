/**
 * The inputs of one batch on their way to shared calls. It knows when no more of them can come for the moment: then those that are
 * there need not wait for others.
 */
export class ArrivalTracker {
  private inFlight = 0;

  /**
   * @param concurrency How many of them may run at once.
   * @param isComplete Whether all that may come do so without waiting for anything else.
   */
  constructor(
    private readonly concurrency: number,
    private isComplete: boolean,
  ) {}

  /** One more has come. Returns whether to wait for no other. @param output Settles when it is done. */
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

  /** The source with a look at its end: after it, nobody is waited for. @param onEnd Called then. */
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

/** An iterator without `return` cannot be told that nobody reads any more. */
function closing<Result>(iterator: { return?(value?: unknown): Result }): { return?(value?: unknown): Result } {
  return iterator.return === undefined ? {} : { return: (value) => iterator.return?.(value) as Result };
}
