/** A promise with its handles outside. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
}

export function defer<T>(): Deferred<T> {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((onValue, onError) => {
    resolve = onValue;
    reject = onError;
  });
  return { promise, resolve, reject };
}

/** Gives the loop a full turn. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** All that an async iterable yields. */
export async function all<T>(chunks: AsyncIterable<T>): Promise<T[]> {
  const taken: T[] = [];
  for await (const chunk of chunks) taken.push(chunk);
  return taken;
}

/** Counts how many calls of an async function overlap. */
export class Gauge {
  now = 0;
  peak = 0;

  readonly pass = async <T>(value: T): Promise<T> => {
    this.now++;
    this.peak = Math.max(this.peak, this.now);
    await turn();
    this.now--;
    return value;
  };
}

/** Holds the thread. */
export function spin(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}
