import { Fifo } from "../core/fifo.ts";

/** The number of events that may wait to be taken before the run that makes them waits too. */
const ROOM = 64;
/** The time that the oldest event may wait while the run goes on without a pause, in milliseconds. */
const PATIENCE_MS = 8;

const FINISHED: IteratorResult<never, void> = { done: true, value: undefined };

interface Reader<T> {
  resolve(result: IteratorResult<T, void>): void;
  reject(error: unknown): void;
}

/** Events on their way to one reader, who may be slower than their source. */
export class EventQueue<T> {
  private readonly events = new Fifo<T>();
  private closed = false;
  private failure: { readonly error: unknown } | undefined;
  private readonly readers = new Fifo<Reader<T>>();
  private waiters: (() => void)[] = [];
  private waitingSince = 0;

  /** @param now The clock, in milliseconds. */
  constructor(private readonly now: () => number = () => performance.now()) {}

  push(event: T): void {
    if (this.closed) return;
    const reader = this.readers.shift();
    if (reader !== undefined) {
      reader.resolve({ done: false, value: event });
      return;
    }
    if (this.events.length === 0) this.waitingSince = this.now();
    this.events.push(event);
  }

  /** Whether the reader should get a turn before more happens. */
  get isBehind(): boolean {
    return this.events.length > 0 && this.now() - this.waitingSince >= PATIENCE_MS;
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
    for (let reader = this.readers.shift(); reader !== undefined; reader = this.readers.shift())
      this.read().then(reader.resolve, reader.reject);
    this.release();
  }

  private release(): void {
    const { waiters } = this;
    if (waiters.length === 0) return;
    this.waiters = [];
    for (const resume of waiters) resume();
  }

  private read(): Promise<IteratorResult<T, void>> {
    const { events } = this;
    if (events.length > 0) {
      const value = events.shift() as T;
      if (events.length < ROOM) this.release();
      return Promise.resolve({ done: false, value });
    }
    if (this.closed) {
      const { failure } = this;
      this.failure = undefined;
      return failure === undefined ? Promise.resolve(FINISHED) : Promise.reject(failure.error);
    }
    return new Promise((resolve, reject) => {
      this.readers.push({ resolve, reject });
    });
  }

  /** The events, for one reader: no promise waits for one that is there already. */
  [Symbol.asyncIterator](): AsyncIterator<T, void> {
    return {
      next: () => this.read(),
      return: async () => {
        this.events.clear();
        this.close();
        return FINISHED;
      },
    };
  }
}
