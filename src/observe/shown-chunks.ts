/** Chunks on their way, each of which is shown to a handler before it is passed on: one promise for a chunk, and no generator. */
export class ShownChunks<T> implements AsyncGenerator<T, void> {
  /**
   * @param see A promise is waited for before the chunk is passed on.
   * @param end Called once, when there is no more to see.
   */
  constructor(
    private readonly source: AsyncIterator<T>,
    private readonly see: (chunk: T) => undefined | PromiseLike<unknown>,
    private end: (() => void) | undefined = undefined,
  ) {}

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<T, void>> {
    return this.source.next().then(this.onResult, this.onError);
  }

  private readonly onResult = (
    result: IteratorResult<T>,
  ): IteratorResult<T, void> | PromiseLike<IteratorResult<T, void>> => {
    if (result.done === true) {
      this.finish();
      return result;
    }
    const seen = this.see(result.value);
    return seen === undefined ? result : seen.then(() => result);
  };

  private readonly onError = (error: unknown): never => {
    this.finish();
    throw error;
  };

  private finish(): void {
    const { end } = this;
    this.end = undefined;
    end?.();
  }

  async return(): Promise<IteratorResult<T, void>> {
    this.finish();
    await this.source.return?.();
    return { done: true, value: undefined };
  }

  async throw(error: unknown): Promise<never> {
    await this.return();
    throw error;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }
}
