/** How many events may wait to be taken before the run that makes them waits too. */
const ROOM = 64;

/** Events on their way to one reader, who may be slower than their source. */
export class EventQueue<T> {
  private readonly events: T[] = [];
  private closed = false;
  private failure: { readonly error: unknown } | undefined;
  private wakeReader: (() => void) | undefined;
  private waiters: (() => void)[] = [];

  push(event: T): void {
    if (this.closed) return;
    this.events.push(event);
    this.wakeReader?.();
  }

  /** Resolves when there is room for more: at once, or when the reader has caught up. */
  room(): Promise<void> | undefined {
    if (this.closed || this.events.length < ROOM) return undefined;
    return new Promise((resolve) => {
      this.waiters.push(resolve);
    });
  }

  /** Ends the queue after the events that are in it; with a failure, the reader's iteration throws then. */
  close(failure?: { readonly error: unknown }): void {
    if (this.closed) return;
    this.closed = true;
    this.failure = failure;
    this.wakeReader?.();
    this.release();
  }

  private release(): void {
    const { waiters } = this;
    this.waiters = [];
    for (const resume of waiters) resume();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void> {
    try {
      for (;;) {
        const event = this.events.shift();
        if (event !== undefined) {
          if (this.events.length < ROOM) this.release();
          yield event;
        } else if (this.closed) {
          if (this.failure !== undefined) throw this.failure.error;
          return;
        } else {
          await new Promise<void>((resolve) => {
            this.wakeReader = resolve;
          });
          this.wakeReader = undefined;
        }
      }
    } finally {
      this.close();
    }
  }
}
